import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { timeOfEntry } from '../../../shared/entries/id.ts'
import { type SearchFacts, searchFacts } from '../../../shared/search/facts.ts'
import { formatQuery, parseQuery } from '../../../shared/search/grammar.ts'
import { isFound, matches } from '../../../shared/search/matching.ts'
import { planQuery } from '../../../shared/search/plan.ts'
import { isQueryFault, type Moment, type ParsedQuery, type Term } from '../../../shared/search/query.ts'
import { bodyOf, everyKind } from './every-kind.ts'
import { entries, now, queries, type RandomEntry, terms } from './queries.ts'

const factsOf = ({ eid, body, open }: RandomEntry): SearchFacts =>
  searchFacts(eid, body, open ? { open: 'open#1' } : {})

const found = (text: string): readonly string[] => {
  const query = parseQuery(text)
  if (isQueryFault(query)) throw new Error(query.message)
  return Object.entries(everyKind)
    .filter(([, named]) => matches(query.terms, searchFacts(named.eid, bodyOf(named), named.entry)))
    .map(([label]) => label)
}

describe('a term', () => {
  test.each([
    ['decision:refuse type:access', ['an outcome that was refused', 'a refusal']],
    ['code:hold_active', ['an outcome that was cut', 'a refusal']],
    ['code:hold_active,grant_suspended -type:access', ['a refused token']],
    ['code:Hold_active', []],
    ['code:hold', []],
    ['code:hold* type:refusal', ['a refusal']],
    ['code:"hold*"', []],
    ['partner:* type:decision client:*', ['a decision of time', 'a decision by a ticket']],
    ['model:aurora* -type:access,decision', ['a receipt', 'a pattern', 'a reopening']],
    ['client:client_1 type:read', ['a read of a workload']],
    ['person:person_dana', ['a decision', 'the founding']],
    ['grant:grant_1 type:token', ['a token for a client']],
    ['agreement:agreement_1 type:token', ['a token for a client', 'a refused token']],
    ['clause:quota-1 clause:holds-1', ['a refusal']],
    ['purpose:evaluation type:issuance', ['a token for a client']],
    ['type:epoch', ['an epoch']],
    ['type:system person:*', ['the founding']],
    ['request:r-4', ['a decision']],
    ['request:r-4,r-5', ['a decision', 'a session ended by an administrator']],
    ['ending:open', ['an intent']],
    ['action:hold.place', ['a hold by an operator']],
    ['action:client.* -action:client.ticket', ['a decision of time']],
    ['charge:>=1180', ['an outcome']],
    ['charge:>1180', []],
    ['charge:<1', ['an outcome that was cut', 'an outcome that was refused']],
    ['charge:<=1 -charge:0', ['an outcome beyond what was reserved']],
    ['charge:1,1180', ['an outcome', 'an outcome beyond what was reserved']],
    ['type:outcome -charge:<1180', ['an outcome']],
    ['-partner:*', ['the founding', 'a restored log', 'a deleted month', 'an epoch']],
    [`entry:${everyKind['an epoch']?.eid}`, ['an epoch']],
    ['partner:cedar partner:ofr', []],
  ])('%s', (text, labels) => {
    expect(found(text)).toEqual(labels)
  })

  test('and its negation part every set in two', () => {
    fc.assert(
      fc.property(terms, fc.array(entries, { maxLength: 10 }), (term, some) => {
        for (const entry of some) {
          const facts = factsOf(entry)
          const negated: Term = { ...term, negated: !term.negated }
          expect(matches([term], facts)).toBe(!matches([negated], facts))
        }
      }),
      { numRuns: 200 },
    )
  })
})

interface RandomBody {
  readonly unmapped: Readonly<
    Partial<
      Record<
        | 'decision'
        | 'code'
        | 'organisation'
        | 'model'
        | 'grant'
        | 'clause'
        | 'purpose'
        | 'request'
        | 'ending'
        | 'action',
        string
      >
    >
  > & {
    readonly kind: string
    readonly charge?: number
    readonly agreement?: { readonly id: string }
    readonly clauses?: readonly string[]
    readonly signatures?: readonly { readonly person: string }[]
  }
  readonly user?: { readonly uid: string; readonly type: string; readonly org: { readonly uid: string } }
  readonly actor: {
    readonly app_uid?: string
    readonly user?: { readonly uid: string; readonly org: { readonly uid: string } }
  }
  readonly entity?: { readonly type: string; readonly uid: string }
  readonly ai_model?: { readonly uid: string }
}

/** The same, judged from the body by itself: what stands where, for each key. */
function naive(query: ParsedQuery, { eid, body, open }: RandomEntry): boolean {
  const { unmapped: own, user, actor, entity, ai_model } = body as RandomBody
  const about = (type: string) => (entity?.type === type ? entity.uid : undefined)
  const types: Record<string, string> = {
    intent: 'access',
    outcome: 'access',
    refusal: 'access',
    issuance: 'token',
    sign_in: 'session',
    log_read: 'read',
    recount: 'system',
    epoch_commitment: 'epoch',
  }
  const isCall = types[own.kind] === 'access'
  const words: Record<string, readonly unknown[]> = {
    decision: [own.decision],
    code: [own.code],
    partner: [own.organisation ?? user?.org.uid ?? (isCall ? actor?.user?.org.uid : undefined)],
    model: [ai_model?.uid, own.model, about('model')],
    client: [actor?.app_uid, user?.type === 'workload' ? user.uid : undefined, about('client')],
    person: [
      actor?.app_uid === undefined ? actor?.user?.uid : undefined,
      user?.type === 'person' ? user.uid : undefined,
      about('person'),
      ...(own.signatures ?? []).map(one => one.person),
    ],
    grant: [own.grant, about('grant')],
    agreement: [own.agreement?.id, about('agreement')],
    clause: [own.clause, ...(own.clauses ?? [])],
    purpose: [own.purpose],
    type: [own.kind, types[own.kind]],
    request: [own.request],
    charge: [own.charge === undefined ? undefined : `${own.charge}`],
    ending: [open ? 'open' : own.ending],
    action: [own.action],
    entry: [eid],
  }
  const holds = (term: Term): boolean => {
    if (!('values' in term)) {
      if (own.charge === undefined) return false
      if (term.than === '>=') return own.charge >= term.amount
      if (term.than === '<=') return own.charge <= term.amount
      return term.than === '>' ? own.charge > term.amount : own.charge < term.amount
    }
    return (words[term.key] ?? []).some(
      word =>
        typeof word === 'string' &&
        term.values.some(({ text, prefix }) => (prefix ? word.startsWith(text) : word === text)),
    )
  }
  const ms = (moment: Moment, isEnd: boolean): number => {
    if (moment.kind === 'at') return moment.ms
    if (moment.kind === 'now') return now
    if (moment.kind === 'ago')
      return now - moment.amount * { s: 1, m: 60, h: 3_600, d: 86_400 }[moment.unit] * 1_000
    return Date.parse(moment.day) + (isEnd ? 86_399_999 : 0)
  }
  const grid = (at: number): number => Math.floor(at / 10_000) * 10_000
  const time = timeOfEntry(eid)
  const one = query.terms.filter(
    term => !term.negated && 'values' in term && !term.values.some(value => value.prefix),
  )
  const named = one.some(
    term =>
      term.key === 'entry' ||
      (term.key === 'request' &&
        term === one.find(({ key }) => key === 'request') &&
        'values' in term &&
        term.values.length === 1),
  )
  const inTime =
    query.times.length === 0
      ? named || (time >= grid(now - 86_400_000) && time <= now)
      : query.times.every(
          ({ from, to }) => (!from || time >= grid(ms(from, false))) && time <= (to ? ms(to, true) : now),
        )
  const asked = query.terms.some(
    term =>
      !term.negated &&
      'values' in term &&
      (term.key === 'entry' ||
        (term.key === 'type' &&
          term.values.some(({ text, prefix }) =>
            ['read', 'log_read'].some(word => (prefix ? word.startsWith(text) : word === text)),
          ))),
  )
  return (
    inTime && (asked || own.kind !== 'log_read') && query.terms.every(term => holds(term) !== term.negated)
  )
}

test('a query from its text, planned and compared, finds what a naive look at the bodies finds', () => {
  let [kept, met] = [0, 0]
  fc.assert(
    fc.property(queries, fc.array(entries, { minLength: 5, maxLength: 30 }), (asked, some) => {
      const query = parseQuery(formatQuery(asked))
      if (isQueryFault(query)) return
      const plan = planQuery(query, { now, mayWalkAll: true })
      if (isQueryFault(plan)) {
        expect(some.filter(entry => naive(query, entry))).toEqual([])
        return
      }
      kept++
      const ours = some.filter(entry => isFound(plan, factsOf(entry)))
      expect(ours).toEqual(some.filter(entry => naive(query, entry)))
      met += ours.length
    }),
    { numRuns: 200 },
  )
  expect(kept).toBeGreaterThan(80)
  expect(met).toBeGreaterThan(50)
})
