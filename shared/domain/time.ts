/** RFC 3339 in UTC, from milliseconds since the epoch. */
export const time = (ms: number): string => new Date(ms).toISOString()
