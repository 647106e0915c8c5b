import { createDice } from '../simulation/dice.ts'

/** A number from 0 up to 1 for each name: the same seed and name give the same, in whatever order they are asked. */
export type Chance = (name: string) => number

export const chance =
  (seed: number): Chance =>
  name =>
    createDice(`${seed} ${name}`).unit()
