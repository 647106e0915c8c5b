/** A record as somebody hands it over: an entry of the API, with the reader's slot. Nothing of it is to be believed. */
import * as z from 'zod/mini'
import { sentenceOf } from '../../shared/search/sentence.ts'
import { type Withholdable, withholdable } from '../../shared/watermark/committed.ts'
import { exactToSeconds, type Shown } from '../../shared/watermark/shown.ts'
import type { View } from '../../shared/watermark/view.ts'
import { notVerified } from './fault.ts'
import { parseJson } from './json-text.ts'

export interface GivenRecord {
  readonly eid: string
  readonly digest: string
  readonly body: Readonly<Record<string, unknown>>
  readonly withheld: readonly string[]
  /** The times as its reader was shown them; nobody need have kept them. */
  readonly shown?: Shown
  /** Absent: it was handed over without the slot by which it could be proved. */
  readonly view?: View
  /** A c2sp.org/tlog-proof file. */
  readonly proof?: string
  /** Names of what stands beside all that, and is no part of any proof; of the sentence, where the body tells another. */
  readonly beside: readonly string[]
}

const text = (most: number) => {
  const error = `is no text of at most ${most} characters`
  return z.string({ error }).check(z.maxLength(most, { error }))
}
/** 32 bytes in base64url are 43. */
const bytes = text(64)
const whole = (most: number) => {
  const error = `is no whole number from 0 to ${most}`
  return z.number({ error }).check(z.int({ error }), z.minimum(0, { error }), z.maximum(most, { error }))
}
const list = <T extends z.ZodMiniType>(of: T, most: number) => {
  const error = `is no list of at most ${most}`
  return z.array(of, { error }).check(z.maxLength(most, { error }))
}
const object = <T extends z.core.$ZodShape>(shape: T) => z.object(shape, { error: 'is no object' })

const isObject = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** Of fields that may be withheld, and of no others. */
const byField = z.strictObject(
  Object.fromEntries(withholdable.map(path => [path, z.optional(bytes)])) as Record<
    Withholdable,
    z.ZodMiniOptional<typeof bytes>
  >,
  { error: 'has another name than those of fields that may be withheld' },
)

const view = object({
  log: text(1_000),
  epoch: whole(0xffff_ffff),
  type: whole(0xff),
  flags: whole(0xff),
  index: z.nullable(whole(Number.MAX_SAFE_INTEGER)),
  body_salt: bytes,
  carrier: bytes,
  salt: bytes,
  position: whole(1_023),
  path: list(bytes, 10),
  attr_commit: bytes,
  seal_commit: bytes,
  field_salts: z.optional(byField),
  field_hashes: z.optional(byField),
})

const shown = z.strictObject(
  { time: text(40), latency_s: z.optional(text(40)), exact_to_s: z.literal(exactToSeconds) },
  { error: 'is not what a reader is shown of times' },
)

const record = object({
  eid: text(100),
  // Without one there is no slot either, and that is said below.
  digest: z.nullable(bytes),
  body: z.custom<GivenRecord['body']>(isObject, { error: 'is no object' }),
  withheld: z.optional(list(text(100), withholdable.length)),
  shown: z.optional(shown),
  view: z.optional(view),
  // A note of 256 kB, and 64 hashes.
  proof: z.optional(text(300_000)),
})

const known = Object.keys(record.shape)
const maxBeside = 50

/** `given`: its JSON, or what was parsed of it. Throws a `NotVerified` that names the field. */
export function readRecord(given: unknown): GivenRecord {
  const value = typeof given === 'string' ? parseJson(given) : given
  const read = z.safeParse(record, value)
  if (!read.success) {
    const [issue] = read.error.issues
    const field = issue?.path.map(String).join('.') ?? ''
    throw notVerified('malformed', issue?.message ?? 'is no record', field || 'the record')
  }
  const { digest, withheld = [], shown, view, proof, ...rest } = read.data
  const { sentence } = value as { readonly sentence?: unknown }
  // The body tells it anew: only another one is nobody's word.
  const told = sentence === sentenceOf(rest.body)
  const beside = Object.keys(value as object).filter(
    name => !known.includes(name) && !(told && name === 'sentence'),
  )
  if (beside.length > maxBeside) throw notVerified('malformed', 'it is more than a record')
  if (view !== undefined && digest === null) throw notVerified('malformed', 'is no text', 'digest')
  return {
    ...rest,
    digest: digest ?? '',
    withheld,
    ...(shown && { shown: shown as Shown }),
    ...(view && { view: view as View }),
    ...(proof !== undefined && { proof }),
    beside,
  }
}
