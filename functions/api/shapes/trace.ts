import * as z from 'zod'
import { type Inquiry, investigationLimit, maxInputBytes } from '../../../shared/domain/inquiries.ts'
import { inquiryBody, inquiryFields, showInquiry } from './inquiry.ts'

const utf8Bytes = (text: string): number => Buffer.byteLength(text)

export const traceBody = inquiryBody.extend({
  leak: z
    .string()
    .min(1)
    .refine(text => utf8Bytes(text) <= maxInputBytes, 'it has at most 3,000,000 bytes of UTF-8')
    .meta({
      description:
        'What was found: records, rows of a table, lines of a screen, in any order, cut or rounded or mixed. It is removed when the trace is answered, and stands in no log.',
    }),
  epsilon: z
    .number()
    .min(1e-9)
    .max(investigationLimit / 1e9)
    .optional()
    .meta({
      description:
        'The risk that anybody innocent is named; 0.001 unless given. All traces of one case, or of one leak, may risk 0.01, and all of an organisation in a month 0.1.',
    }),
  offset_minutes: z
    .int()
    .min(-14 * 60)
    .max(14 * 60)
    .optional()
    .meta({ description: 'How far its times are ahead of UTC, where they name no zone.' }),
  left_out: z
    .int()
    .min(0)
    .max(1_000_000_000)
    .optional()
    .meta({ description: 'Rows of what was found that are not handed in.' }),
})

const count = z.int().min(0)
const share = z.number().min(0).max(1)
const bound = share.meta({
  description: 'At most so likely is it that anybody innocent of those tested would be named on as much.',
})
const digits = {
  matches: count,
  of: count,
  expected: z.number(),
  rounding: z.enum(['cut', 'rounded']),
  bound,
}
const code = { matches: count, of: count, expected: z.number(), score: z.number(), bound }
const marks = { records: count, tested: count, epsilon: share }

const result = z.object({
  format: z.string(),
  rows: count,
  matched: count.meta({ description: 'Rows that tell of one record, by what both say.' }),
  ambiguous: count,
  unmatched: count,
  unread: count.meta({ description: 'Lines of which nothing was read.' }),
  times_unclear: count,
  left_out: count,
  records: count.meta({ description: 'That the rows tell of.' }),
  epsilon: share,
  layers: z.object({
    A: z.object({ records: count, unproved: count }),
    B: z.object({ ...marks, symbols: count }),
    C: z.object(marks),
  }),
  readers: z.array(
    z.object({
      reader: z.string(),
      name: z.string(),
      organisation: z.string().nullable().meta({ description: 'Null of a slot that was given to nobody.' }),
      months: z.array(z.object({ month: z.string(), reader: z.string() })),
      layers: z.object({
        A: z.object({ records: count, bound }).optional(),
        B: z.object(digits).optional(),
        C: z.object(code).optional(),
      }),
      bound,
    }),
  ),
  limits: z.array(z.string()).meta({ description: 'What it does not say.' }),
})

export const traceShown = z
  .object({
    ...inquiryFields,
    kind: z.literal('trace'),
    epsilon: share,
    result: result.nullable(),
  })
  .meta({ id: 'Trace' })

export const showTrace = (one: Inquiry): z.infer<typeof traceShown> =>
  showInquiry(one) as z.infer<typeof traceShown>
