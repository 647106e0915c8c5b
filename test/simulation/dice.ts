import { createHash } from 'node:crypto'

/** Chance that a seed decides: the same name gives the same rolls. */
export interface Dice {
  /** From 0 to 1, without 1. */
  unit(): number
  /** A whole number from 0 to `n`, without `n`. */
  below(n: number): number
  between(least: number, most: number): number
  chance(p: number): boolean
  pick<T>(list: readonly [T, ...T[]]): T
  bytes(n: number): Uint8Array
}

/** sfc32 (C. Doty-Humphrey, PractRand), started from a hash of `name`. */
export function createDice(name: string): Dice {
  const hash = createHash('sha256').update(name).digest()
  let a = hash.readUInt32LE(0)
  let b = hash.readUInt32LE(4)
  let c = hash.readUInt32LE(8)
  let d = 1
  const next = (): number => {
    const t = (((a + b) | 0) + d) | 0
    d = (d + 1) | 0
    a = b ^ (b >>> 9)
    b = (c + (c << 3)) | 0
    c = (((c << 21) | (c >>> 11)) + t) | 0
    return t >>> 0
  }
  const unit = (): number => next() / 4_294_967_296
  const below = (n: number): number => Math.floor(unit() * n)
  return {
    unit,
    below,
    between: (least, most) => least + below(most - least + 1),
    chance: p => unit() < p,
    pick: list => list[below(list.length)] ?? list[0],
    bytes: n => Uint8Array.from({ length: n }, () => next() & 255),
  }
}
