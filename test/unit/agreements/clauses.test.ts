/**
 * What each clause is marked as, shown rather than read: of what is enforced, a call that everything else admits is
 * refused with the id of the clause, by its own terms, and is not refused without it; of what is evidenced, the entry.
 * A kind of clause that stands in no table here fails.
 */
import { describe, expect, test } from 'vitest'
import { judgeCeiling } from '../../../functions/governance/grants/ceiling.ts'
import { templates } from '../../../shared/agreements/templates.ts'
import {
  bindingClauses,
  type Clause,
  type ClauseKind,
  clauseKinds,
  clauseRegistry,
  enforcementOf,
  requiredClauses,
} from '../../../shared/domain/clauses.ts'
import type { Meter } from '../../../shared/domain/meter.ts'
import { capabilities } from '../../../shared/domain/records.ts'
import { intentEntry } from '../../../shared/entries/call.ts'
import { issuanceEntry } from '../../../shared/entries/token.ts'
import { hour, now } from '../domain/admitted.ts'
import { admittedUnder, agreementOf, attested, type Case, documentOf, outcome } from './admitted-under.ts'

const withClient = (one: Case, attributes: object): Case => ({
  ...one,
  records: { ...one.records, client: { ...one.records.client, attributes } },
})
const withoutAttribute = (one: Case, name: 'nationality' | 'region' | 'screening'): Case => {
  const { [name]: _, ...rest } = one.records.client.attributes ?? {}
  return withClient(one, rest)
}
const withAttribute = (one: Case, name: string, value: object): Case =>
  withClient(one, { ...one.records.client.attributes, [name]: value })

interface Broken {
  readonly what: string
  readonly code: string
  readonly call: Case
}

interface Enforced<K extends ClauseKind> {
  /** Calls that everything but this clause admits. */
  readonly broken: (one: Case, clause: Extract<Clause, { readonly kind: K }>) => readonly Broken[]
  /** The clause that would admit them; absent: the document without it. `shown`: it is in every document. */
  readonly loosened?: (clause: Extract<Clause, { readonly kind: K }>) => Clause
}

/** Of each kind whose refusal names the clause, at the gate. */
const atTheGate: { readonly [K in ClauseKind]?: Enforced<K> } = {
  quota: {
    broken: (one, { terms }) => {
      const [own, pool] = one.meters
      if (own === undefined) throw new Error('no meter')
      if ((terms.pool === undefined) !== (pool === undefined)) throw new Error('a pool is not as agreed')
      const rest = pool ? [pool] : []
      const with_ = (change: Partial<Meter>): Case => ({ ...one, meters: [{ ...own, ...change }, ...rest] })
      return [
        {
          what: 'a request of more than there is at all',
          code: 'request_exceeds_limit',
          call: {
            ...one,
            ask: { ...one.ask, ceiling: Math.min(terms.total, terms.per_day ?? terms.total) + 1 },
          },
        },
        { what: 'a request beyond what is left', code: 'budget_exhausted', call: with_({ remaining: 99 }) },
        {
          what: 'a request beyond what is left today',
          code: 'day_exhausted',
          call: with_({ dayUsed: (terms.per_day ?? 0) - 99 }),
        },
        {
          what: 'a request beyond its rate',
          code: 'rate_limited',
          call: with_({ tat: now * 1000 + (60_000_000 / terms.rpm) * terms.burst + 1 }),
        },
        {
          what: 'one stream more than it admits',
          code: 'streams_exhausted',
          call: with_({
            leases: Object.fromEntries(
              Array.from({ length: terms.streams }, (_, i) => [
                `l${i}`,
                { r: 1, day: own.day, exp: now + hour },
              ]),
            ),
          }),
        },
        ...(pool
          ? [
              {
                what: 'a request beyond what all grants have left',
                code: 'pool_exhausted',
                call: { ...one, meters: [own, { ...pool, remaining: 99 }] },
              },
            ]
          : []),
      ]
    },
  },
  purpose: {
    broken: one => [
      {
        what: 'a token for another purpose',
        code: 'purpose_not_registered',
        call: { ...one, caller: { ...one.caller, purpose: 'advertising' } },
      },
    ],
    loosened: clause => ({ ...clause, terms: { purposes: [...clause.terms.purposes, 'advertising'] } }),
  },
  capabilities: {
    broken: (one, { terms }) =>
      capabilities
        .filter(each => !terms.capabilities.includes(each))
        .map(each => ({
          what: `a request that uses ${each}, by a token that carries it`,
          code: 'capability_withheld',
          call: { ...one, ask: { ...one.ask, uses: new Map([[each, 'field']]) } },
        })),
    loosened: clause => ({ ...clause, terms: { capabilities } }),
  },
  nationality: {
    broken: one => attributeBroken(one, 'nationality', 'nationality_excluded'),
  },
  region: {
    broken: one => attributeBroken(one, 'region', 'region_excluded'),
  },
  'insider-risk': {
    broken: (one, { terms }) =>
      terms.screening
        ? [
            {
              what: 'a client that nobody has screened',
              code: 'screening_missing',
              call: withoutAttribute(one, 'screening'),
            },
            {
              what: 'a client whose screening has expired',
              code: 'screening_missing',
              call: withAttribute(one, 'screening', { ...attested('case-1'), expiresAt: now }),
            },
          ]
        : [],
  },
  'retention-notice': {
    broken: one => {
      const { consentedAt: _, ...agreement } = one.agreement
      return [
        {
          what: 'a call before the notice was acknowledged',
          code: 'consent_missing',
          call: { ...one, records: { ...one.records, agreement } },
        },
      ]
    },
  },
}

const attributeBroken = (one: Case, name: 'nationality' | 'region', code: string): readonly Broken[] => [
  { what: `a client of another ${name}`, code, call: withAttribute(one, name, attested('ZA')) },
  { what: `a client whose ${name} nobody attests`, code, call: withoutAttribute(one, name) },
  {
    what: `a client whose ${name} is attested no more`,
    code,
    call: withAttribute(one, name, { ...one.records.client.attributes?.[name], expiresAt: now }),
  },
]

/** Enforced elsewhere than by a refusal that could name a clause: each has its own test in clauses-beyond-the-gate. */
const elsewhere = {
  'named-use': 'before any agreement is read, by the proof of possession of every request',
  'non-licensing':
    'it forbids nothing to the counterparty: it is that no state and nobody holds the developer up',
} as const satisfies Partial<Record<ClauseKind, string>>

/** By the entry that a decision leaves. Each has its own test in clauses-beyond-the-gate. */
const evidenced = ['incident-report', 'vulnerability-report', 'destruction'] as const

/** Promises: nothing here could see whether they are kept, and nothing may look as if it did. */
const undertaken = ['no-extraction', 'no-training', 'confidentiality'] as const

describe('every kind of clause is shown to be what it is marked as', () => {
  const marked = (enforcement: string): readonly ClauseKind[] =>
    clauseKinds.filter(kind => clauseRegistry[kind].enforcement === enforcement)

  test('each has a row here, in the table of its mark and in no other', () => {
    const enforced: readonly string[] = [...Object.keys(atTheGate), ...Object.keys(elsewhere)]
    expect([...enforced].sort()).toEqual([...marked('enforced')].sort())
    expect([...evidenced].sort()).toEqual([...marked('evidenced')].sort())
    expect([...undertaken].sort()).toEqual([...marked('undertaken')].sort())
  })

  test('each stands in some template, so that what follows meets it', () => {
    const used = new Set(templates.flatMap(({ clauses }) => clauses.map(({ kind }) => kind)))
    expect([...used].sort()).toEqual([...clauseKinds].sort())
  })

  test('what is only promised says so in words, and claims no refusal', () => {
    for (const kind of undertaken) {
      const { by, shows } = clauseRegistry[kind]
      expect([kind, /^A promise of the /.test(by)]).toEqual([kind, true])
      expect([kind, shows]).toEqual([kind, null])
      expect([kind, clauseRegistry[kind].binds]).toEqual([kind, undefined])
    }
  })
})

describe.each(templates.map(template => [template.id, template] as const))('under %s', (_, template) => {
  const document = documentOf(template)
  const agreement = agreementOf(document)
  const one = admittedUnder(agreement)

  test('a call that keeps every clause is admitted', () => {
    expect(outcome(one)).toBe('admitted')
  })

  const rows = template.clauses.flatMap(clause => {
    const row = atTheGate[clause.kind] as Enforced<ClauseKind> | undefined
    return (row?.broken(one, clause as never) ?? []).map(broken => ({ clause, row, ...broken }))
  })

  test('each clause is marked by what it does here: of what is enforced at the gate, something is refused', () => {
    for (const clause of template.clauses) {
      const refuses = rows.some(row => row.clause.id === clause.id)
      const isEnforced = enforcementOf(clause) === 'enforced'
      const beyond = clause.kind in elsewhere || (clause.kind === 'capabilities' && isWhole(clause))
      expect([clause.id, refuses]).toEqual([clause.id, isEnforced && !beyond])
    }
  })

  test.each(rows)('$clause.id refuses $what', ({ clause, code, call }) => {
    expect(outcome(call)).toEqual([code, clause.id])
  })

  test.each(rows.filter(({ clause, row }) => row?.loosened || !isRequired(clause.kind)))(
    'and what it refuses is its own doing: another clause admits $what',
    ({ clause, row, call }) => {
      const other = row?.loosened?.(clause as never)
      const clauses = template.clauses.flatMap(each => (each.id === clause.id ? (other ?? []) : each))
      const without = agreementOf(documentOf(template, clauses))
      const same = {
        ...call,
        caller: { ...call.caller, agreement: { id: 'agreement_1', digest: without.digest } },
        records: { ...call.records, agreement: without },
      }
      expect(outcome(same)).toBe('admitted')
    },
  )

  test('the quota is the most that a grant is given: a token, a call or a stream more is refused', () => {
    const { ceiling } = agreement
    expect(judgeCeiling(ceiling, agreement)).toBeUndefined()
    for (const [name, most] of Object.entries(ceiling)) {
      const refused = judgeCeiling({ ...ceiling, [name]: most + 1 }, agreement)
      expect([name, refused?.code]).toEqual([name, 'ceiling_exceeded'])
    }
    const { perDay: _, ...boundless } = ceiling
    expect(judgeCeiling(boundless, agreement)?.code).toBe('ceiling_exceeded')
  })

  test('what binds each call stands in its token and in its entries, and nothing else of the document does', () => {
    const screening = agreement.eligibility?.screening === true
    const ids = bindingClauses(agreement.clauses, screening)
    expect(ids).toEqual(
      clauseKinds.flatMap(kind =>
        clauseRegistry[kind].binds && (kind !== 'insider-risk' || screening)
          ? template.clauses.filter(clause => clause.kind === kind).map(({ id }) => id)
          : [],
      ),
    )
    for (const kind of requiredClauses)
      if (kind !== 'non-licensing') expect(ids).toContain(agreement.clauses[kind])
    const call = {
      ...{ request: 'r', address: '192.0.2.1', operation: 'chat.completions' },
      protocol: 'openai',
      ...{ organisation: agreement.counterparty, client: 'client_1', tokenId: 't', key: 'thumbprint' },
      ...{ model: 'aurora', grant: 'grant_1', purpose: 'p', clauses: ids },
      agreement: { id: agreement.id, digest: agreement.digest },
    } as const
    const intent = intentEntry(call, { reserve: 1, meters: [] }, now, Buffer.alloc(16))
    expect(JSON.parse(intent.entry.body).unmapped).toMatchObject({
      clauses: ids,
      key: 'thumbprint',
      purpose: 'p',
    })
    const issued = issuanceEntry({
      ...{ now, random: Buffer.alloc(16), request: 'r', issuer: 'i', organisation: 'o', audience: 'a' },
      ...{ keyThumbprint: 'k', tokenId: 't', scope: 's', lifetime: 1, signingKid: 'kid', clauses: ids },
      client: { id: 'client_1', name: 'n', kind: 'workload' },
    })
    expect(JSON.parse(issued.entry.body).unmapped.clauses).toEqual(ids)
  })
})

/** It withholds nothing, so that there is nothing to refuse. */
const isWhole = (clause: Clause): boolean =>
  clause.kind === 'capabilities' && capabilities.every(one => clause.terms.capabilities.includes(one))

const isRequired = (kind: ClauseKind): boolean => (requiredClauses as readonly ClauseKind[]).includes(kind)
