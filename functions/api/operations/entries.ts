import * as z from 'zod'
import { Refusal } from '../../../shared/domain/refusal.ts'
import { getEntry, listEntries } from '../entries.ts'
import { forBoth, type Operation } from '../operation.ts'
import { listOf } from '../shapes/common.ts'

const entryShown = z
  .object({
    eid: z.string(),
    digest: z
      .string()
      .nullable()
      .meta({ description: 'SHA-256 of its canonical JSON; null where something of it is withheld.' }),
    body: z.record(z.string(), z.unknown()).meta({ description: 'An OCSF record.' }),
    withheld: z.array(z.string()).optional().meta({ description: 'What of the body is not for you.' }),
  })
  .meta({ id: 'Entry' })

export const entryOperations: readonly Operation[] = [
  forBoth({
    id: 'listEntries',
    method: 'GET',
    path: '/entries',
    tag: 'entries',
    summary: 'Entries about your organisation, or of what its people decided',
    scope: 'log:own',
    query: z.strictObject({
      order: z.enum(['asc', 'desc']).optional(),
      limit: z.string().optional(),
      after: z.string().optional(),
      by: z.literal('us').optional().meta({ description: 'Of what your organisation’s people decided.' }),
    }),
    answers: { 200: listOf(entryShown) },
    async answer({ deps, caller, query }) {
      const page = await listEntries(deps.store, caller, query)
      return page instanceof Refusal ? page : { status: 200, body: page }
    },
  }),
  forBoth({
    id: 'getEntry',
    method: 'GET',
    path: '/entries/{eid}',
    tag: 'entries',
    summary: 'One entry',
    scope: 'log:own',
    answers: { 200: entryShown },
    async answer({ deps, caller, path }) {
      const body = await getEntry(deps.store, caller, path.eid ?? '')
      return body instanceof Refusal ? body : { status: 200, body }
    },
  }),
]
