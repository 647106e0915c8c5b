/**
 * What a query compares of an entry. It is taken from what every reader of the entry is shown, and never from what a view
 * may withhold: by asking again and again whether it matches, somebody could find that out.
 */
import type { Entry } from '../entries/entry.ts'
import { isEntryId, timeOfEntry } from '../entries/id.ts'
import { at, type Body, listAt, numberAt, textAt, textsAt } from './body.ts'
import { isEntryKind, openEnding, typeOfKind } from './kinds.ts'
import type { WordKey } from './query.ts'

export interface SearchFacts {
  /** Milliseconds, to 10 s, by the id: an outcome stands with its intent. */
  readonly time: number
  readonly kind: string
  /** Tokens; only how a call ended has it. */
  readonly charge?: number
  /** What each key finds. Several where it is about several. */
  readonly words: Readonly<Record<WordKey, readonly string[]>>
}

/** What stands beside the body: of some kinds it tells whose the entry is, and of an intent that it has no outcome. */
export type Beside = Pick<Entry, 'organisation' | 'open'>

export function searchFacts(eid: string, body: Body, beside: Beside = {}): SearchFacts {
  const kind = textAt(body, 'unmapped', 'kind') ?? ''
  const charge = numberAt(body, 'unmapped', 'charge')
  return {
    time: isEntryId(eid) ? timeOfEntry(eid) : (numberAt(body, 'time') ?? 0),
    kind,
    ...(charge !== undefined && { charge }),
    words: {
      decision: own(body, 'decision'),
      code: own(body, 'code'),
      partner: partnerOf(body, beside),
      model: several(modelsOf(body)),
      client: several(clientsOf(body)),
      person: several(peopleOf(body)),
      grant: several([...own(body, 'grant'), ...subjectOf(body, 'grant')]),
      agreement: several([textAt(body, 'unmapped', 'agreement', 'id'), ...subjectOf(body, 'agreement')]),
      clause: several([...own(body, 'clause'), ...textsAt(body, 'unmapped', 'clauses')]),
      purpose: own(body, 'purpose'),
      type: several([isEntryKind(kind) ? typeOfKind[kind] : undefined, kind || undefined]),
      request: own(body, 'request'),
      charge: charge === undefined ? [] : [String(charge)],
      ending: beside.open === undefined ? own(body, 'ending') : [openEnding],
      action: own(body, 'action'),
      entry: [eid],
    },
  }
}

/** The same organisation as in the index of organisations, so that a query finds the same by whichever index. */
function partnerOf(body: Body, { organisation }: Beside): readonly string[] {
  const about =
    organisation ??
    textAt(body, 'unmapped', 'organisation') ??
    textAt(body, 'user', 'org', 'uid') ??
    (isAccess(body) ? textAt(body, 'actor', 'user', 'org', 'uid') : undefined)
  return about === undefined ? [] : [about]
}

const modelsOf = (body: Body) => [
  textAt(body, 'ai_model', 'uid'),
  ...own(body, 'model'),
  ...textsAt(body, 'unmapped', 'models'),
  ...subjectOf(body, 'model'),
]

const clientsOf = (body: Body) => [
  textAt(body, 'actor', 'app_uid'),
  ...(isWorkload(at(body, 'actor', 'user')) ? [textAt(body, 'actor', 'user', 'uid')] : []),
  ...(isPerson(at(body, 'user')) ? [] : [textAt(body, 'user', 'uid')]),
  ...subjectOf(body, 'client'),
]

/** Whoever acted, signed, or is acted upon. */
const peopleOf = (body: Body) => [
  // What a workload does has its client in that place.
  ...(textAt(body, 'actor', 'app_uid') === undefined && !isWorkload(at(body, 'actor', 'user'))
    ? [textAt(body, 'actor', 'user', 'uid')]
    : []),
  ...(isPerson(at(body, 'user')) ? [textAt(body, 'user', 'uid')] : []),
  ...listAt(body, 'unmapped', 'signatures').map(one => textAt(one, 'person')),
  textAt(body, 'unmapped', 'words_of', 'person'),
  ...listAt(body, 'unmapped', 'people').map(one => textAt(one, 'id')),
  ...subjectOf(body, 'person'),
]

const isPerson = (user: unknown): boolean => textAt(user, 'type') === 'person'

const isWorkload = (user: unknown): boolean => textAt(user, 'type') === 'workload'

const isAccess = (body: Body): boolean => {
  const kind = textAt(body, 'unmapped', 'kind') ?? ''
  return isEntryKind(kind) && typeOfKind[kind] === 'access'
}

/** The record that it is about, where it is of this kind. */
const subjectOf = (body: Body, kind: string): readonly string[] =>
  textAt(body, 'entity', 'type') === kind ? several([textAt(body, 'entity', 'uid')]) : []

function own(body: Body, field: string): readonly string[] {
  const text = textAt(body, 'unmapped', field)
  return text === undefined ? [] : [text]
}

const several = (values: readonly (string | undefined)[]): readonly string[] => [
  ...new Set(values.filter(value => value !== undefined)),
]
