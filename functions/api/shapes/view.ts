import * as z from 'zod'
import { time } from '../../../shared/domain/time.ts'
import type { ViewSeen } from '../../governance/views/read-view.ts'
import { decisionBody } from '../decision.ts'
import { instant, oneLineUpTo, reasonBody, shortText, showSignature, signature } from './common.ts'

const reason = reasonBody
  .optional()
  .meta({ description: 'It stands in the log; the name and the query do not.' })

export const viewBody = decisionBody.extend({
  reason,
  name: shortText.meta({ description: 'No other view of yours has it.' }),
  q: oneLineUpTo(2_000).meta({
    description: 'As the search takes it. What is relative in it goes by when it is used.',
  }),
  by: z.literal('us').optional().meta({ description: 'Of what your organisation’s people decided.' }),
  shared: z.boolean().optional().meta({ description: 'With your organisation; else it is yours alone.' }),
})

export const viewRemoval = decisionBody.extend({ reason })

export const viewShown = z
  .object({
    id: z.string(),
    name: z.string(),
    q: z.string(),
    by: z.literal('us').nullable(),
    shared: z.boolean(),
    yours: z.boolean(),
    organisation: z.string(),
    saved_by: signature,
    saved_at: instant,
    digest_salt: z.string().meta({
      description:
        'By which it can be proved: view_digest in the entry is the SHA-256 of the canonical JSON of {"salt":…,"text":the query,"title":the name}.',
    }),
    entry: z.string(),
    version: z.int(),
  })
  .meta({ id: 'View' })

export const showView = (view: ViewSeen, person: string): z.infer<typeof viewShown> => ({
  id: view.id,
  name: view.name,
  q: view.q,
  by: view.by ?? null,
  shared: view.shared,
  yours: view.savedBy.person === person,
  organisation: view.organisation,
  saved_by: showSignature(view.savedBy),
  saved_at: time(view.savedAt),
  digest_salt: view.salt,
  entry: view.entry,
  version: view.rev,
})
