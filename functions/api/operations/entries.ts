import * as z from 'zod'
import { Refusal } from '../../../shared/domain/refusal.ts'
import { findEntries, getEntry, proveEntry } from '../entries.ts'
import { forBoth, type Operation } from '../operation.ts'
import { entriesFound, entryFound, entryProved } from '../shapes/entry.ts'

const flag = z.literal('true').optional()

export const entryOperations: readonly Operation[] = [
  forBoth({
    id: 'listEntries',
    method: 'GET',
    path: '/entries',
    tag: 'entries',
    summary: 'Entries that a query finds; without one, those about your organisation',
    description:
      'A search shows the newest first, of all that is yours to see, and every page of it is of the tree that was published when it began. It leaves out who read the log, unless type:read is asked for. Each reading is an entry itself.',
    scope: 'log:own',
    query: z.strictObject({
      q: z.string().optional().meta({ description: 'model:aurora-preview code:budget_exhausted time:>=-7d' }),
      order: z.enum(['asc', 'desc']).optional().meta({ description: 'Of a list without a query.' }),
      limit: z.string().optional().meta({ description: '1 to 100; 20.' }),
      after: z.string().optional(),
      by: z.literal('us').optional().meta({ description: 'Of what your organisation’s people decided.' }),
      proofs: flag.meta({ description: 'Each entry with its proof.' }),
      explain: flag.meta({ description: 'How the query would be answered, and no entries.' }),
    }),
    answers: { 200: entriesFound },
    async answer(context) {
      const page = await findEntries(context, context.query)
      return page instanceof Refusal ? page : { status: 200, body: page }
    },
  }),
  forBoth({
    id: 'getEntry',
    method: 'GET',
    path: '/entries/{eid}',
    tag: 'entries',
    summary: 'One entry, with what else there is of its request',
    scope: 'log:own',
    answers: { 200: entryFound },
    async answer(context) {
      const body = await getEntry(context, context.path.eid ?? '')
      return body instanceof Refusal ? body : { status: 200, body }
    },
  }),
  forBoth({
    id: 'proveEntry',
    method: 'GET',
    path: '/entries/{eid}/proof',
    tag: 'entries',
    summary: 'One entry, with the proof that it is in the published tree',
    scope: 'log:own',
    answers: { 200: entryProved },
    async answer(context) {
      const body = await proveEntry(context, context.path.eid ?? '')
      return body instanceof Refusal ? body : { status: 200, body }
    },
  }),
]
