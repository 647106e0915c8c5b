import { beforeEach, describe, expect, test } from 'vitest'
import { modelListed, modelShown } from '../../../../functions/api/shapes/model.ts'
import { judgeUpstreamUrl } from '../../../../functions/api/upstream-url.ts'
import { decide } from '../../../../functions/governance/engine/decide.ts'
import { readEnding } from '../../../../functions/governance/models/read-ending.ts'
import { lapse } from '../../../../functions/sweeper/run.ts'
import { keys } from '../../../../shared/domain/keys.ts'
import type { Agreement } from '../../../../shared/domain/records.ts'
import { applied, day, type GrantWorld, grantWorld, proposed, reason, start, told } from './grant-world.ts'
import { preceded } from './preceded.ts'

const tokens = { overhead: { request: 16, message: 8, tool: 600 }, hidden_output: true }
const upstreams = { openai: { url: 'https://new.example/v1', credential: 'openai', model: 'cirrus-1' } }
const cirrus = {
  id: 'cirrus',
  name: 'Cirrus',
  government: 'ofr',
  agreement: 'agreement_engaged',
  upstreams,
  tokens,
}

let world: GrantWorld
beforeEach(async () => {
  world = await grantWorld()
  await engaging()
})

/** An engagement agreement that is in force, unless it is said otherwise. */
const engaging = (change: Partial<Agreement> = {}) =>
  world.records.agreement({
    id: 'agreement_engaged',
    kind: 'engagement',
    counterparty: 'ofr',
    governments: ['ofr'],
    models: ['cirrus'],
    ...change,
  })

const engage = (who = 'dana', change: object = {}) =>
  world.call(who, 'engageModel', { body: { ...cirrus, ...change } })
const act = (who: string, verb: string, model = 'aurora', rev?: number, body: object = {}) =>
  world.call(who, `${verb}Model`, { path: { model }, body, ...(rev !== undefined && { rev }) })

describe('a model is engaged', () => {
  test('by its developer, with an office; nobody else is asked', async () => {
    expect(applied(await engage()).status).toBe(201)
    expect(await world.get(keys.model('cirrus'))).toMatchObject({
      state: 'engaged',
      developer: 'halcyon',
      governments: ['ofr'],
      agreement: 'agreement_engaged',
      killed: false,
      rev: 1,
      tokens: { hiddenOutput: true },
    })
  })

  test.each([
    ['an office that there is not', { government: 'halcyon' }, 'body_malformed government'],
    ['an id that is taken', { id: 'aurora' }, 'record_exists id'],
    ['a name above the level', { name: '(TS//SI) Cirrus' }, 'classification_exceeded name'],
  ])('not with %s', async (_, change, code) => {
    expect(told(await engage('dana', change))).toBe(code)
  })

  test.each([
    ['another developer’s', { developer: 'zephyr' }, 'record_unknown agreement'],
    ['one of access', { kind: 'access' }, 'agreement_not_effective agreement'],
    ['one with another office', { counterparty: 'elsewhere' }, 'agreement_not_effective agreement'],
    ['one that names other models', { models: ['aurora'] }, 'agreement_not_effective agreement'],
    ['one that is not signed yet', { state: 'offered' }, 'agreement_not_effective agreement'],
    ['one that is suspended', { state: 'suspended' }, 'agreement_not_effective agreement'],
    ['one whose term is over', { endsAt: start }, 'agreement_not_effective agreement'],
    ['one that begins later', { startsAt: start + 1 }, 'agreement_not_effective agreement'],
    [
      'one that is signed and not begun',
      { state: 'signed', startsAt: start + 1 },
      'agreement_not_effective agreement',
    ],
    ['one whose term has begun, which nobody has recorded', { state: 'signed', startsAt: start }, undefined],
  ] as const)('under an engagement that is in force: %s', async (_, change, code) => {
    await engaging(change)
    const outcome = await engage()
    if (code === undefined) expect(applied(outcome).status).toBe(201)
    else expect(told(outcome)).toBe(code)
  })

  test('not where the agreement is suspended at the same moment', async () => {
    const stopped = { set: [[['state'], 'suspended']], add: [[['rev'], 1]] } as const
    const key = keys.agreement('agreement_engaged')
    const store = preceded(world.store, () => world.store.write({ kind: 'update', key, change: stopped }))
    const action = {
      name: 'model.engage',
      id: 'cirrus',
      params: { ...cirrus, developer: 'halcyon' },
    } as const
    const outcome = await decide({ ...world.deps, store }, await world.actor('dana'), {
      action,
      reason,
      request: 'r',
    })
    expect(told(outcome)).toBe('agreement_not_effective agreement')
    expect(await world.has(keys.model('cirrus'))).toBe(false)
  })

  test('under an agreement that there is', async () => {
    expect(told(await engage('dana', { agreement: 'agreement_none' }))).toBe('record_unknown agreement')
  })

  test('whoever is no developer does not learn which ids are taken', async () => {
    for (const id of ['aurora', 'cirrus'])
      for (const who of ['pat', 'nora', 'audrey'])
        expect(told(await engage(who, { id }))).toBe('role_missing')
  })

  test.each([
    ['http://new.example/v1', 'clear text'],
    ['https://user:secret@new.example/v1', 'a user name'],
    ['https://new.example/v1?key=1', 'a query'],
    ['https://127.0.0.1/v1', 'loopback'],
    ['https://new.example', 'no /v1'],
    ['file:///etc/passwd', 'another scheme'],
    ['https://new.example\\@evil.example/v1', 'what parsers read differently'],
  ])('not where the address is %s: %s', async url => {
    const wrong = { openai: { ...upstreams.openai, url } }
    expect(told(await engage('dana', { upstreams: wrong }))).toBe('body_malformed upstreams.openai.url')
  })

  test('nobody has the credential of another developer sent to an address of their own', async () => {
    await engaging({ developer: 'zephyr', models: ['trap', 'own'] })
    const stolen = { openai: { url: 'https://zephyr.example/v1', credential: 'openai', model: 'm' } }
    expect(told(await engage('zoe', { id: 'trap', upstreams: stolen }))).toBe('record_unknown upstreams')
    const reserved = { openai: { ...stolen.openai, credential: 'halcyon/spare' } }
    expect(told(await engage('zoe', { id: 'trap', upstreams: reserved }))).toBe('record_unknown upstreams')
    expect(await world.has(keys.model('trap'))).toBe(false)
    const own = { openai: { ...stolen.openai, credential: 'zephyr/openai' } }
    expect(applied(await engage('zoe', { id: 'own', upstreams: own })).status).toBe(201)
  })
})

describe('in clear an upstream is asked on this machine alone', () => {
  test.each([
    ['http://127.0.0.1:8789/v1', 'openai', 'http://localhost:8788', undefined],
    ['http://127.0.0.1:8789', 'anthropic', 'http://127.0.0.1:8788', undefined],
    ['http://127.0.0.1:8789/v1', 'anthropic', 'http://127.0.0.1:8788', 'body_malformed'],
    ['http://models.example/v1', 'openai', 'http://127.0.0.1:8788', 'body_malformed'],
    ['http://169.254.169.254/v1', 'openai', 'https://gate.example', 'body_malformed'],
    ['http://127.0.0.1:8789/v1', 'openai', 'https://gate.example', 'body_malformed'],
    ['https://models.example/v1', 'openai', 'https://gate.example', undefined],
  ] as const)('%s by %s, for %s', (url, protocol, issuer, code) => {
    expect(judgeUpstreamUrl(url, protocol, issuer)?.code).toBe(code)
  })
})

describe('a model is changed', () => {
  const change = (who: string, body: object, rev = 1) =>
    world.call(who, 'changeModel', { path: { model: 'aurora' }, body, rev })

  test('by its developer: where it is served, what it costs', async () => {
    applied(await change('dana', { upstreams, tokens }))
    const model = await world.get(keys.model('aurora'))
    expect([model.upstreams.openai?.url, model.tokens.hiddenOutput, model.rev]).toEqual([
      'https://new.example/v1',
      true,
      2,
    ])
  })

  test('what is so already is no change', async () => {
    expect(told(await change('dana', { name: 'Aurora' }))).toBe('state_forbids')
  })

  test('another developer’s is not there', async () => {
    expect(told(await change('zoe', { name: 'Mine' }))).toBe('record_unknown')
    expect(told(await change('nora', { name: 'Ours' }))).toBe('role_missing')
  })

  test('the credential of another developer is refused here too', async () => {
    await world.records.model({
      id: 'other',
      developer: 'zephyr',
      upstreams: { openai: { url: 'https://z.example/v1', credential: 'zephyr-key', model: 'o' } },
    })
    const stolen = { openai: { ...upstreams.openai, credential: 'zephyr-key' } }
    expect(told(await change('dana', { upstreams: stolen }))).toBe('record_unknown upstreams')
  })

  test('an address stands in no difference: there it is a digest', async () => {
    const { body } = applied(await change('dana', { upstreams }))
    const { difference } = body as { difference: readonly { field: string; to: unknown }[] }
    expect(difference.map(({ field }) => field)).toEqual(['upstreams.openai'])
    expect(JSON.stringify(difference)).not.toContain('new.example')
  })

  test('the office is told that it changed, and its entry does not tell the address', async () => {
    const { body } = applied(await change('dana', { upstreams }))
    const { entry } = body as { entry: string }
    expect(await world.entry(entry)).toMatchObject({ governments: ['ofr'], params: {} })
    expect(JSON.stringify(await world.entry(entry))).not.toContain(upstreams.openai.url)
    expect(await world.has(keys.notice(`${entry}-ofr`))).toBe(true)
  })
})

describe('the states of a model', () => {
  test('an office that it is engaged with designates it, the developer opens it', async () => {
    await world.records.model({ state: 'engaged' })
    const reference = { determination: 'D-2027-04', signer: 'The director' }
    expect(told(await act('elsa', 'designate', 'aurora', 1, reference))).toBe('record_unknown')
    expect(told(await act('dana', 'designate', 'aurora', 1, reference))).toBe('role_missing')
    const { body } = applied(await act('nora', 'designate', 'aurora', 1, reference))
    expect(await world.entry((body as { entry: string }).entry)).toMatchObject({
      action: 'model.designate',
      params: reference,
      role: 'nsa-admin',
    })
    expect(told(await act('nora', 'open', 'aurora', 2))).toBe('role_missing')
    applied(await act('dana', 'open', 'aurora', 2))
    expect((await world.get(keys.model('aurora'))).state).toBe('partner_access')
  })

  test('what is not engaged is not designated', async () => {
    expect(told(await act('nora', 'designate', 'aurora', 1, { determination: 'D-1', signer: 'S' }))).toBe(
      'state_forbids',
    )
  })

  test('the kill switch needs no version and no fresh sign-in; letting go on does', async () => {
    const stale = { ...(await world.caller('dana')), authTime: start - day }
    applied(await world.call(stale, 'killModel', { path: { model: 'aurora' } }))
    expect((await world.get(keys.model('aurora'))).killed).toBe(true)
    expect(told(await world.call(stale, 'resumeModel', { path: { model: 'aurora' }, rev: 2 }))).toBe(
      'fresh_sign_in_required',
    )
    applied(await act('devon', 'resume', 'aurora', 2))
    expect((await world.get(keys.model('aurora'))).killed).toBe(false)
  })

  test('whoever does not see it learns nothing of its state', async () => {
    for (const verb of ['kill', 'resume', 'open', 'release', 'withdraw'])
      expect(told(await act('zoe', verb, 'aurora', 1))).toBe('record_unknown')
  })
})

describe.each([
  ['release', 'released'],
  ['withdraw', 'withdrawn'],
] as const)('a developer decides alone: %s', (verb, state) => {
  test.each([
    'engaged',
    'under_assessment',
    'designated',
    'not_designated',
    'government_window',
    'partner_access',
  ] as const)('from %s, at once', async from => {
    await world.records.model({ state: from })
    expect(applied(await act('dana', verb)).status).toBe(200)
    expect((await world.get(keys.model('aurora'))).state).toBe(state)
  })

  test('nobody of the government does', async () => {
    expect(told(await act('nora', verb))).toBe('role_missing')
  })

  test('every hold of the government on it ends; the developer’s and those on others stay', async () => {
    await world.hold('hold_g', 'nora', { model: 'aurora', organisation: 'cedar' })
    await world.hold('hold_d', 'dana', { model: 'aurora' })
    await world.hold('hold_o', 'nora', { model: 'borealis', organisation: 'cedar' })
    await world.hold('hold_p', 'nora', { organisation: 'prairie' })
    applied(await act('dana', verb))
    const standing = await world.get(keys.standing)
    expect(Object.keys(standing.holds).sort()).toEqual(['hold_d', 'hold_o', 'hold_p'])
    const states = await Promise.all(
      ['hold_g', 'hold_d', 'hold_o', 'hold_p'].map(async id => (await world.get(keys.hold(id))).state),
    )
    expect(states).toEqual(['lifted', 'active', 'active', 'active'])
    const { ended } = await world.get(keys.hold('hold_g'))
    expect([ended?.at, ended?.by?.person, Object.keys(ended ?? {})]).toEqual([
      start,
      'dana',
      ['at', 'by', 'reason'],
    ])
  })

  test('every suspension of the government ends with its meter open; the developer’s stays', async () => {
    await world.records.meter('meter_2')
    await world.records.grant({ id: 'grant_2', organisation: 'prairie', meters: ['meter_2'] })
    applied(await world.decide('nora', 'grant.suspend', 'grant_1'))
    applied(await world.decide('dana', 'grant.suspend', 'grant_2'))
    expect((await world.meter()).state).toBe('closed')
    const { body } = applied(await act('dana', verb))
    const one = await world.get(keys.grant('grant_1'))
    expect([one.state, one.stop, (await world.meter()).state]).toEqual(['active', undefined, 'open'])
    expect((await world.get(keys.grant('grant_2'))).state).toBe('suspended')
    expect((await world.meter('meter_2')).state).toBe('closed')
    const { entry } = body as { entry: string }
    expect((await world.entry(entry)).difference).toContainEqual({
      field: 'suspended_grants',
      from: ['grant_1'],
      to: [],
    })
    expect(await world.has(keys.notice(`${entry}-cedar`))).toBe(true)
  })

  test('the meter of a partner that the developer has stopped stays closed', async () => {
    applied(await world.decide('nora', 'grant.suspend', 'grant_1'))
    applied(await world.decide('dana', 'partner.suspend', 'cedar'))
    applied(await act('dana', verb))
    expect((await world.get(keys.grant('grant_1'))).state).toBe('active')
    expect((await world.meter()).state).toBe('closed')
    expect(await world.get(keys.organisation('cedar'))).not.toHaveProperty('continues')
  })

  test('of a partner that others have stopped, its grants go on; those of other models do not', async () => {
    await world.records.meter('meter_2')
    await world.records.grant({ id: 'grant_2', model: 'borealis', meters: ['meter_2'] })
    applied(await world.decide('nora', 'grant.suspend', 'grant_1'))
    applied(await world.decide('nora', 'partner.suspend', 'cedar'))
    expect([(await world.meter()).state, (await world.meter('meter_2')).state]).toEqual(['closed', 'closed'])
    const { body } = applied(await act('dana', verb))
    expect(await world.get(keys.organisation('cedar'))).toMatchObject({
      partner: 'suspended',
      continues: ['grant_1'],
    })
    expect([(await world.meter()).state, (await world.meter('meter_2')).state]).toEqual(['open', 'closed'])
    const { entry } = body as { entry: string }
    expect((await world.entry(entry)).difference).toContainEqual({
      field: 'continues.cedar',
      from: [],
      to: ['grant_1'],
    })
    expect(await lapse(world.deps)).toEqual({})
  })

  const others = { by: { organisation: 'ofr' }, reason, entry: 'e', ratifyBy: start + day } as never

  test('a suspension of an agreement that covers it ends, unless its developer has part in it', async () => {
    const models = ['aurora']
    await world.records.agreement({ state: 'suspended', stop: others, models })
    await world.records.agreement({
      id: 'agreement_2',
      models,
      state: 'suspended',
      stop: { ...(others as object), by: { organisation: 'halcyon' } } as never,
    })
    await world.records.agreement({
      id: 'agreement_3',
      state: 'suspended',
      stop: others,
      models: ['borealis'],
    })
    await world.records.agreement({
      id: 'agreement_4',
      models,
      state: 'suspended',
      stop: others,
      endsAt: start,
    })
    await world.records.meter('meter_1', { state: 'closed' })
    applied(await act('dana', verb))
    const states = await Promise.all(
      [1, 2, 3, 4].map(async i => (await world.get(keys.agreement(`agreement_${i}`))).state),
    )
    expect(states).toEqual(['effective', 'suspended', 'suspended', 'suspended'])
    expect(await world.get(keys.agreement('agreement_1'))).not.toHaveProperty('stop')
    expect((await world.meter()).state).toBe('open')
  })

  test('what the transaction had no room for the sweeper ends, of agreements and of partners too', async () => {
    for (let i = 0; i < 60; i++) {
      await world.records.organisation({
        ...(await world.get(keys.organisation('cedar'))),
        id: `p${i}`,
        partner: 'suspended',
        stop: others,
      } as never)
      await world.records.meter(`m${i}`, { state: 'closed' })
      await world.records.grant({ id: `g${i}`, organisation: `p${i}`, meters: [`m${i}`] })
    }
    for (let i = 10; i < 70; i++)
      await world.records.agreement({
        id: `agreement_${i}`,
        models: ['aurora'],
        state: 'suspended',
        stop: others,
      })
    applied(await act('dana', verb))
    const swept = await lapse(world.deps)
    expect(swept.agreement_suspensions_ended).toBeGreaterThan(0)
    expect(swept.grants_continued).toBeGreaterThan(0)
    for (let i = 0; i < 60; i++) {
      expect((await world.get(keys.agreement(`agreement_${i + 10}`))).state).toBe('effective')
      expect(await world.get(keys.organisation(`p${i}`))).toMatchObject({ continues: [`g${i}`] })
      expect((await world.meter(`m${i}`)).state).toBe('open')
    }
    expect(await lapse(world.deps)).toEqual({})
  })

  test('more than a transaction takes: nothing of it stands in admission’s way', async () => {
    for (let i = 0; i < 100; i++)
      await world.hold(`hold_${i}`, 'nora', { model: 'aurora', organisation: `o${i}` })
    applied(await act('dana', verb))
    expect((await world.get(keys.standing)).holds).toEqual({})
    expect((await world.get(keys.model('aurora'))).state).toBe(state)
  })

  test('more suspensions than a transaction takes do not hold it up, and the sweeper ends the rest', async () => {
    applied(await world.decide('nora', 'grant.suspend', 'grant_1'))
    const suspended = await world.get(keys.grant('grant_1'))
    for (let i = 2; i <= 60; i++) {
      await world.records.meter(`meter_${i}`, { state: 'closed' })
      await world.records.grant({ ...suspended, id: `grant_${i}`, meters: [`meter_${i}`] })
    }
    applied(await act('dana', verb))
    const model = await world.get(keys.model('aurora'))
    expect(model.state).toBe(state)
    expect((await readEnding(world.store, model, { now: world.now() })).grants).toHaveLength(32)
    expect(await lapse(world.deps)).toMatchObject({ suspensions_ended: 32 })
    expect((await readEnding(world.store, model, { now: world.now() })).grants).toEqual([])
    expect((await world.meter('meter_60')).state).toBe('open')
  })

  test('two of the office do not end what they had begun on a grant that a mission hangs on', async () => {
    await world.records.grant({ missionContinuity: true })
    const waiting = proposed(await world.decide('nora', 'grant.suspend', 'grant_1'))
    applied(await act('dana', verb))
    expect(told(await world.answer('olga', 'approve', waiting))).toBe('role_missing')
    expect((await world.get(keys.grant('grant_1'))).state).toBe('active')
  })

  test('the office is told that the developer decides alone', async () => {
    applied(await act('dana', verb))
    const refused = await world.decide('nora', 'grant.suspend', 'grant_1')
    expect(refused).toMatchObject({
      code: 'role_missing',
      facts: { detail: `Aurora is ${state}: its developer alone decides on its grants.` },
    })
  })

  test('from then on the developer alone stops a grant of it and lets it go on', async () => {
    const waiting = proposed(await world.decide('nora', 'grant.revoke', 'grant_1'))
    applied(await act('dana', verb))
    expect(told(await world.decide('nora', 'grant.suspend', 'grant_1'))).toBe('role_missing')
    expect(told(await world.decide('nora', 'grant.suspend', 'grant_1', {}, { breakGlass: true }))).toBe(
      'role_missing',
    )
    expect(told(await world.decide('nora', 'grant.revoke', 'grant_1'))).toBe('role_missing')
    // What two of the office had begun before is not brought to its end without the developer.
    expect(told(await world.answer('olga', 'approve', waiting))).toBe('role_missing')
    expect(told(await world.decide('dana', 'grant.suspend', 'grant_1'))).toBe('applied')
    expect(told(await world.decide('dana', 'grant.reinstate', 'grant_1'))).toBe('applied')
  })

  test('a suspension at the same moment is not missed', async () => {
    const outcomes = await Promise.all([
      act('dana', verb),
      world.decide('nora', 'grant.suspend', 'grant_1'),
      world.decide('neil', 'grant.suspend', 'grant_1'),
    ])
    applied(outcomes[0])
    expect((await world.get(keys.grant('grant_1'))).state).toBe('active')
    expect((await world.meter()).state).toBe('open')
  })
})

describe('who sees a model', () => {
  test.each([
    ['its developer', 'dana', true],
    ['the office that it is engaged with', 'nora', true],
    ['a partner that it is granted to', 'pat', true],
    ['its auditor', 'audrey', true],
    ['a partner that it is not offered to', 'rita', false],
    ['another developer', 'zoe', false],
    ['another office', 'elsa', false],
  ])('%s', async (_, who, seen) => {
    const one = await world.call(who, 'getModel', { path: { model: 'aurora' } })
    expect(told(one) === 'record_unknown').toBe(!seen)
    const { body } = applied(await world.call(who, 'listModels'))
    const ids = (body as { items: readonly { id: string }[] }).items.map(({ id }) => id)
    expect(ids.includes('aurora')).toBe(seen)
  })

  test('where it is served is for its developer alone', async () => {
    const shown = async (who: string) =>
      modelShown.parse(applied(await world.call(who, 'getModel', { path: { model: 'aurora' } })).body)
    expect((await shown('dana')).upstreams?.openai?.url).toBe('https://models.example/v1')
    for (const who of ['nora', 'pat', 'audrey']) expect((await shown(who)).upstreams).toBeNull()
  })

  test('a workload is shown what it may use, in the shape that it knows', async () => {
    const organisation = await world.get(keys.organisation('cedar'))
    const client = { id: 'client_1', organisation: 'cedar' }
    const workload = { kind: 'workload', client, organisation, viewer: { organisation: 'cedar' } }
    const { body } = applied(await world.call(workload as never, 'listModels'))
    expect(body).toEqual({
      items: [
        {
          id: 'aurora',
          name: 'Aurora',
          state: 'partner_access',
          open: true,
          developer: 'halcyon',
          protocols: ['openai'],
        },
      ],
      next: null,
    })
    expect(modelListed.parse((body as { items: object[] }).items[0])).toBeDefined()
  })
})
