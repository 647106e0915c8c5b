/** Epochs of the log: months of UTC, each with its own key and its own slots for readers. Pure. */

/** The number of the month that an entry's time is in, counted from the year 0: it follows from the id alone. */
export function epochAt(ms: number): number {
  const date = new Date(ms)
  return date.getUTCFullYear() * 12 + date.getUTCMonth()
}

/** The moment at which an epoch begins. Milliseconds. */
export const startOfEpoch = (epoch: number): number => Date.UTC(Math.floor(epoch / 12), epoch % 12)

/** What the key of an epoch is derived by, in the domain `watermark`. */
export const epochLabel = (epoch: number): string => `epoch/${epoch}`

/** How many slots an entry can have: a power of two, so that their tree is full. */
export const isSlotCount = (n: number): boolean =>
  Number.isInteger(n) && n >= 4 && n <= 1024 && (n & (n - 1)) === 0
