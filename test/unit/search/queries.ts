/** Random queries, and random bodies that they could be about: few words, so that they often meet. */
import fc from 'fast-check'
import { entryId, outcomeId } from '../../../shared/entries/id.ts'
import type { Body } from '../../../shared/search/body.ts'
import {
  comparisons,
  type Moment,
  type ParsedQuery,
  type Term,
  type TimeTerm,
  timeUnits,
  type Value,
  wordKeys,
} from '../../../shared/search/query.ts'

export const now = Date.UTC(2026, 10, 27, 9, 0, 7)
const day = 86_400_000

const closedWords = {
  decision: ['allow', 'refuse', 'applied', 'lapsed'],
  ending: ['completed', 'cut', 'open'],
  type: ['access', 'decision', 'intent', 'read', 'log_read', 'system'],
} as const
const words = [
  'cedar',
  'cedar-2',
  'aurora',
  'a b',
  'x"y',
  'back\\slash',
  'two \\\\ and \\',
  'st*r',
  '>=1',
  'c,d',
  'é',
  '-x',
]

const wordOf = (key: (typeof wordKeys)[number]): fc.Arbitrary<string> => {
  if (key === 'decision' || key === 'ending' || key === 'type') return fc.constantFrom(...closedWords[key])
  if (key === 'charge') return fc.constantFrom('0', '5', '1000')
  if (key === 'entry') return entryIds
  return fc.constantFrom(...words)
}

export const entryIds = fc
  .tuple(fc.integer({ min: now - 3 * day, max: now }), fc.integer({ min: 0, max: 3 }), fc.boolean())
  .map(([at, byte, isOutcome]) => {
    const eid = entryId(at, new Uint8Array(16).fill(byte))
    return isOutcome ? outcomeId(eid) : eid
  })

const anyValue = (key: (typeof wordKeys)[number]): fc.Arbitrary<Value> => {
  const exact = wordOf(key).map(text => ({ text }))
  if (key === 'entry') return exact
  const start =
    key === 'charge' ? fc.constant('') : fc.constantFrom('', 'c', 'ced', 'cedar-', 'a', 'r', 'in', '-')
  return fc.oneof(
    exact,
    exact,
    start.map(text => ({ text, prefix: true as const })),
  )
}

export const terms: fc.Arbitrary<Term> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.constantFrom(...wordKeys).chain(key =>
      fc.record({
        key: fc.constant(key),
        negated: fc.boolean(),
        values: fc.array(anyValue(key), { minLength: 1, maxLength: 3 }),
      }),
    ),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      key: fc.constant('charge' as const),
      negated: fc.boolean(),
      than: fc.constantFrom(...comparisons),
      amount: fc.constantFrom(0, 5, 999, 1_000),
    }),
  },
)

const moments: fc.Arbitrary<Moment> = fc.oneof(
  fc.integer({ min: now - 3 * day, max: now }).map(ms => ({ kind: 'at' as const, ms })),
  fc
    .constantFrom('2026-11-24', '2026-11-25', '2026-11-26', '2026-11-27')
    .map(one => ({ kind: 'day' as const, day: one })),
  fc.record({
    kind: fc.constant('ago' as const),
    amount: fc.integer({ min: 0, max: 72 }),
    unit: fc.constantFrom(...(Object.keys(timeUnits) as (keyof typeof timeUnits)[])),
  }),
  fc.constant({ kind: 'now' as const }),
)

/** Of these some contradict themselves or each other: they are faults. */
const ranges: fc.Arbitrary<TimeTerm> = fc
  .tuple(fc.option(moments, { nil: undefined }), moments)
  .chain(([from, to]) =>
    fc.constantFrom({ ...(from && { from }), to, at: 0, length: 0 }, { from: to, at: 0, length: 0 }),
  )

export const queries: fc.Arbitrary<ParsedQuery> = fc.record({
  times: fc.array(ranges, { maxLength: 2 }),
  terms: fc.array(terms, { maxLength: 4 }),
})

const word = fc.constantFrom(...words)
const maybe = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> => fc.option(value, { nil: undefined })
const kinds = [
  'intent',
  'outcome',
  'refusal',
  'decision',
  'issuance',
  'sign_in',
  'log_read',
  'recount',
  'epoch_commitment',
] as const

export interface RandomEntry {
  readonly eid: string
  readonly body: Body
  readonly open: boolean
}

/** Fields where the makers put them, at random. */
export const entries: fc.Arbitrary<RandomEntry> = fc.record({
  eid: entryIds,
  open: fc.boolean(),
  body: fc
    .record({
      kind: fc.constantFrom(...kinds),
      decision: maybe(fc.constantFrom(...closedWords.decision)),
      ending: maybe(fc.constantFrom('completed', 'cut')),
      charge: maybe(fc.constantFrom(0, 5, 1_000, 1_001)),
      text: fc.record({
        code: maybe(word),
        organisation: maybe(word),
        model: maybe(word),
        grant: maybe(word),
        clause: maybe(word),
        purpose: maybe(word),
        request: maybe(word),
        action: maybe(word),
      }),
      agreement: maybe(word),
      clauses: maybe(fc.array(word, { maxLength: 2 })),
      user: maybe(
        fc.record({ uid: word, type: fc.constantFrom('person', 'workload'), org: fc.record({ uid: word }) }),
      ),
      actor: fc.record(
        { app_uid: word, user: fc.record({ uid: word, org: fc.record({ uid: word }) }) },
        { requiredKeys: [] },
      ),
      entity: maybe(
        fc.record({ type: fc.constantFrom('grant', 'client', 'person', 'model', 'agreement'), uid: word }),
      ),
      signatures: maybe(fc.array(fc.record({ person: word }), { maxLength: 2 })),
      aiModel: maybe(word),
    })
    .map(
      ({
        kind,
        decision,
        ending,
        charge,
        text,
        agreement,
        clauses,
        user,
        actor,
        entity,
        signatures,
        aiModel,
      }) => ({
        time: now,
        actor,
        ...(user && { user }),
        ...(entity && { entity }),
        ...(aiModel && { ai_model: { uid: aiModel } }),
        unmapped: {
          kind,
          ...(decision && { decision }),
          ...(ending && { ending }),
          ...(charge !== undefined && { charge }),
          ...Object.fromEntries(Object.entries(text).filter(([, value]) => value !== undefined)),
          ...(agreement && { agreement: { id: agreement } }),
          ...(clauses && { clauses }),
          ...(signatures && { signatures }),
        },
      }),
    ),
})
