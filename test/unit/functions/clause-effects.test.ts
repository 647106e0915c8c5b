/** From a clause to what it did: grants, tokens, calls, refusals and decisions, as far as whoever asks sees them. */
import { beforeEach, describe, expect, test } from 'vitest'
import { type ClauseEffects, clauseEffects } from '../../../functions/api/clause-effects.ts'
import { clauseOperations } from '../../../functions/api/operations/clauses.ts'
import { openSqliteStore } from '../../../shared/adapters/embedded/sqlite-store.ts'
import { compile } from '../../../shared/agreements/compile.ts'
import { type AgreementDocument, documentText } from '../../../shared/agreements/document.ts'
import { templates } from '../../../shared/agreements/templates.ts'
import { clauseKinds } from '../../../shared/domain/clauses.ts'
import { indexes, keys, listed } from '../../../shared/domain/keys.ts'
import { freshMeter } from '../../../shared/domain/meter.ts'
import type { Organisation, Role } from '../../../shared/domain/parties.ts'
import type { Agreement } from '../../../shared/domain/records.ts'
import { Refusal, refuse } from '../../../shared/domain/refusal.ts'
import type { Viewer } from '../../../shared/domain/who-sees.ts'
import { type CallFacts, intentEntry, outcomeEntry, refusalEntry } from '../../../shared/entries/call.ts'
import { type DecisionFacts, decisionEntry } from '../../../shared/entries/decision.ts'
import { entryId } from '../../../shared/entries/id.ts'
import { type NamedEntry, putEntry } from '../../../shared/entries/put.ts'
import { issuanceEntry, tokenRefusalEntry } from '../../../shared/entries/token.ts'
import { draftFrom } from '../agreements/draft-from.ts'

const day = 86_400_000
const now = 1_800_000_000_000
const since = now - day

const halcyon: Viewer = { organisation: 'halcyon', kind: 'developer', roles: ['developer-admin'] }
const other: Viewer = { organisation: 'orion', kind: 'developer', roles: ['developer-admin'] }
const office: Viewer = { organisation: 'ofr', kind: 'government', roles: ['nsa-admin'] }
const consultant: Viewer = { organisation: 'ofr', kind: 'government', roles: ['consultant'] }
const cedar: Viewer = { organisation: 'cedar', kind: 'partner', roles: ['partner-admin'] }
const birch: Viewer = { organisation: 'birch', kind: 'partner', roles: ['partner-admin'] }
const auditor: Viewer = { organisation: 'audit', kind: 'auditor', roles: ['auditor'], audits: ['aurora'] }
const as = (viewer: Viewer) => ({ kind: 'person' as const, viewer })

const template = templates.find(({ id }) => id === 'sample-access-restricted')
if (template === undefined) throw new Error('no template')
const limits = { total: 1_000, perDay: 500, rpm: 60, burst: 10, streams: 2 }

const draft = (version: number, change: Partial<AgreementDocument> = {}): AgreementDocument => ({
  ...draftFrom(template, {
    agreement: 'agreement_1',
    version,
    parties: [
      { organisation: 'halcyon', name: 'Halcyon', as: 'developer' },
      { organisation: 'cedar', name: 'Cedar', as: 'partner' },
      { organisation: 'ofr', name: 'An office', as: 'government' },
    ],
    models: ['aurora'],
    startsAt: '2026-01-01T00:00:00Z',
    endsAt: '2028-01-01T00:00:00Z',
  }),
  ...change,
})

function compiled(document: AgreementDocument) {
  const made = compile(document)
  if (made instanceof Refusal) throw new Error(made.facts.detail)
  return made
}

const first = draft(1)
const second = draft(2, { title: 'The second' })
const digest = compiled(first).digest

type World = Awaited<ReturnType<typeof openWorld>>

async function openWorld() {
  const store = openSqliteStore(':memory:', Object.values(indexes))
  let serial = 0
  const put = async (key: unknown, item: object): Promise<void> => {
    await store.write({ kind: 'put', key: key as never, item })
  }
  const organisation = (one: Organisation) =>
    put(keys.organisation(one.id), { ...one, rev: 1, ...listed('organisation', one.id, one.id) })
  await organisation({ id: 'halcyon', name: 'Halcyon', kind: 'developer', state: 'active' })
  await organisation({
    id: 'cedar',
    name: 'Cedar',
    kind: 'partner',
    state: 'active',
    partner: 'active',
    developers: ['halcyon'],
    governments: ['ofr'],
  })
  const model = { id: 'aurora', name: 'Aurora', developer: 'halcyon', state: 'partner_access' }
  await put(keys.model('aurora'), { ...model, rev: 1, ...listed('model', 'halcyon', 'aurora') })
  const agreement = (change: Partial<Agreement> = {}) => {
    const { poolLimits: _, notice: __, signatories: ___, ...fields } = compiled(first)
    const record = { ...fields, id: 'agreement_1', state: 'effective', consentedAt: 1, ...change }
    const owner = record.state === 'draft' ? 'halcyon' : 'cedar'
    return put(keys.agreement('agreement_1'), {
      ...record,
      rev: 1,
      ...listed('agreement', owner, 'agreement_1'),
    })
  }
  const version = (document: AgreementDocument, change: object = {}) => {
    const { digest, version } = compiled(document)
    return put(keys.agreementVersion(digest), {
      agreement: 'agreement_1',
      version,
      digest,
      document: documentText(document),
      draftedAt: now - 10 * day,
      signatures: {},
      ...change,
      ...listed('version', 'agreement_1', digest),
    })
  }
  const grant = (id: string, change: object = {}) =>
    put(keys.grant(id), {
      id,
      organisation: 'cedar',
      model: 'aurora',
      agreement: 'agreement_1',
      state: 'active',
      startsAt: 0,
      expiresAt: now + day,
      meters: [`meter_${id}`],
      ...change,
      rev: 1,
      ...listed('grant', 'cedar', id),
    })
  await agreement()
  await version(first, { effectiveAt: now - 9 * day })
  await grant('grant_1')
  await grant('grant_2', { agreement: 'agreement_2' })
  await put(keys.meter('meter_grant_1'), freshMeter('meter_grant_1', limits, now))
  const log = async (made: NamedEntry): Promise<string> => {
    await store.write(putEntry(made))
    return made.eid
  }
  const random = () => Buffer.from(Array.from({ length: 16 }, (_, i) => (++serial * 37 + i) % 251))
  return { store, put, agreement, version, grant, log, random }
}

let world: World
beforeEach(async () => {
  world = await openWorld()
})

const call: CallFacts = {
  request: 'r',
  address: '192.0.2.1',
  protocol: 'openai',
  operation: 'chat.completions',
  organisation: 'cedar',
  client: 'client_1',
  tokenId: 'token_1',
  key: 'thumbprint',
  model: 'aurora',
  developer: 'halcyon',
  grant: 'grant_1',
  agreement: { id: 'agreement_1', digest },
  purpose: 'defensive-research',
  clauses: ['quota-1', 'purpose-1', 'capabilities-1', 'region-1'],
}
const elsewhere: CallFacts = { ...call, agreement: { id: 'agreement_2', digest: 'other' } }

const admit = (facts = call, at = now) =>
  world.log(intentEntry(facts, { reserve: 10, meters: ['meter_grant_1'] }, at, world.random()))
const refused = (code: 'capability_withheld' | 'region_excluded', clause: string, facts = call, at = now) =>
  world.log(refusalEntry(facts, refuse(code, 'No.', { clause }), at, world.random()))

const requested = () => ({
  now,
  random: world.random(),
  request: 'r',
  issuer: 'https://gate.example',
  organisation: 'cedar',
  client: { id: 'client_1', name: 'batch', kind: 'workload' as const },
})
const issue = () =>
  world.log(
    issuanceEntry({
      ...requested(),
      audience: 'https://gate.example/openai',
      keyThumbprint: 'thumbprint',
      tokenId: 'token_1',
      scope: 'infer',
      lifetime: 300,
      signingKid: 'kid',
      grant: 'grant_1',
      agreement: { id: 'agreement_1', digest },
      clauses: call.clauses,
    }),
  )

let decisions = 0
/** Each ten seconds after the one before. */
const decide = (change: Partial<DecisionFacts>) =>
  world.log(
    decisionEntry({
      eid: entryId(now + ++decisions * 10_000, world.random()),
      now,
      step: 'applied',
      action: { name: 'agreement.acknowledge', params: {} },
      subject: {
        kind: 'agreement',
        id: 'agreement_1',
        name: 'It',
        rev: 1,
        organisation: 'cedar',
        developers: ['halcyon'],
        governments: ['ofr'],
      },
      rules: 0,
      ...change,
    }),
  )

const look = (viewer: Viewer, clause: string, most?: number) =>
  clauseEffects(world.store, as(viewer), { agreement: 'agreement_1', clause, since }, most)

async function seen(viewer: Viewer, clause: string, most?: number): Promise<ClauseEffects> {
  const found = await look(viewer, clause, most)
  if (found instanceof Refusal) throw new Error(`${found.code}: ${found.facts.detail}`)
  return found
}
const code = (found: unknown): unknown => (found instanceof Refusal ? found.code : 'shown')

describe('traced from the clause', () => {
  test('a call, refusals by two clauses and a token: each by the clause that it names', async () => {
    const token = await issue()
    const admitted = await admit()
    const withheld = await refused('capability_withheld', 'capabilities-1')
    await refused('region_excluded', 'region-1')

    const capabilities = await seen(cedar, 'capabilities-1')
    expect(capabilities.tokens).toMatchObject({ count: 1, latest: [token] })
    expect(capabilities.admissions).toMatchObject({ count: 1, latest: [admitted] })
    expect(capabilities.refusals).toMatchObject({ count: 1, latest: [withheld] })
    expect([...capabilities.refusals.byCode]).toEqual([['capability_withheld', 1]])
    expect([...(await seen(cedar, 'region-1')).refusals.byCode]).toEqual([['region_excluded', 1]])
  })

  test('a call that ends by a limit after it was admitted is one admission and one refusal', async () => {
    const intent = intentEntry(call, { reserve: 10, meters: ['meter_grant_1'] }, now, world.random())
    const refusal = refuse('budget_exhausted', 'No.', { clause: 'quota-1' })
    await world.log(intent)
    const ended = { ending: 'refused' as const, charge: 0, meters: [], refusal }
    const eid = await world.log(outcomeEntry(intent.eid, intent.entry, ended, now))
    const { admissions, refusals } = await seen(cedar, 'quota-1')
    expect([admissions.count, refusals.count, refusals.latest]).toEqual([1, 1, [eid]])
    expect([...refusals.byCode]).toEqual([['budget_exhausted', 1]])
  })

  test('a token that was refused counts as refused', async () => {
    const grounds = { clause: 'purpose-1', agreement: { id: 'agreement_1', digest } }
    await world.log(
      tokenRefusalEntry({ ...requested(), code: 'purpose_not_registered', detail: 'No.', grounds }),
    )
    const { refusals, tokens } = await seen(cedar, 'purpose-1')
    expect([tokens.count, [...refusals.byCode]]).toEqual([0, [['purpose_not_registered', 1]]])
  })

  test('the same clause id in another agreement is another clause', async () => {
    await admit(elsewhere)
    await refused('capability_withheld', 'capabilities-1', elsewhere)
    const { admissions, refusals } = await seen(cedar, 'capabilities-1')
    expect([admissions.count, refusals.count]).toEqual([0, 0])
  })

  test('decisions about the agreement, on findings that its clause asks for, and on reviews', async () => {
    const subject = (kind: 'finding' | 'review', id: string) => ({
      ...{ kind, id, name: id, rev: 1, organisation: 'cedar', developers: ['halcyon'], governments: [] },
    })
    const put = (kind: 'finding' | 'review', id: string, agreement: string, clause: string) =>
      world.put(
        { table: 'registry', pk: `${kind}#${id}`, sk: '-' },
        {
          ...{ id, organisation: 'cedar', agreement, clause, rev: 1 },
          ...listed(kind, 'cedar', id),
        },
      )
    await put('finding', 'finding_1', 'agreement_1', 'incident-report-1')
    await put('finding', 'finding_2', 'agreement_2', 'incident-report-1')
    await put('review', 'review_1', 'agreement_1', 'insider-risk-1')
    const acknowledged = await decide({})
    const resolved = { name: 'finding.resolve' as const, params: {} }
    const finding = await decide({ action: resolved, subject: subject('finding', 'finding_1') })
    await decide({ action: resolved, subject: subject('finding', 'finding_2') })
    const certified = { name: 'review.certify' as const, params: {} }
    const review = await decide({ action: certified, subject: subject('review', 'review_1') })

    const incident = await seen(cedar, 'incident-report-1')
    expect(incident.decisions).toMatchObject({ count: 1, latest: [acknowledged] })
    expect(incident.findings).toMatchObject({ count: 1, latest: [finding] })
    const insider = await seen(cedar, 'insider-risk-1')
    expect(insider.decisions.latest).toEqual([review, acknowledged])
    expect([insider.findings.count, (await seen(cedar, 'destruction-1')).findings.count]).toEqual([0, 0])
  })

  test('the newest ten entries are named, all are counted', async () => {
    const made: string[] = []
    for (let i = 0; i < 12; i++) made.push(await admit(call, now + i * 10_000))
    const { admissions } = await seen(cedar, 'quota-1')
    expect([admissions.count, admissions.latest]).toEqual([12, made.toReversed().slice(0, 10)])
  })

  test('nothing before `since`', async () => {
    await admit(call, since - 10_000)
    const kept = await admit(call, since)
    expect((await seen(cedar, 'quota-1')).admissions).toMatchObject({ count: 1, latest: [kept] })
  })

  test('more entries than are looked at: the figures are the least, and say so', async () => {
    for (let i = 0; i < 5; i++) await admit(call, now + i * 10_000)
    const cut = await seen(cedar, 'quota-1', 3)
    expect([cut.admissions.count, cut.atLeast]).toEqual([3, true])
    const whole = await seen(cedar, 'quota-1', 5)
    expect([whole.admissions.count, whole.atLeast]).toEqual([5, false])
  })
})

describe('the grants under it', () => {
  test('of a quota with their limits and the pool, of another clause without; none under another agreement', async () => {
    const pool = { ...freshMeter('pool_1', { ...limits, total: 5_000 }, now), shared: 'pool' as const }
    await world.put(keys.meter('pool_1'), pool)
    await world.agreement({ pool: 'pool_1' })
    await world.grant('grant_1', { meters: ['meter_grant_1', 'pool_1'] })
    const quota = await seen(halcyon, 'quota-1')
    expect(quota.grants.map(({ grant, limits: own }) => [grant.id, own])).toEqual([['grant_1', limits]])
    expect(quota.pool?.limits.total).toBe(5_000)
    const purpose = await seen(halcyon, 'purpose-1')
    expect(purpose.grants.map(({ grant, limits: own }) => [grant.id, own])).toEqual([['grant_1', undefined]])
    expect(purpose).not.toHaveProperty('pool')
  })
})

describe('who sees what', () => {
  test.each([
    ['its developer', halcyon, 'shown'],
    ['its counterparty', cedar, 'shown'],
    ['the office that signs it', office, 'shown'],
    ['who audits its model', auditor, 'shown'],
    ['another partner', birch, 'record_unknown'],
    ['another developer', other, 'record_unknown'],
    ['a consultant', consultant, 'record_unknown'],
  ] as const)('%s: %s', async (_, viewer, outcome) => {
    expect(code(await look(viewer, 'quota-1'))).toBe(outcome)
  })

  test('who holds no role sees nothing', async () => {
    const none: readonly Role[] = []
    expect(code(await look({ ...cedar, roles: none }, 'quota-1'))).toBe('record_unknown')
  })

  test('an office counts no calls of a partner, nor refusals; decisions it does', async () => {
    await issue()
    await admit()
    await refused('capability_withheld', 'capabilities-1')
    await decide({})
    const told = await seen(office, 'capabilities-1')
    expect([
      told.admissions.count,
      told.tokens.count,
      told.refusals.count,
      told.refusals.byCode.size,
    ]).toEqual([0, 0, 0, 0])
    expect([told.decisions.count, told.grants.length]).toEqual([1, 1])
    const developer = await seen(halcyon, 'capabilities-1')
    expect([developer.admissions.count, developer.refusals.count]).toEqual([1, 1])
  })

  test('a clause that is in no version is not there', async () => {
    expect(code(await look(cedar, 'quota-9'))).toBe('record_unknown')
    const missing = { agreement: 'agreement_9', clause: 'quota-1', since }
    expect(code(await clauseEffects(world.store, as(cedar), missing))).toBe('record_unknown')
  })
})

describe('versions that hold it', () => {
  const added = draft(2, {
    clauses: second.clauses.map(one => (one.kind === 'quota' ? { ...one, id: 'quota-2' } : one)),
  })
  const next = (state: 'draft' | 'offered') => ({
    next: { version: 2, digest: compiled(added).digest, state },
  })

  test('the newest first, and the clause as the version in force has it', async () => {
    await world.version(second, { effectiveAt: now })
    const found = await seen(cedar, 'quota-1')
    expect(found.versions).toEqual([compiled(second).digest, digest])
    expect(found.clause).toEqual(first.clauses.find(({ id }) => id === 'quota-1'))
  })

  test('what is still being drafted is its developer’s alone, until it is offered', async () => {
    await world.agreement(next('draft'))
    await world.version(added)
    expect(code(await look(halcyon, 'quota-2'))).toBe('shown')
    for (const viewer of [cedar, office, auditor])
      expect(code(await look(viewer, 'quota-2'))).toBe('record_unknown')
    await world.agreement(next('offered'))
    for (const viewer of [cedar, office]) expect(code(await look(viewer, 'quota-2'))).toBe('shown')
  })

  test('a draft that was never offered stays its developer’s when another took its place', async () => {
    await world.version(added)
    expect(code(await look(cedar, 'quota-2'))).toBe('record_unknown')
    expect(code(await look(halcyon, 'quota-2'))).toBe('shown')
  })
})

describe('on the wire', () => {
  async function answer(id: string, query: object = {}) {
    const operation = clauseOperations.find(one => one.id === id)
    const given = await operation?.answer({
      deps: { store: world.store, clock: { now: () => now } } as never,
      caller: as(cedar) as never,
      path: { agreement: 'agreement_1', clause: 'quota-1' },
      query: operation.query?.parse(query) ?? {},
      body: undefined,
      request: 'r',
    })
    if (given === undefined || given instanceof Refusal) throw new Error(`no answer of ${id}`)
    operation?.answers[200]?.parse(given.body)
    return given.body as Record<string, unknown> & { items: { kind: string; required: boolean }[] }
  }

  test('the effects keep their shape, and reach back a day unless asked otherwise', async () => {
    await refused('capability_withheld', 'quota-1')
    const body = await answer('getClauseEffects')
    expect(body).toMatchObject({
      agreement: 'agreement_1',
      clause: { id: 'quota-1', kind: 'quota', title: 'Quota', enforcement: 'enforced' },
      grants: [{ id: 'grant_1', limits: { total: 1_000, per_day: 500 } }],
      pool: null,
      refusals: { count: 1, by_code: { capability_withheld: 1 } },
      since: new Date(since).toISOString(),
      at_least: false,
    })
    expect(await answer('getClauseEffects', { since: '2027-01-01T00:00:00Z' })).toMatchObject({
      since: '2027-01-01T00:00:00.000Z',
    })
  })

  test.each(['0001-01-01T00:00:00Z', '1969-12-31T23:59:59Z', '1970-01-01T00:00:00Z'])(
    'since %s, before which nothing is: everything is counted',
    async long => {
      await refused('capability_withheld', 'quota-1')
      expect(await answer('getClauseEffects', { since: long })).toMatchObject({
        refusals: { count: 1 },
        since: new Date(long).toISOString(),
      })
    },
  )

  test('every kind of clause is listed, and which no agreement is without', async () => {
    const { items } = await answer('listClauseKinds')
    expect(items.map(({ kind }) => kind)).toEqual(clauseKinds)
    expect(items.filter(({ required }) => required).map(({ kind }) => kind)).toEqual([
      'quota',
      'purpose',
      'capabilities',
      'retention-notice',
      'non-licensing',
    ])
  })

  test('templates are listed with their clauses, and say that they are made up', async () => {
    const { items } = await answer('listAgreementTemplates')
    expect(items).toEqual(
      templates.map(({ id, kind, title, summary, clauses }) => ({ id, kind, title, summary, clauses })),
    )
    for (const one of templates) expect(one.title).toContain('made up')
  })
})
