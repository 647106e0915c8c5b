/**
 * Invariant 6, through the gate: from every state, with every other organisation refusing in every way that it has, one
 * developer-admin releases and withdraws at once, and from then on calls are admitted as the developer says and no other.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { at, textAt } from '../../client/json.ts'
import { keys } from '../../shared/domain/keys.ts'
import type { Model, ModelState } from '../../shared/domain/records.ts'
import { type EmbeddedWorld, openEmbedded } from '../world/embedded.ts'
import { because, codeOf, type Deciding, deciding } from '../world/governance.ts'
import { enrolClient } from '../world/governance-subjects.ts'
import { rawClient } from '../world/raw-client.ts'

const states = [
  'engaged',
  'under_assessment',
  'not_designated',
  'designated',
  'government_window',
  'partner_access',
  'withdrawn',
  'from_a_later_version',
] as const

const idOf = (state: string, end: string): string => `${state.replaceAll('_', '-')}-${end}`
/** One that is released while its partner is suspended. */
const late = 'late-one'
const all = [
  late,
  ...states.flatMap(state => [
    idOf(state, 'released'),
    ...(state === 'withdrawn' ? [] : [idOf(state, 'gone')]),
  ]),
]

let world: EmbeddedWorld
let deciders: Deciding
let make: Deciding['make']
const grants = new Map<string, string>()
const agreements = { engagement: '', access: '', late: '' }

const later = (ms: number): string => new Date(Date.now() + ms).toISOString()
const day = 86_400_000
const limits = { total: 100_000, per_day: 100_000, rpm: 6_000, burst: 100, streams: 8 }

beforeAll(async () => {
  world = await openEmbedded()
  deciders = deciding(world)
  make = deciders.make
  agreements.engagement = await signed('engagement', 'ofr', 'nora', 'sample-engagement')
  const aurora = await deciders.read('ada', '/models/aurora-preview')
  for (const id of all)
    await make('ada', '/models', {
      id,
      name: id,
      government: 'ofr',
      agreement: agreements.engagement,
      upstreams: at(aurora?.body, 'upstreams'),
      tokens: at(aurora?.body, 'tokens'),
      ...because(),
    })
  agreements.access = await signed('access', 'cedar', 'priya', 'sample-access', 'ofr')
  // Its agreement covers no model that is released before it: there an office suspends nothing.
  agreements.late = await signed('access', 'cedar', 'priya', 'sample-access', 'ofr', [late])
  for (const id of all) {
    const asked = {
      organisation: 'cedar',
      model: id,
      agreement: id === late ? agreements.late : agreements.access,
      limits,
      expires_at: later(day),
    }
    await make('ada', '/grants', { ...asked, ...because() }, { with: 'nora' })
  }
  for (const grant of await deciders.list('ada', '/grants'))
    if (grant.agreement === agreements.access || grant.agreement === agreements.late)
      grants.set(String(grant.model), String(grant.id))
}, 60_000)
afterAll(() => world.close())

/** Drafted and offered by the developer, signed by every party, and acknowledged. */
async function signed(
  kind: string,
  counterparty: string,
  signs: string,
  template: string,
  third?: string,
  models: readonly string[] = all,
): Promise<string> {
  const { id } = await make('ada', '/agreements', {
    kind,
    counterparty,
    template,
    ...(third && { third_party: third }),
    models,
    starts_at: later(-day),
    ends_at: later(30 * day),
    ...because(),
  })
  const on = `/agreements/${id}`
  await make('ada', `${on}/offer`, because(), { on })
  const digest = textAt((await deciders.read('ada', on))?.body, 'digest')
  for (const login of ['ada', signs, ...(third ? ['nora'] : [])])
    await make(login, `${on}/sign`, { digest, ...because() }, { on })
  await make(signs, `${on}/acknowledge`, { digest, ...because() }, { on })
  return id
}

/** From engaged to there; a state that nobody knows, as a later version would write it. */
async function bringTo(state: (typeof states)[number], id: string): Promise<void> {
  const on = `/models/${id}`
  const determined = { determination: 'OFR-7', signer: 'The Director (made up)' }
  if (state === 'under_assessment') await make('nora', `${on}/assess`, because(), { on })
  if (state === 'not_designated')
    await make('nora', `${on}/not_designate`, { ...determined, ...because() }, { on })
  if (['designated', 'government_window', 'partner_access'].includes(state))
    await make('nora', `${on}/designate`, { ...determined, ...because() }, { on })
  if (state === 'government_window') {
    const { client_id } = await enrolClient(world, deciders, 'nora', `evaluator of ${id}`)
    const window = { ends_at: later(day), clients: [client_id], limits }
    await make('ada', `${on}/window`, { ...window, ...because() }, { on, with: 'omar' })
  }
  if (state === 'partner_access') await make('ada', `${on}/open`, because(), { on })
  if (state === 'withdrawn') await make('boris', `${on}/withdraw`, because())
  if (state === 'from_a_later_version')
    await world.store.write({
      kind: 'update',
      key: keys.model(id),
      change: { set: [[['state'], state]] },
    })
}

/** What others can put in the way of the calls of one model alone; what hits all of a partner's is `late`. */
async function refuseEverything(id: string): Promise<void> {
  const grant = `/grants/${grants.get(id)}`
  await make('nora', `${grant}/suspend`, because(), { on: grant })
  for (const scope of [
    { organisation: 'cedar', model: id },
    { client: world.partner('cedar').client_id, model: id },
  ])
    await make('nora', '/holds', { scope, ...because('An order.', 'legal_order') })
}

const called = async (id: string): Promise<string> => {
  const raw = rawClient(world.issuer, { ...world.partner('cedar'), model: id })
  const asked = await raw.tokenRequest({ form: { resource: `${world.issuer}/models/${id}` } })
  const token = (await asked.json()) as { access_token?: string; sallyport?: { code: string } }
  if (token.access_token === undefined) return token.sallyport?.code ?? 'no token'
  const answer = await raw.chat({ model: id, max_tokens: 5 }, { token: token.access_token })
  const body = (await answer.json()) as { error?: { sallyport?: { code: string } } }
  return body.error?.sallyport?.code ?? 'admitted'
}

const stateOf = async (id: string): Promise<ModelState | undefined> =>
  ((await world.store.get([keys.model(id)]))[0] as Model | undefined)?.state

describe.each(states)('from %s', state => {
  const released = idOf(state, 'released')

  test('one developer-admin releases it, and calls go on', async () => {
    await bringTo(state, released)
    if (state !== 'withdrawn') await refuseEverything(released)
    expect(await called(released)).not.toBe('admitted')
    const done = await deciders.ask('boris', `/models/${released}/release`, because())
    expect([done.status, textAt(done.body, 'step')]).toEqual([200, 'applied'])
    expect(await stateOf(released)).toBe('released')
    expect(await called(released)).toBe('admitted')
  })

  if (state !== 'withdrawn')
    test('one developer-admin withdraws it, and nothing is served any more', async () => {
      const gone = idOf(state, 'gone')
      await bringTo(state, gone)
      await refuseEverything(gone)
      const done = await deciders.ask('ada', `/models/${gone}/withdraw`, because())
      expect([done.status, textAt(done.body, 'step')]).toEqual([200, 'applied'])
      expect(await stateOf(gone)).toBe('withdrawn')
      expect(await called(gone)).toBe('model_withdrawn')
    })
})

describe('once it is released', () => {
  const id = idOf('partner_access', 'released')
  const on = `/models/${id}`
  const cedar = '/partners/cedar'

  test('nobody else stops its calls, whatever they try', async () => {
    const grant = `/grants/${grants.get(id)}`
    for (const verb of ['suspend', 'revoke']) {
      const version = (await deciders.read('nora', grant))?.version ?? 0
      const asked = await deciders.ask('nora', `${grant}/${verb}`, because(), { ifMatch: version })
      expect([verb, asked.status, codeOf(asked)]).toEqual([verb, 403, 'role_missing'])
    }
    const held = await deciders.ask('nora', '/holds', {
      scope: { organisation: 'cedar', model: id },
      ...because(),
    })
    expect([held.status, codeOf(held)]).toEqual([409, 'state_forbids'])
    const agreement = `/agreements/${agreements.access}`
    const version = (await deciders.read('nora', agreement))?.version ?? 0
    const suspended = await deciders.ask('nora', `${agreement}/suspend`, because(), { ifMatch: version })
    expect(codeOf(suspended)).toBe('role_missing')
    expect(await called(id)).toBe('admitted')
  })

  test('what others stop beside it leaves it alone: a partner, a client, a hold on either', async () => {
    const other = 'aurora-preview'
    const client = `/clients/${world.partner('cedar').client_id}`
    const hold = await make('nora', '/holds', { scope: { organisation: 'cedar' }, ...because() })
    expect([await called(other), await called(id)]).toEqual(['hold_active', 'admitted'])
    await make('nora', `/holds/${hold.id}/lift`, because(), { on: `/holds/${hold.id}` })

    await make('nora', `${client}/suspend`, because(), { on: client })
    expect([await called(other), await called(id)]).toEqual(['client_suspended', 'admitted'])
    await make('ada', `${client}/reinstate`, because(), { on: client, with: 'nora' })

    await make('nora', `${cedar}/suspend`, because(), { on: cedar })
    expect([await called(other), await called(id)]).toEqual(['partner_suspended', 'admitted'])
    await make('ada', `${cedar}/reinstate`, because(), { on: cedar, with: 'nora' })
    expect([await called(other), await called(id)]).toEqual(['admitted', 'admitted'])
  })

  test('its developer stops it, lets it go on, and withdraws it', async () => {
    await make('ada', `${on}/kill`, because())
    expect(await called(id)).toBe('model_killed')
    await make('boris', `${on}/resume`, because(), { on })
    expect(await called(id)).toBe('admitted')
    const hold = await make('ada', '/holds', { scope: { organisation: 'cedar', model: id }, ...because() })
    expect(await called(id)).toBe('hold_active')
    await make('boris', `/holds/${hold.id}/lift`, because(), { on: `/holds/${hold.id}` })
    await make('ada', `${on}/withdraw`, because())
    expect(await called(id)).toBe('model_withdrawn')
  })
})

describe('a partner that others have suspended before, with its client, its agreement and its grant', () => {
  test('goes on with the model from the release on, and with nothing else', async () => {
    const cedar = '/partners/cedar'
    const client = `/clients/${world.partner('cedar').client_id}`
    const agreement = `/agreements/${agreements.late}`
    const grant = `/grants/${grants.get(late)}`
    for (const on of [grant, agreement, client, cedar]) await make('nora', `${on}/suspend`, because(), { on })
    for (const scope of [{ organisation: 'cedar', model: late }, { organisation: 'cedar' }])
      await make('nora', '/holds', { scope, ...because('An order.', 'legal_order') })
    expect(await called(late)).toBe('client_suspended')
    await make('boris', `/models/${late}/release`, because())
    expect([await called(late), await called('aurora-preview')]).toEqual(['admitted', 'client_suspended'])
    for (const on of [client, cedar]) await make('ada', `${on}/reinstate`, because(), { on, with: 'nora' })
    expect([await called(late), await called('aurora-preview')]).toEqual(['admitted', 'hold_active'])
  })
})
