/** RFC 3339 in UTC, from milliseconds since the epoch. */
export const time = (ms: number): string => new Date(ms).toISOString()

/** The day of UTC: `2026-11-27` */
export const day = (ms: number): string => time(ms).slice(0, 10)

/** Milliseconds. */
export const hourMs = 3_600_000

/** Hours since 1970, of a moment in milliseconds. */
export const hourOf = (ms: number): number => Math.floor(ms / hourMs)
