/** A government window: offered by the developer, taken by the office, opened and ended by the clock. */
import { beforeEach, describe, expect, test } from 'vitest'
import { approve } from '../../../../functions/governance/engine/approve.ts'
import type { Decided } from '../../../../functions/governance/engine/decide.ts'
import { lapse } from '../../../../functions/sweeper/run.ts'
import { authoriseModel } from '../../../../shared/domain/authority.ts'
import { keys } from '../../../../shared/domain/keys.ts'
import { modelStateAt } from '../../../../shared/domain/model-step.ts'
import { Refusal } from '../../../../shared/domain/refusal.ts'
import { applied, day, proposed, start, told } from './grant-world.ts'
import { type ModelWorld, modelWorld, windowLimits } from './model-world.ts'
import { preceded } from './preceded.ts'

const hour = 3_600_000
const at = (ms: number): string => new Date(ms).toISOString()

let world: ModelWorld
beforeEach(async () => {
  world = await modelWorld()
  await world.records.model({ state: 'designated', agreement: 'agreement_e' })
})

const model = () => world.get(keys.model('aurora'))

const offered = {
  opens_at: at(start + hour),
  ends_at: at(start + 2 * hour),
  clients: ['bench_1'],
  limits: windowLimits,
}
const offer = (change: object = {}, who = 'dana') =>
  world.decide(who, 'model.window', 'aurora', { ...offered, ...change })
const agree = async (change: object = {}) => {
  const outcome = await offer(change)
  applied(await world.answer('nora', 'approve', proposed(outcome as Decided)))
  const { window } = await model()
  if (window === undefined) throw new Error('there is no window')
  return window
}

/** Whether the gate lets a client of the office use it now. */
async function admitted(client = 'bench_1'): Promise<string> {
  const record = await model()
  const [standing, who, office, agreement, grant] = await world.store.get([
    keys.standing,
    keys.client(client),
    keys.organisation('ofr'),
    keys.agreement('agreement_e'),
    keys.grant(grantId ?? 'none'),
  ])
  const caller = {
    client,
    organisation: 'ofr',
    tokenId: 't',
    signedBy: 'k',
    scopes: [],
    model: 'aurora',
    grant: grant?.id ?? '',
    agreement: { id: 'agreement_e', digest: 'digest-1' },
    purpose: 'defence',
  }
  const records = {
    standing,
    client: who,
    organisation: office,
    revokedToken: undefined,
    model: record,
    agreement,
    grant,
  }
  const outcome = authoriseModel(caller, records, world.now())
  return outcome instanceof Refusal ? outcome.code : 'admitted'
}
let grantId: string | undefined

describe('an offer', () => {
  test('by its developer becomes a window with a grant and a meter once the office takes it', async () => {
    const { body } = applied(await world.act('dana', 'offerModelWindow', offered))
    const { proposal } = body as { proposal: { id: string } }
    expect(await model()).not.toHaveProperty('window')
    applied(await world.answer('nora', 'approve', proposal.id))
    const { window, state } = await model()
    expect(state).toBe('designated')
    expect(window).toMatchObject({
      government: 'ofr',
      opensAt: start + hour,
      endsAt: start + 2 * hour,
      becomes: 'partner_access',
    })
    const grant = await world.get(keys.grant(window?.grant ?? ''))
    expect(grant).toMatchObject({
      organisation: 'ofr',
      model: 'aurora',
      agreement: 'agreement_e',
      clients: ['bench_1'],
      state: 'active',
      startsAt: start + hour,
      expiresAt: start + 2 * hour,
      owner: 'ofr',
    })
    const [own = ''] = grant.meters
    expect(await world.meter(own)).toMatchObject({ state: 'open', remaining: 20_000 })
    expect(await world.entry(window?.entry ?? '')).toMatchObject({
      action: 'model.window',
      decision: 'applied',
      signatures: [{ organisation: 'halcyon' }, { organisation: 'ofr' }],
    })
  })

  test('is charged to the budget of the agreement too, where it has one', async () => {
    await world.store.write({
      kind: 'update',
      key: keys.agreement('agreement_e'),
      change: { set: [[['pool'], 'meter_pool']], add: [[['rev'], 1]] },
    })
    const { grant } = await agree()
    expect((await world.get(keys.grant(grant))).meters).toContain('meter_pool')
  })

  test('is its developer’s to make', async () => {
    expect(told(await offer({}, 'nora'))).toBe('role_missing')
    expect(told(await offer({}, 'elsa'))).toBe('record_unknown')
    expect(told(await offer({}, 'olga'))).toBe('role_missing')
    expect(told(await offer({}, 'pat'))).toBe('record_unknown')
  })

  test('is not signed twice by one side', async () => {
    const id = proposed(await offer())
    expect(told(await world.answer('dana', 'approve', id))).toBe('own_proposal')
    expect(told(await world.answer('devon', 'approve', id))).toBe('approval_required')
    expect((await model()).window).toBeUndefined()
  })

  test.each([
    ['no client of the office', { clients: ['client_1'] }, 'record_unknown clients'],
    ['a client that there is not', { clients: ['bench_1', 'none'] }, 'record_unknown clients'],
    [
      'more than the agreement covers',
      { limits: { ...windowLimits, total: 50_001 } },
      'ceiling_exceeded limits.total',
    ],
    ['an end before it opens', { ends_at: offered.opens_at }, 'body_malformed ends_at'],
    ['an end that is past', { opens_at: undefined, ends_at: at(start) }, 'body_malformed ends_at'],
    ['more than 30 days', { ends_at: at(start + hour + 30 * day + 1) }, 'body_malformed ends_at'],
    [
      'an end after the agreement’s',
      { opens_at: at(start + 90 * day), ends_at: at(start + 101 * day) },
      'ceiling_exceeded ends_at',
    ],
  ])('is refused with %s', async (_, change, code) => {
    await world.records.client()
    expect(told(await offer(change))).toBe(code)
  })

  test('is refused for a client whose enrolment has ended, which nobody has recorded', async () => {
    await world.records.client({ id: 'bench_1', organisation: 'ofr', expiresAt: start })
    expect(told(await offer())).toBe('state_forbids clients[0]')
  })

  test.each(['suspended', 'revoked', 'expired', 'compromised'] as const)(
    'is refused for a client that is %s',
    async state => {
      await world.records.client({ id: 'bench_1', organisation: 'ofr', state })
      expect(told(await offer())).toBe('state_forbids clients[0]')
    },
  )

  test.each([
    ['suspended', { state: 'suspended' }],
    ['terminated', { state: 'terminated' }],
    ['over', { endsAt: start }],
    ['for other models', { models: [] }],
  ] as const)('is refused under an agreement that is %s', async (_, change) => {
    await world.records.agreement({
      id: 'agreement_e',
      kind: 'engagement',
      counterparty: 'ofr',
      models: ['aurora'],
      ...change,
    })
    expect(told(await offer())).toBe('agreement_not_effective')
  })

  test.each(['engaged', 'under_assessment', 'not_designated', 'partner_access', 'released'] as const)(
    'is refused of a model that is %s',
    async state => {
      await world.records.model({ state, agreement: 'agreement_e' })
      expect(told(await offer())).toBe('state_forbids')
    },
  )

  test('is refused while another window is to come', async () => {
    await agree()
    expect(told(await offer())).toBe('state_forbids')
  })

  test('is judged again when it is taken: an agreement that was suspended meanwhile, a client that was revoked', async () => {
    const id = proposed(await offer())
    await world.records.client({ id: 'bench_1', organisation: 'ofr', state: 'revoked' })
    expect(told(await world.answer('nora', 'approve', id))).toBe('proposal_stale')
  })

  test('is not taken under an agreement that is suspended at the same moment', async () => {
    const id = proposed(await offer())
    const stopped = { set: [[['state'], 'suspended']], add: [[['rev'], 1]] } as const
    const key = keys.agreement('agreement_e')
    const store = preceded(world.store, () => world.store.write({ kind: 'update', key, change: stopped }))
    const asked = { proposal: id, rev: 1, request: 'r' }
    expect(told(await approve({ ...world.deps, store }, await world.actor('nora'), asked))).toBe(
      'proposal_stale',
    )
    expect((await model()).window).toBeUndefined()
  })

  test('that is taken after it should have opened opens then', async () => {
    const id = proposed(await offer())
    world.pass(hour + 60_000)
    applied(await world.answer('nora', 'approve', id))
    expect(await model()).toMatchObject({
      state: 'government_window',
      window: { opensAt: start + hour + 60_000 },
    })
    expect(await lapse(world.deps)).toEqual({})
  })

  test('that is taken after its end is stale', async () => {
    const id = proposed(await offer())
    world.pass(2 * hour)
    expect(told(await world.answer('nora', 'approve', id))).toBe('proposal_stale')
  })
})

describe('by the clock alone', () => {
  test('it opens for the named clients of the office, and ends', async () => {
    grantId = (await agree()).grant
    expect(await admitted()).toBe('window_closed')
    world.pass(hour - 1)
    expect(await admitted()).toBe('window_closed')
    world.pass(1)
    expect((await world.shown()).state).toBe('government_window')
    expect(await admitted()).toBe('admitted')
    expect(await admitted('bench_2')).toBe('grant_missing')
    world.pass(hour - 1)
    expect(await admitted()).toBe('admitted')
    world.pass(1)
    // Nobody has recorded it yet.
    expect((await model()).state).toBe('designated')
    expect(await admitted()).toBe('grant_expired')
    expect(await world.shown()).toMatchObject({ state: 'partner_access', window: null })
  })

  test('it becomes what was agreed, and admits nobody then', async () => {
    grantId = (await agree({ becomes: 'designated' })).grant
    world.pass(2 * hour)
    expect((await world.shown()).state).toBe('designated')
    expect(await admitted()).toBe('window_closed')
  })

  test('what it left is gone from the record with the next step of the model', async () => {
    await agree({ becomes: 'designated' })
    world.pass(2 * hour)
    applied(await world.act('dana', 'openModel'))
    expect(await model()).not.toHaveProperty('window')
    expect((await world.ledger()).at(-1)?.text).toContain('Its government window had ended at')
    expect(await lapse(world.deps)).toEqual({ grants_expired: 1 })
  })

  test('another can be agreed at once, and the ledger tells of both', async () => {
    const first = await agree({ becomes: 'designated' })
    world.pass(2 * hour)
    const second = await agree({ opens_at: undefined, ends_at: at(start + 4 * hour) })
    expect(second.grant).not.toBe(first.grant)
    grantId = second.grant
    expect(await admitted()).toBe('admitted')
    const texts = (await world.ledger()).map(({ text }) => text)
    expect(texts.at(-1)).toContain(`Its government window had ended at ${at(start + 2 * hour)}.`)
  })
})

describe('the sweeper', () => {
  test('records that it opened and ended, once each, and expires its grant', async () => {
    const window = await agree()
    world.pass(hour)
    expect(await lapse(world.deps)).toEqual({ windows_opened: 1 })
    expect((await model()).state).toBe('government_window')
    expect(await lapse(world.deps)).toEqual({})
    world.pass(hour)
    expect(await lapse(world.deps)).toEqual({ windows_ended: 1, grants_expired: 1 })
    expect((await model()).state).toBe('partner_access')
    expect(await model()).not.toHaveProperty('window')
    const grant = await world.get(keys.grant(window.grant))
    expect([grant.state, (await world.meter(grant.meters[0])).state]).toEqual(['expired', 'closed'])
    expect(await lapse(world.deps)).toEqual({})
    const lines = await world.ledger()
    expect(lines.map(({ state, by }) => [state, by === null])).toEqual([
      ['designated', false],
      ['government_window', true],
      ['partner_access', true],
    ])
    for (const { entry } of lines)
      for (const organisation of ['halcyon', 'ofr'])
        expect(await world.has(keys.notice(`${entry}-${organisation}`))).toBe(true)
  })

  test('that never saw it open records its end', async () => {
    await agree({ becomes: 'designated' })
    world.pass(3 * hour)
    expect(await lapse(world.deps)).toEqual({ windows_ended: 1, grants_expired: 1 })
    expect((await model()).state).toBe('designated')
  })

  test('twice at once leaves one line of each', async () => {
    await agree()
    world.pass(2 * hour)
    await Promise.all([lapse(world.deps), lapse(world.deps), lapse(world.deps)])
    expect(await world.ledger()).toHaveLength(2)
  })
})

describe('its developer closes it', () => {
  const close = (who = 'dana') => world.act(who, 'closeModelWindow')

  test.each([
    ['before it opens', 0],
    ['while it is open', hour],
    ['while it is open, and that was recorded', hour, true],
  ] as const)('%s, at once', async (_, ms, swept?: boolean) => {
    const window = await agree()
    grantId = window.grant
    world.pass(ms)
    if (swept) await lapse(world.deps)
    const { body } = applied(await close())
    expect((await model()).state).toBe('designated')
    expect(await model()).not.toHaveProperty('window')
    const grant = await world.get(keys.grant(window.grant))
    expect([grant.state, (await world.meter(grant.meters[0])).state]).toEqual(['expired', 'closed'])
    expect(await admitted()).toBe('window_closed')
    world.pass(hour)
    expect(await admitted()).toBe('window_closed')
    const { entry } = body as { entry: string }
    expect(await world.has(keys.notice(`${entry}-ofr`))).toBe(true)
    expect(await lapse(world.deps)).toEqual({})
    expect(told(await close())).toBe('state_forbids')
  })

  test('with a sign-in of yesterday, and nobody else does', async () => {
    await agree()
    const stale = { ...(await world.caller('dana')), authTime: start - day }
    expect(told(await close('nora'))).toBe('role_missing')
    expect(told(await close('zoe'))).toBe('record_unknown')
    expect(applied(await world.call(stale, 'closeModelWindow', { path: { model: 'aurora' } })).status).toBe(
      200,
    )
  })

  test('after its end there is nothing to close', async () => {
    await agree()
    world.pass(2 * hour)
    expect(told(await close())).toBe('state_forbids')
  })

  test('also after it was opened to partners, whom that leaves alone', async () => {
    const window = await agree()
    world.pass(hour)
    applied(await world.act('dana', 'openModel'))
    applied(await close())
    expect((await model()).state).toBe('partner_access')
    expect((await world.get(keys.grant(window.grant))).state).toBe('expired')
    expect((await world.get(keys.grant('grant_1'))).state).toBe('active')
  })

  test('of a grant that the office’s own stop has suspended: it ends all the same', async () => {
    const { grant } = await agree()
    applied(await world.decide('dana', 'grant.suspend', grant))
    applied(await close())
    expect((await world.get(keys.grant(grant))).state).toBe('expired')
  })
})

describe('what comes between', () => {
  test('opened to partners, a window that is under way goes on until its end', async () => {
    grantId = (await agree()).grant
    world.pass(hour)
    applied(await world.act('dana', 'openModel'))
    expect(await model()).toMatchObject({ state: 'partner_access' })
    expect(await admitted()).toBe('admitted')
    world.pass(hour)
    expect(await admitted()).toBe('grant_expired')
    expect(await lapse(world.deps)).toEqual({ windows_ended: 1, grants_expired: 1 })
    expect((await model()).state).toBe('partner_access')
  })

  test('released, it goes on by its grant; withdrawn, it ends', async () => {
    grantId = (await agree()).grant
    world.pass(hour)
    applied(await world.act('dana', 'releaseModel'))
    expect(await admitted()).toBe('admitted')
    applied(await world.act('dana', 'withdrawModel'))
    expect(await admitted()).toBe('model_withdrawn')
    expect((await world.get(keys.grant(grantId))).state).toBe('expired')
    expect(await model()).not.toHaveProperty('window')
  })

  test('killed, nobody is admitted, and the clock goes on', async () => {
    grantId = (await agree()).grant
    applied(await world.act('dana', 'killModel'))
    world.pass(hour)
    expect(await admitted()).toBe('model_killed')
    expect(modelStateAt(await model(), world.now())).toBe('government_window')
  })
})
