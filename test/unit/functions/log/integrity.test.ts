/** How the log stands is told to everybody who reads it: nothing in it is about entries that they may not see. */
import { expect, test } from 'vitest'
import { readIntegrity } from '../../../../functions/api/log/integrity.ts'
import { keys } from '../../../../shared/domain/keys.ts'
import { person, type ReadWorld, readWorld } from './read-world.ts'

interface Integrity {
  readonly pending: { readonly entries: number; readonly oldest_s: number | null }
  readonly halted: { readonly why: string; readonly detail: string } | null
  readonly gaps: { readonly late: number }
  readonly clock_skew_s: number
}

const integrity = async (world: ReadWorld): Promise<Integrity> =>
  (await readIntegrity(world.asking(person('ada')).deps)) as Integrity

test('what waits tells of no entry to less than ten seconds when it was made, however often one asks', async () => {
  const world = await readWorld()
  world.pass(3_217)
  await world.call('elm')
  const told = new Set<string>()
  for (let ms = 0; ms < 80_000; ms += 500) {
    world.pass(500)
    const { pending, gaps, clock_skew_s } = await integrity(world)
    expect(pending.entries).toBe(2)
    expect((pending.oldest_s ?? 0) % 10).toBe(0)
    expect(clock_skew_s).toBe(0)
    told.add(`${pending.oldest_s} ${gaps.late}`)
    // Both go by the moment that bodies tell, which is whole tens: by then, and not by 3.217 s later.
    const age = world.now() - Date.UTC(2026, 10, 27, 12)
    expect(pending.oldest_s).toBe(Math.floor(age / 10_000) * 10)
    expect(gaps.late).toBe(age >= 60_000 ? 2 : 0)
  }
  expect(told.size).toBeGreaterThan(6)
})

test('a clock that is ahead is told in tens of seconds', async () => {
  const world = await readWorld()
  world.pass(47_300)
  await world.call('elm')
  world.pass(-47_300)
  // Made at 12:00:47.3, which a body has as 12:00:40.
  expect((await integrity(world)).clock_skew_s).toBe(40)
})

test('a log that is halted says why, and names no entry', async () => {
  const world = await readWorld()
  const eid = await world.call('elm')
  await world.sequence()
  await world.store.write({
    kind: 'update',
    key: keys.logState,
    change: {
      set: [[['halted'], { why: 'contradiction', at: 1, detail: `${eid} has place 3, and was to have 4` }]],
    },
  })
  const { halted } = await integrity(world)
  expect(halted?.why).toBe('contradiction')
  expect(halted?.detail).not.toBe('')
  expect(JSON.stringify(halted)).not.toContain(eid)
})
