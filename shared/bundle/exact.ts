/** `exact.jsonl`: to the microsecond when each record was, and the salt by which the leaf shows that. Pure. */
import * as z from 'zod/mini'

export interface ExactTimes {
  readonly eid: string
  /** Microseconds since the epoch, in decimal; `start` where what it tells began earlier. */
  readonly exact: { readonly time: string; readonly start?: string }
  /** 32 bytes, base64url: with the body and the times it gives the leaf's `seal_commit`. */
  readonly seal_salt: string
}

/** With its newline; in the order of the records. */
export const exactLine = ({ eid, exact: { time, start }, seal_salt }: ExactTimes): string =>
  `${JSON.stringify({ eid, exact: { time, ...(start !== undefined && { start }) }, seal_salt })}\n`

const micros = z.string().check(z.regex(/^\d{1,20}$/))
const shape = z.strictObject({
  eid: z.string().check(z.maxLength(100)),
  exact: z.strictObject({ time: micros, start: z.optional(micros) }),
  // The last digit has four bits, so that the same bytes have one text.
  seal_salt: z.string().check(z.regex(/^[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]$/)),
})

/** `undefined` where it is no line of it. */
export function parseExactTimes(value: unknown): ExactTimes | undefined {
  const read = z.safeParse(shape, value)
  if (!read.success) return undefined
  const { eid, exact, seal_salt } = read.data
  const { time, start } = exact
  return { eid, exact: { time, ...(start !== undefined && { start }) }, seal_salt }
}
