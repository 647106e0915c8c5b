import * as z from 'zod'
import { type Inquiry, inquiryKinds, inquiryStates } from '../../../shared/domain/inquiries.ts'
import { time } from '../../../shared/domain/time.ts'
import { anyId, instant, longText } from './common.ts'

/** What every inquiry says beside what is handed in. */
export const inquiryBody = z.strictObject({
  purpose: longText.meta({ description: 'What it is for. It stands in the log.' }),
  case: anyId
    .optional()
    .meta({ description: 'An open case of your organisation that it belongs to: sallyport case list' }),
})

export const inquiryFields = {
  id: z.string(),
  kind: z.enum(inquiryKinds),
  state: z.enum(inquiryStates),
  purpose: z.string(),
  case: z.string().nullable(),
  requested_at: instant,
  entry: z.string().meta({ description: 'That records what was asked.' }),
  input: z
    .object({ sha256: z.string(), bytes: z.int() })
    .meta({ description: 'Of what was handed in, which is gone when it is answered.' }),
  failure: z.object({ code: z.string(), detail: z.string() }).nullable(),
  made_at: instant.nullable(),
  kept_until: instant.nullable(),
  ended_by: z.string().nullable().meta({ description: 'The entry that tells how it ended.' }),
} as const

const instantOrNull = (ms: number | undefined): string | null => (ms === undefined ? null : time(ms))

/** `result` in its own shape, where it is answered. */
export const showInquiry = (one: Inquiry) => ({
  id: one.id,
  kind: one.kind,
  state: one.state,
  purpose: one.purpose,
  case: one.case ?? null,
  requested_at: time(one.requestedAt),
  entry: one.entry,
  input: one.input,
  ...(one.options.epsilon !== undefined && { epsilon: one.options.epsilon / 1e9 }),
  result: one.result === undefined ? null : (JSON.parse(one.result) as object),
  failure: one.failure ?? null,
  made_at: instantOrNull(one.madeAt),
  kept_until: instantOrNull(one.keptUntil),
  ended_by: one.ended ?? null,
})
