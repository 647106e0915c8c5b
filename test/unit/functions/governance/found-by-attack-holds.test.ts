/** Ways out of a hold that an attack once found, and what outsiders once learned or took. */
import { beforeEach, describe, expect, test } from 'vitest'
import { partnerOperations } from '../../../../functions/api/operations/partners.ts'
import { keys } from '../../../../shared/domain/keys.ts'
import type { HoldScope } from '../../../../shared/domain/records.ts'
import { Refusal } from '../../../../shared/domain/refusal.ts'
import { holdable, judgeHolds } from '../../../../shared/domain/standing.ts'
import { applied, day, type GrantWorld, grantWorld, start, told } from './grant-world.ts'
import { outcome, type PeopleWorld, peopleWorld } from './people-world.ts'

const until = start + 100 * day
const french = { nationality: { value: 'FR', expiresAt: until, by: 'pat' } }

describe('a client under a hold on its nationality', () => {
  let world: GrantWorld
  beforeEach(async () => {
    world = await grantWorld()
    await world.records.client({ attributes: french })
  })

  /** What the gate would answer a call of it to a model. */
  async function atTheGate(model = 'aurora') {
    const client = await world.get(keys.client('client_1'))
    return judgeHolds(await world.get(keys.standing), { ...holdable(client), model }, world.now())?.code
  }
  const hold = async (scope: HoldScope) =>
    applied(await world.decide('nora', 'hold.place', 'hold_1', { scope }))

  test.each([
    ['none', { nationality: null }],
    ['another one', { nationality: { value: 'DE', expiresAt: until } }],
  ])('stays held when its partner attests %s', async (_, given) => {
    await hold({ nationality: 'FR' })
    const before = await world.get(keys.client('client_1'))
    expect(await atTheGate()).toBe('hold_active')
    expect(told(await world.decide('pat', 'client.attributes', 'client_1', given))).toBe('hold_active')
    expect(await world.get(keys.client('client_1'))).toEqual(before)
    expect(await atTheGate()).toBe('hold_active')
  })

  test('stays held on one model alone, too', async () => {
    await hold({ nationality: 'FR', model: 'aurora' })
    const away = { nationality: null }
    expect(told(await world.decide('pat', 'client.attributes', 'client_1', away))).toBe('hold_active')
    expect([await atTheGate(), await atTheGate('borealis')]).toEqual(['hold_active', undefined])
  })

  test('has the same attested for longer, and more beside it', async () => {
    await hold({ nationality: 'FR' })
    const more = {
      nationality: { value: 'FR', expiresAt: until + day },
      region: { value: 'EU', expiresAt: until },
    }
    expect(told(await world.decide('pat', 'client.attributes', 'client_1', more))).toBe('applied')
    expect(await atTheGate()).toBe('hold_active')
  })

  test.each([
    ['lifted', async () => applied(await world.decide('nora', 'hold.lift', 'hold_1'))],
    ['over', async () => world.pass(15 * day)],
  ])('is corrected once the hold is %s', async (_, end) => {
    await hold({ nationality: 'FR' })
    await end()
    const away = { nationality: null }
    expect(told(await world.decide('pat', 'client.attributes', 'client_1', away))).toBe('applied')
    expect((await world.get(keys.client('client_1'))).attributes).toBeUndefined()
  })

  test('a hold that lapsed does not begin again when its developer concurs a day too late', async () => {
    await hold({ organisation: 'cedar' })
    const before = await world.get(keys.hold('hold_1'))
    world.pass(14 * day)
    expect(told(await world.decide('dana', 'hold.concur', 'hold_1'))).toBe('state_forbids')
    expect(await world.get(keys.hold('hold_1'))).toEqual(before)
    expect((await world.get(keys.standing)).holds).toMatchObject({ hold_1: { until: start + 14 * day } })
    expect(await atTheGate()).toBeUndefined()
  })

  test('a developer concurs in time: it goes on beyond its fourteen days', async () => {
    await hold({ organisation: 'cedar' })
    world.pass(14 * day - 1)
    expect(told(await world.decide('dana', 'hold.concur', 'hold_1'))).toBe('applied')
    world.pass(day)
    expect(await atTheGate()).toBe('hold_active')
  })
})

describe('a person under a hold on their nationality', () => {
  let world: PeopleWorld
  beforeEach(async () => {
    world = await peopleWorld()
  })
  const attest = (value: string) =>
    world.person('attributes', 'priya', 'sam', {
      nationality: { value, expires_at: new Date(until).toISOString() },
    })

  test('is not attested another one by their administrator', async () => {
    expect(outcome(await attest('FR'))).toBe('applied')
    const placed = { scope: { nationality: 'FR' }, reason: 'operational', placedAt: start } as const
    await world.put(keys.standing, { holds: { hold_1: placed }, compromised: {} })
    expect(outcome(await attest('DE'))).toBe('hold_active')
    expect((await world.personOf('sam')).attributes?.nationality?.value).toBe('FR')
    await world.put(keys.standing, { holds: {}, compromised: {} })
    expect(outcome(await attest('DE'))).toBe('applied')
  })
})

test('whoever sees none of an organisation learns nothing of it by enrolling somebody there', async () => {
  const world = await peopleWorld()
  const secret = { id: 'grotto', name: 'Grotto', kind: 'partner', state: 'active' } as const
  await world.organisation({
    ...secret,
    partner: 'closed',
    developers: ['quarry'],
    governments: ['bureau'],
  })
  const about = async (organisation: string) => {
    const body = { name: 'Robin', subject: 'robin', organisation }
    const answer = await world.call('addPerson', 'priya', { body })
    if (!(answer instanceof Refusal)) throw new Error(outcome(answer))
    return [answer.code, answer.facts.detail?.replaceAll(organisation, '…')]
  }
  expect(await about('grotto')).toEqual(await about('nowhere'))
  expect((await about('grotto'))[0]).toBe('record_unknown')
})

describe('a credential that stands in no record', () => {
  const tokens = { overhead: { request: 1, message: 1, tool: 1 }, hidden_output: false }
  const at = (credential: string, host: string) => ({
    openai: { url: `https://${host}.example/v1`, credential, model: 'm' },
  })
  const engage = async (world: GrantWorld, credential: string) => {
    await world.records.agreement({
      id: 'agreement_z',
      kind: 'engagement',
      developer: 'zephyr',
      counterparty: 'ofr',
      models: ['ulysses'],
    })
    return world.decide('zoe', 'model.engage', 'ulysses', {
      name: 'Ulysses',
      developer: 'zephyr',
      government: 'ofr',
      agreement: 'agreement_z',
      tokens,
      upstreams: at(credential, 'zephyr'),
    })
  }

  test('because its developer has just left it is not sent to the address of another', async () => {
    const world = await grantWorld()
    const none = { set: [[['upstreams'], {}]] } as const
    await world.store.write({ kind: 'update', key: keys.model('borealis'), change: none })
    const left = { upstreams: at('halcyon/openai-2', 'models') }
    applied(await world.decide('dana', 'model.change', 'aurora', left))
    expect(told(await engage(world, 'openai'))).toBe('record_unknown upstreams')
    expect(told(await engage(world, 'halcyon/openai-3'))).toBe('record_unknown upstreams')
    expect(await world.has(keys.model('ulysses'))).toBe(false)
    expect(told(await engage(world, 'zephyr/openai'))).toBe('applied')
  })
})

describe('words above the level of the deployment are refused', () => {
  async function nominate(world: GrantWorld, change: object) {
    const operation = partnerOperations.find(one => one.id === 'nominatePartner')
    if (operation === undefined) throw new Error('no operation nominatePartner')
    const reason = { code: 'request', text: 'please' }
    const body = { id: 'fjord', name: 'Fjord Ferries', developer: 'halcyon', government: 'ofr', reason }
    const answer = await operation.answer({
      deps: world.deps as never,
      caller: await world.caller('nora'),
      path: {},
      query: undefined,
      body: operation.body?.parse({ ...body, ...change }),
      request: 'r',
    })
    return answer instanceof Refusal ? told(answer) : answer.status
  }

  test.each([
    ['the name of a nominee', { name: 'TOP SECRET//NOFORN programme' }, 'name'],
    ['its sector', { sector: 'SECRET//NOFORN' }, 'sector'],
    [
      'the reference of a reason',
      { reason: { code: 'request', text: 'x', reference: 'SECRET//NOFORN case' } },
      'reason.reference',
    ],
  ])('in %s', async (_, change, field) => {
    const world = await grantWorld()
    expect(await nominate(world, change)).toBe(`classification_exceeded ${field}`)
    expect(await world.has(keys.organisation('fjord'))).toBe(false)
    expect(await nominate(world, {})).toBe(201)
  })
})
