import * as z from 'zod'
import type { Inquiry } from '../../../shared/domain/inquiries.ts'
import { guaranteedRun } from '../../../shared/fingerprint/fingerprints.ts'
import { units } from '../../../shared/fingerprint/units.ts'
import { instant } from './common.ts'
import { inquiryBody, inquiryFields, showInquiry } from './inquiry.ts'

export const maxExcerptBytes = 200_000

export const attributionBody = inquiryBody
  .extend({
    text: z
      .string()
      .refine(text => Buffer.byteLength(text) <= maxExcerptBytes, {
        error: 'it has at most 200,000 bytes of UTF-8',
        abort: true,
      })
      .refine(text => units(text).length >= guaranteedRun, `it has at least ${guaranteedRun} words`)
      .meta({
        description:
          'The text that was found, of at least eight words. It is removed when the attribution is answered, and stands in no log.',
      }),
    from: instant
      .optional()
      .meta({ description: 'Of replies from then on. All that are kept unless given.' }),
    to: instant.optional(),
  })
  .refine(({ from, to }) => from === undefined || to === undefined || Date.parse(from) <= Date.parse(to), {
    path: ['to'],
    error: 'it is not before from',
  })

const count = z.int().min(0)
const share = z.number().min(0).max(1)
const run = z.object({ from: count, to: count }).meta({
  description:
    'Words of the excerpt from 0, `to` not among them, that stand in the reply as they stand here.',
})

const reply = z.object({
  entry: z.string().meta({ description: 'Of its outcome.' }),
  time: instant.meta({ description: 'To ten seconds.' }),
  client: z.string(),
  model: z.string(),
  agreement: z.string(),
  words: count.meta({ description: 'Of the whole reply.' }),
  matches: count.meta({
    description: 'Grams of five words that the excerpt shares with it and with no other partner.',
  }),
  coverage: share.meta({ description: 'Of what is kept of the excerpt: a copy of the reply has 1.' }),
  runs: z.array(run).meta({ description: 'The longest first.' }),
  runs_left_out: count,
  commitment: z.object({ fingerprints: z.string(), salt: z.string(), attr_commit: z.string() }).meta({
    description:
      'That the reply’s fingerprints are those that its leaf commits to: SHA-256 of the byte 8, the salt and the digest `fingerprints`.',
  }),
})

const result = z.object({
  verdict: z.enum(['named', 'tie', 'not_enough']),
  words: count,
  grams: count.meta({ description: 'Different ones of five words in the excerpt.' }),
  common: count.meta({
    description: 'Of those, seen at two partners or more, or public: they count for nobody.',
  }),
  public: count,
  partners: z.array(
    z.object({
      partner: z.string(),
      name: z.string(),
      bound: share.meta({
        description:
          'On the probability that hashes which agree by chance name anybody who was sent nothing of it.',
      }),
      replies_seen: count,
      replies: z.array(reply),
    }),
  ),
  partners_left_out: count.meta({ description: 'Of a tie: partners that it went to beside those.' }),
  best: z
    .object({ matches: count, coverage: share, longest_run: count })
    .nullable()
    .meta({ description: 'Where nobody is named: the best figures, of whoever it is.' }),
  looked_at: z.object({
    months: z.array(z.string()),
    replies: count,
    segments: count,
    left_out: count.meta({ description: 'Replies of the last hours that were too many: ask again later.' }),
    months_without_key: count,
    public_texts: count,
    public_left_out: count,
  }),
  unproved: count.meta({
    description:
      'Replies that would have named somebody, and whose entry does not commit to their fingerprints.',
  }),
  expected_false_matches: z.number().min(0),
  limits: z.array(z.string()).meta({ description: 'What it does not say.' }),
})

export const attributionShown = z
  .object({ ...inquiryFields, kind: z.literal('attribution'), result: result.nullable() })
  .meta({ id: 'Attribution' })

export const showAttribution = (one: Inquiry): z.infer<typeof attributionShown> =>
  showInquiry(one) as z.infer<typeof attributionShown>
