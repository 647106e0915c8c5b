/**
 * `custody.json`: through whose hands evidence went. Each step names its entry, which is in the log and can be proved; what
 * stands here beside that is the operator's word.
 */
import * as z from 'zod/mini'

export const custodyFormat = 'sallyport-custody/1'

export interface CustodyStep {
  readonly person: string
  readonly name: string
  readonly organisation: string
  readonly role?: string
  /** RFC 3339. */
  readonly at: string
  /** The id of the entry that says so. */
  readonly entry: string
}

export interface Download extends CustodyStep {
  /** Of the bundle: the first byte that was fetched, and the one after the last. */
  readonly from: number
  readonly to: number
}

export interface Receipt extends CustodyStep {
  /** What the officer signed for: the digest of the bundle, and their own reference. */
  readonly sha256: string
  readonly reference: string
}

export interface Custody {
  readonly format: typeof custodyFormat
  readonly export: string
  /** What law it was asked for under: `18 U.S.C. 1030` */
  readonly statutes: readonly string[]
  /** Who asked for it by law, and of which agency. */
  readonly officer: string
  readonly agency: string
  /** What was selected, in the words of the decision. */
  readonly selection: Readonly<Record<string, string>>
  readonly asked: CustodyStep
  readonly approved: readonly CustodyStep[]
  /** Those that stand before this one. */
  readonly files: readonly { readonly name: string; readonly sha256: string }[]
  /** Until this file was written: the gateway tells the later ones (`export status`). */
  readonly downloads: readonly Download[]
  readonly receipt?: Receipt
}

const text = (most: number) => z.string().check(z.maxLength(most))
const whole = z.number().check(z.int(), z.minimum(0))
const hex = z.string().check(z.regex(/^[0-9a-f]{64}$/))
const step = {
  person: text(200),
  name: text(1_000),
  organisation: text(200),
  role: z.optional(text(100)),
  at: text(40),
  entry: text(100),
}
const shape = z.strictObject({
  format: z.literal(custodyFormat),
  export: text(100),
  statutes: z.array(text(200)).check(z.maxLength(20)),
  officer: text(1_000),
  agency: text(1_000),
  selection: z.record(text(100), text(10_000)),
  asked: z.strictObject(step),
  approved: z.array(z.strictObject(step)).check(z.maxLength(20)),
  files: z.array(z.strictObject({ name: text(100), sha256: hex })).check(z.maxLength(20)),
  downloads: z.array(z.strictObject({ ...step, from: whole, to: whole })).check(z.maxLength(10_000)),
  receipt: z.optional(z.strictObject({ ...step, sha256: hex, reference: text(1_000) })),
})

export const formatCustody = (custody: Custody): string => `${JSON.stringify(custody, null, 2)}\n`

/** What JSON says of one; or which field is wrong. */
export function parseCustody(value: unknown): Custody | { readonly field: string } {
  const read = z.safeParse(shape, value)
  // Fields that are not there are absent, since JSON has no other way to say so.
  if (read.success) return read.data as Custody
  return { field: read.error.issues[0]?.path.map(String).join('.') ?? '' }
}
