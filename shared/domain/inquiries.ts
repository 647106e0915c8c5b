/**
 * Inquiries into a leak: which reader a record was shown to, and which partner a reply was sent to. A job of the exporter
 * answers each.
 *
 *   queued ──claim──▶ running ──▶ done
 *                        └──────▶ failed
 *   done, failed ──thirty days──▶ expired
 */
import type { ExportFailure, Lease } from './exports.ts'
import { base32, leadingBits, stamp } from './id.ts'
import type { Listed } from './keys.ts'
import { adminOf } from './parties.ts'
import type { Viewer } from './who-sees.ts'

export const inquiryKinds = ['trace', 'attribution'] as const
export type InquiryKind = (typeof inquiryKinds)[number]
export const inquiryStates = ['queued', 'running', 'done', 'failed', 'expired'] as const
export type InquiryState = (typeof inquiryStates)[number]

export interface Inquiry {
  readonly id: string
  readonly kind: InquiryKind
  readonly state: InquiryState
  readonly organisation: string
  /** Who asked, and is answered. */
  readonly person: { readonly id: string; readonly name: string }
  readonly purpose: string
  readonly case?: string
  /** Milliseconds. */
  readonly requestedAt: number
  /** The entry that recorded it before anything was looked for. */
  readonly entry: string
  /** What was handed in: kept until it is answered, and no longer. SHA-256 in hexadecimal. */
  readonly input: { readonly sha256: string; readonly bytes: number }
  readonly options: InquiryOptions

  /** In JSON: bounds are smaller than the numbers of a table can be. */
  readonly result?: string
  readonly failure?: ExportFailure
  /** The entry that tells how it ended. */
  readonly ended?: string
  readonly madeAt?: number
  /** Until when the answer is kept. */
  readonly keptUntil?: number
  /** How often it was taken up. */
  readonly attempts: number
  readonly lease?: Lease
}

export interface InquiryOptions {
  /** Of a trace: the risk that anybody innocent is named, in units of 1e-9. */
  readonly epsilon?: number
  /** Of the times that are written without a zone: minutes ahead of UTC. */
  readonly offsetMinutes?: number
  /** Rows of the leak that were not handed in. */
  readonly leftOut?: number
  /** Of an attribution: replies of no other time. Milliseconds; both belong to it. */
  readonly from?: number
  readonly to?: number
}

export type InquiryRecord = Inquiry & Listed & { readonly due?: typeof inquiryDue | typeof inquiryKept }

/** What an inquiry is answered with. */
export interface Answered {
  readonly result: object
  /** The log says it too: whoever is named learns in the end that they were, and how sure it was. */
  readonly named: readonly Named[]
}

export interface Named {
  /** Of a person, an organisation, or a slot that nobody has. */
  readonly id: string
  /** On the risk that chance alone names anybody so, as a text: `2.9e-39`. */
  readonly bound: string
}

/** To be answered, or its input still to be removed. */
export const inquiryDue = 'inquiry'
export const inquiryKept = 'inquiry-kept'

/** What the traces of one leak, or of one month, may risk together. Units of 1e-9. */
export interface Investigation {
  readonly spent: number
  readonly limit: number
  readonly inquiries: number
  /** The one that was asked last. */
  readonly last: string
}

/** Of an inquiry's risk: what it is unless asked otherwise, and the most of all into one leak. Units of 1e-9. */
export const usualEpsilon = 1_000_000
export const investigationLimit = 10_000_000
/**
 * The most of all that an organisation asks in a month, and how often: another file and another case are easily made, and
 * whoever tries often enough finds digits that name somebody. Units of 1e-9.
 */
export const monthLimit = 100_000_000
export const monthInquiries = 100

/** For how long the answer is kept. Milliseconds. */
export const inquiryKeptMs = 30 * 86_400_000

/** Bytes of what may be handed in. */
export const maxInputBytes = 3_000_000

/** Of a case, or of a leak that belongs to none: the same leak again is the same investigation. */
export const investigationName = ({ case: of, input }: Pick<Inquiry, 'case' | 'input'>): string =>
  of ?? `leak:${input.sha256}`

/** Of all that is asked in that month (UTC). `at`: milliseconds. */
export const investigationMonth = (at: number): string => `month:${new Date(at).toISOString().slice(0, 7)}`

export const inquiryFolder = 'inquiry/'
export const inputKey = (id: string): string => `${inquiryFolder}${id}/input`

/** Whoever decides about a model, and its auditors: what they find names people of others. */
export const mayInvestigate = ({ kind, roles }: Viewer): boolean =>
  kind !== 'partner' && roles.includes(adminOf[kind])

/** A UUIDv8 that begins with the time: whoever finds an input that belongs to nothing knows how old it is. */
export function inquiryId(kind: InquiryKind, ms: number, random: Uint8Array): string {
  const bytes = Uint8Array.from(random.subarray(0, 16))
  const view = new DataView(bytes.buffer)
  view.setBigUint64(0, (BigInt(ms) << 16n) | BigInt(view.getUint16(6)))
  return `${kind}_${base32(stamp(bytes, 8))}`
}

const inputForm = /^inquiry\/((?:trace|attribution)_([0-9a-hjkmnp-tv-z]{26}))\/input$/

/** Of an object: whose input it is, and when that was asked (milliseconds). */
export function parseInputKey(key: string): { readonly id: string; readonly at: number } | undefined {
  const [, id, digits] = inputForm.exec(key) ?? []
  return id === undefined || digits === undefined ? undefined : { id, at: leadingBits(digits) }
}
