/** What others stopped goes on by those who select the partner, together; what its own people or time stopped, as before. */
import { beforeEach, describe, expect, test } from 'vitest'
import { preview } from '../../../../functions/governance/engine/decide.ts'
import { keys } from '../../../../shared/domain/keys.ts'
import type { Key } from '../../../../shared/ports/store.ts'
import { applied, type GrantWorld, grantWorld, proposed, reason, told } from './grant-world.ts'

let world: GrantWorld
beforeEach(async () => {
  world = await grantWorld()
  for (const organisation of ['cedar', 'halcyon'])
    await world.records.client({ id: `client_${organisation}`, organisation })
})

const subjects = [
  ['client', 'client_cedar', keys.client('client_cedar') as Key<object>],
  ['person', 'uma', keys.person('uma') as Key<object>],
] as const

describe.each(subjects)('a %s of a partner', (noun, id, key) => {
  const suspended = async (who: string, further = {}) =>
    applied(await world.decide(who, `${noun}.suspend`, id, {}, further))
  const reinstate = (who: string) => world.decide(who, `${noun}.reinstate`, id)
  /** Who is asked in turn, and what each is told; the last one decides. */
  async function answered(proposer: string, ...signers: readonly string[]): Promise<readonly unknown[]> {
    const proposal = proposed(await reinstate(proposer))
    const answers: unknown[] = []
    for (const who of signers) answers.push(told(await world.answer(who, 'approve', proposal)))
    return answers
  }

  test.each([
    ['nora', 'dana'],
    ['dana', 'nora'],
  ])('that %s stopped is not let go on by its own administrator and %s', async (stopper, other) => {
    await suspended(stopper)
    // Whoever else signs: it stays open for the side that stopped it.
    expect(await answered('pat', other)).toEqual(['open'])
    expect(await world.get(key)).toMatchObject({ state: 'suspended' })
  })

  test('that another organisation stopped is let go on by developer and government', async () => {
    await suspended('nora')
    expect(await answered('pat', 'dana', 'neil')).toEqual(['open', 'applied'])
    expect(await world.get(key)).toMatchObject({ state: 'active' })
    expect(await world.get(key)).not.toHaveProperty('stop')
  })

  test('and not by two people of one side, nor by one and the partner', async () => {
    await suspended('nora')
    expect(await answered('nora', 'neil', 'pat', 'dana')).toEqual([
      'approval_required',
      'role_missing',
      'applied',
    ])
  })

  test('that its own administrator stopped goes on by one of its own and one of another side', async () => {
    await suspended('pat')
    expect(await answered('pat', 'dana')).toEqual(['applied'])
    await suspended('pat')
    expect(await answered('nora', 'dana', 'pat')).toEqual(['approval_required', 'applied'])
  })

  test('that somebody stopped by break-glass goes on by developer and government, whoever it was', async () => {
    await suspended('pat', { breakGlass: true })
    expect(await answered('pat', 'nora', 'dana')).toEqual(['open', 'applied'])
  })

  test('names the rule and the seats that are open to whoever asks', async () => {
    const action = { name: `${noun}.reinstate` as const, id, params: {} }
    const rule = async () =>
      applied(await preview(world.deps, await world.actor('pat'), { action, reason, request: 'r' })).rule
    await suspended('nora')
    expect(await rule()).toBe(`${noun}.reinstate_stopped`)
    expect(told(await reinstate('rita'))).toBe('record_unknown')
    applied(await world.answer('dana', 'approve', proposed(await reinstate('nora'))))
    await suspended('pat')
    expect(await rule()).toBe(`${noun}.reinstate`)
  })

  test('that was stopped anew while a proposal waited goes on by none of its signatures', async () => {
    await suspended('pat')
    const before = proposed(await reinstate('pat'))
    const again = proposed(await reinstate('pat'))
    expect(told(await world.answer('dana', 'approve', again))).toBe('applied')
    await suspended('nora')
    expect(told(await world.answer('dana', 'approve', before))).toBe('proposal_stale')
    expect(await world.get(key)).toMatchObject({ state: 'suspended', stop: { by: { person: 'nora' } } })
  })
})

test.each([
  ['dana', 'client_halcyon', 'client'],
  ['dana', 'devon', 'person'],
] as const)('%s and the office let a %s of the developer go on as before', async (admin, id, noun) => {
  applied(await world.decide(admin, `${noun}.suspend`, id, {}, { breakGlass: true }))
  const action = { name: `${noun}.reinstate` as const, id, params: {} }
  const shown = await preview(world.deps, await world.actor(admin), { action, reason, request: 'r' })
  expect(applied(shown).rule).toBe(`${noun}.reinstate`)
})
