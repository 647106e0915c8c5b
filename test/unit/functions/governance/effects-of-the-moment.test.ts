/** What a proposal was shown to do when it was opened is old when it is signed: the entry tells what it did. */
import { beforeEach, describe, expect, test } from 'vitest'
import { proposalOperations } from '../../../../functions/api/operations/proposals.ts'
import { proposalShown } from '../../../../functions/api/shapes/proposal.ts'
import { grantIdOf } from '../../../../functions/governance/grants/grant-id.ts'
import { keys } from '../../../../shared/domain/keys.ts'
import { time } from '../../../../shared/domain/time.ts'
import { applied, ceiling, day, proposed, reason, start } from './grant-world.ts'
import { type HitWorld, hitWorld } from './hit-world.ts'

let world: HitWorld
let proposal: string
beforeEach(async () => {
  world = await hitWorld()
  await world.client('client_1')
  proposal = proposed(await world.decide('dana', 'partner.revoke', 'cedar', {}, { reason: sealed }))
})
const sealed = { ...reason, sealed: true as const }

const unmapped = async (eid: string) =>
  JSON.parse((await world.get(keys.entry(eid))).body).unmapped as Record<string, unknown>

const read = async (who: string) => {
  const operation = proposalOperations.find(one => one.id === 'getProposal')
  const caller = await world.caller(who)
  const answer = await operation?.answer({ deps: world.deps, caller, path: { proposal } } as never)
  return proposalShown.parse((answer as { body: object }).body)
}

describe('a proposal that somebody signs two days after it was opened', () => {
  beforeEach(async () => {
    world.pass(2 * 86_400_000)
    await world.client('client_2')
  })

  test('says of when its effects are', async () => {
    expect(await read('nora')).toMatchObject({
      effects: { client_count: 1 },
      effects_at: time(start),
      created_at: time(start),
    })
  })

  test('is recorded with the effects of the moment, and with the digest of what was proposed', async () => {
    const { shown } = await world.get(keys.proposal(proposal))
    const { entry } = applied(await world.answer('nora', 'approve', proposal))
    const now = await unmapped(entry)
    expect(now).toMatchObject({
      decision: 'applied',
      effects: { client_count: 2 },
      proposed_shown: shown,
    })
    expect(now.shown).not.toBe(shown)
  })

  test('gives no digest of sealed words to those for whom they are not', async () => {
    const { entry } = applied(await world.answer('nora', 'approve', proposal))
    const seen = await world.seenBy('pat', entry)
    expect(seen?.withheld).toEqual(
      expect.arrayContaining(['comment', 'unmapped.shown', 'unmapped.proposed_shown']),
    )
    for (const field of ['shown', 'proposed_shown']) expect(seen?.body.unmapped).not.toHaveProperty(field)
  })
})

test('where nothing has changed both digests are the same', async () => {
  const { shown } = await world.get(keys.proposal(proposal))
  const { entry } = applied(await world.answer('nora', 'approve', proposal))
  expect(await unmapped(entry)).toMatchObject({ shown, proposed_shown: shown })
})

test('a signature that does not complete it keeps what was proposed', async () => {
  const of = { organisation: 'cedar', model: 'borealis', agreement: 'agreement_1' }
  const params = { ...of, limits: ceiling, expires_at: time(start + 30 * day) }
  const asked = await world.decide('pat', 'grant.activate', await grantIdOf(world.store, params), params)
  const id = proposed(asked)
  const { shown } = await world.get(keys.proposal(id))
  const first = applied(await world.answer('dana', 'approve', id))
  expect(first.state).toBe('open')
  expect(await unmapped(first.entry)).toMatchObject({ decision: 'approved', shown })
  expect(await unmapped(first.entry)).not.toHaveProperty('proposed_shown')
  expect(await unmapped(applied(await world.answer('nora', 'approve', id)).entry)).toMatchObject({
    decision: 'applied',
    proposed_shown: shown,
  })
})
