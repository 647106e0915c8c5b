import { createHash } from 'node:crypto'

/** A number from 0 up to 1 for each name: the same seed and name give the same, in whatever order they are asked. */
export type Chance = (name: string) => number

export const chance =
  (seed: number): Chance =>
  name =>
    createHash('sha256').update(`${seed} ${name}`).digest().readUInt32BE() / 2 ** 32
