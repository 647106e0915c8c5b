import * as z from 'zod'
import type { Opinion } from '../../../shared/domain/consultation.ts'
import type { Governed } from '../../../shared/domain/keys.ts'
import { time } from '../../../shared/domain/time.ts'
import { decisionBody } from '../decision.ts'
import { anyId, instant, pageText, reasonBody, showSignature, signature } from './common.ts'

export const opinionBody = decisionBody.extend({
  reason: reasonBody
    .optional()
    .meta({ description: 'It stands in the log; the text of the opinion does not.' }),
  text: pageText.meta({
    description: 'Your words, of up to 10,000 characters. Shown quoted, never as markup.',
  }),
  finding: anyId.optional().meta({ description: 'One of this model that is shared with you.' }),
})

export const opinionShown = z
  .object({
    id: z.string(),
    model: z.string(),
    finding: z.string().nullable(),
    organisation: z.string().meta({ description: 'The office of the consultant.' }),
    text: z.string().nullable().meta({
      description: 'Quoted, never markup; null where the text of the finding is kept from you as well.',
    }),
    digest_salt: z.string().nullable().meta({
      description:
        'Shown with the text, by which it can be proved: text_digest in the entry is the SHA-256 of the canonical JSON of {"salt":…,"text":…}.',
    }),
    withheld: z.boolean(),
    by: signature,
    at: instant,
    entry: z.string(),
    version: z.int(),
  })
  .meta({ id: 'Opinion' })

export const showOpinion = (opinion: Governed<Opinion>, withheld: boolean): z.infer<typeof opinionShown> => ({
  id: opinion.id,
  model: opinion.model,
  finding: opinion.finding ?? null,
  organisation: opinion.organisation,
  text: withheld ? null : opinion.text,
  digest_salt: withheld ? null : opinion.salt,
  withheld,
  by: showSignature(opinion.by),
  at: time(opinion.at),
  entry: opinion.entry,
  version: opinion.rev,
})
