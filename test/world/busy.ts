/** How a deployment with too much to do turns a call away, and how its meters come to rest after that. */
import { setTimeout as pause } from 'node:timers/promises'
import { keys } from '../../shared/domain/keys.ts'
import type { RefusalCode } from '../../shared/domain/refusal.ts'
import type { World } from './world.ts'

const outages: ReadonlySet<string> = new Set<RefusalCode>([
  'record_unavailable',
  'signer_unavailable',
  'store_unavailable',
])

/**
 * The codes with which a call that has a budget and a rate may be refused under load. An emulator shares its cores with the
 * tests, so a store or a key may not answer in time there, and the call is then refused, as it must be. The one
 * process has no such excuse.
 */
export const turnedAway = (world: World): ReadonlySet<string> =>
  new Set(['streams_exhausted', ...(world.target === 'embedded' ? [] : outages)])

/** How many streams are open when something is stopped, and how many calls are then tried. */
export const crowd = (world: World) =>
  world.live ? { streams: 50, tries: 1_000 } : { streams: 6, tries: 36 }

/** Whether a store or a key did not answer in time. What such a call had reserved may then stand, or be charged. */
export const brokeDown = (codes: Iterable<string>): boolean => [...codes].some(code => outages.has(code))

/** Resolves when no meter of `ids` has a lease: one whose answer was lost stands until the sweeper takes it. */
export async function atRest(world: World, ...ids: readonly string[]): Promise<void> {
  const deadline = Date.now() + 60_000
  for (;;) {
    const meters = await world.store.get(ids.map(keys.meter))
    if (meters.every(meter => Object.keys(meter?.leases ?? {}).length === 0)) return
    if (Date.now() > deadline) throw new Error(`a lease stands on ${ids.join(' or ')}`)
    await pause(1_000)
    await world.sweep()
  }
}
