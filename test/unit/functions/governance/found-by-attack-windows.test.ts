/** Ways in which an office once used a model beside its window. */
import { beforeEach, expect, test } from 'vitest'
import type { Decided } from '../../../../functions/governance/engine/decide.ts'
import { authoriseModel } from '../../../../shared/domain/authority.ts'
import { keys } from '../../../../shared/domain/keys.ts'
import { Refusal } from '../../../../shared/domain/refusal.ts'
import { applied, ceiling, day, proposed, start, told } from './grant-world.ts'
import { type ModelWorld, modelWorld, windowLimits } from './model-world.ts'

let world: ModelWorld
beforeEach(async () => {
  world = await modelWorld()
  await world.records.model({ state: 'designated', agreement: 'agreement_e' })
})

const at = (ms: number): string => new Date(ms).toISOString()
const hour = 3_600_000

async function use(client: string, grant: string): Promise<string> {
  const [standing, who, organisation, agreement, model, granted] = await world.store.get([
    keys.standing,
    keys.client(client),
    keys.organisation('ofr'),
    keys.agreement('agreement_e'),
    keys.model('aurora'),
    keys.grant(grant),
  ])
  const caller = {
    ...{ client, organisation: 'ofr', tokenId: 't', signedBy: 'k', scopes: [], model: 'aurora', grant },
    agreement: { id: 'agreement_e', digest: 'digest-1' },
    purpose: 'defence',
  }
  const records = {
    standing,
    client: who,
    organisation,
    revokedToken: undefined,
    model,
    agreement,
    grant: granted,
  }
  const outcome = authoriseModel(caller, records, world.now())
  return outcome instanceof Refusal ? outcome.code : 'admitted'
}

const window = async (change: object = {}) => {
  const asked = { ends_at: at(start + hour), clients: ['bench_1'], limits: windowLimits, ...change }
  applied(
    await world.answer(
      'nora',
      'approve',
      proposed((await world.decide('dana', 'model.window', 'aurora', asked)) as Decided),
    ),
  )
  const { window: made } = await world.get(keys.model('aurora'))
  return made?.grant ?? ''
}

test('a grant beside the window, for every client and for longer than 30 days, is none that an engagement gives', async () => {
  const asked = {
    organisation: 'ofr',
    model: 'aurora',
    agreement: 'agreement_e',
    limits: { ...ceiling, total: 40_000 },
    expires_at: at(start + 99 * day),
  }
  const outcome = await world.decide('dana', 'grant.activate', 'grant_beside', asked)
  if (!(outcome instanceof Refusal)) applied(await world.answer('nora', 'approve', proposed(outcome)))
  await window()
  expect(await use('bench_2', 'grant_beside')).not.toBe('admitted')
  expect(told(outcome)).toBe('agreement_not_effective agreement')
})

test('to the millisecond: from when it opens, and no longer when it ends', async () => {
  const grant = await window({ opens_at: at(start + 1_000) })
  const seen: string[] = []
  for (const ms of [999, 1, hour - 1_001, 1]) {
    world.pass(ms)
    seen.push(await use('bench_1', grant))
  }
  expect(seen).toEqual(['window_closed', 'admitted', 'admitted', 'grant_expired'])
})

test('a model that is opened or released before its window opens does not open it earlier', async () => {
  for (const verb of ['openModel', 'releaseModel']) {
    world = await modelWorld()
    await world.records.model({ state: 'designated', agreement: 'agreement_e' })
    const grant = await window({ opens_at: at(start + 1_000), ends_at: at(start + 2_000) })
    applied(await world.act('dana', verb))
    expect(await use('bench_1', grant)).toBe('grant_expired')
    world.pass(1_000)
    expect(await use('bench_1', grant)).toBe('admitted')
    expect(await use('bench_2', grant)).toBe('grant_missing')
    world.pass(1_000)
    expect(await use('bench_1', grant)).toBe('grant_expired')
  }
})

test('closed, left, suspended or without the model, it admits nobody any more', async () => {
  const ends: readonly (() => Promise<unknown>)[] = [
    () => world.act('dana', 'closeModelWindow'),
    () => world.decide('nora', 'agreement.leave', 'agreement_e'),
    () => world.decide('dana', 'agreement.suspend', 'agreement_e'),
    () => world.act('dana', 'killModel'),
    () => world.act('dana', 'withdrawModel'),
    () =>
      world.records.agreement({
        id: 'agreement_e',
        kind: 'engagement',
        counterparty: 'ofr',
        models: ['borealis'],
      }),
  ]
  for (const end of ends) {
    world = await modelWorld()
    await world.records.model({ state: 'designated', agreement: 'agreement_e' })
    const grant = await window()
    expect(await use('bench_1', grant)).toBe('admitted')
    const ended = await end()
    if (ended !== undefined) applied(ended as object)
    expect(await use('bench_1', grant)).not.toBe('admitted')
  }
})
