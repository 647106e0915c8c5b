/** Entries as the rows of a file, by the titles of those of an export. */
import type { Entry } from '../index.ts'
import { at, textAt } from '../json.ts'
import type { RowColumns } from './cli.ts'

/** A table would not fit: the id of an outcome alone takes half of a line. */
export const entryColumns: RowColumns<Entry> = {
  table: [],
  csv: [
    { title: 'time', value: ({ shown, body }) => shown?.time ?? instant(body.time) },
    { title: 'latency_s', value: ({ shown }) => shown?.latency_s },
    { title: 'exact_to_s', value: ({ shown }) => shown?.exact_to_s },
    { title: 'sentence', value: ({ sentence }) => sentence },
    { title: 'kind', value: ({ body }) => textAt(body, 'unmapped', 'kind') },
    { title: 'decision', value: ({ body }) => textAt(body, 'unmapped', 'decision') },
    { title: 'action', value: ({ body }) => textAt(body, 'unmapped', 'action') },
    { title: 'code', value: ({ body }) => textAt(body, 'unmapped', 'code') },
    { title: 'ending', value: ({ body }) => textAt(body, 'unmapped', 'ending') },
    { title: 'organisation', value: ({ body }) => textAt(actor(body), 'org', 'uid') },
    { title: 'person', value: ({ body }) => (workload(body) ? undefined : textAt(actor(body), 'name')) },
    { title: 'model', value: ({ body }) => textAt(body, 'ai_model', 'uid') },
    { title: 'client', value: ({ body }) => textAt(body, 'actor', 'app_uid') ?? workload(body) },
    { title: 'charge', value: ({ body }) => numberOr(at(body, 'unmapped', 'charge')) },
    { title: 'request', value: ({ body }) => textAt(body, 'unmapped', 'request') },
    { title: 'eid', value: ({ eid }) => eid },
    { title: 'digest', value: ({ digest }) => digest },
  ],
}

const actor = (body: Entry['body']): unknown => at(body, 'actor', 'user') ?? at(body, 'user')

/** Who asks for a token is a client; who signs in is a person. */
const workload = (body: Entry['body']): string | undefined =>
  textAt(body, 'user', 'type') === 'workload' ? textAt(body, 'user', 'uid') : undefined

const instant = (ms: unknown): string | undefined =>
  typeof ms === 'number' ? new Date(ms).toISOString() : undefined

const numberOr = (value: unknown): number | undefined => (typeof value === 'number' ? value : undefined)
