import type { SqliteStore } from '../../shared/adapters/embedded/sqlite-store.ts'
import type { Clock } from '../../shared/ports/world.ts'

/** Nobody relies on the moment itself, and clocks are set now and then. Seconds. */
const spareS = 86_400
/** So few that no request waits for it, and so often that a run keeps up with whatever ends. */
const atOnce = 100
const timesAtMost = 200

/** Where AWS removes by itself what has ended, here a run does; resolves with how many items it removed. */
export async function expire(store: Pick<SqliteStore, 'removeExpired'>, clock: Clock): Promise<number> {
  const before = Math.floor(clock.now() / 1000) - spareS
  let removed = 0
  for (let time = 0; time < timesAtMost; time++) {
    const some = await store.removeExpired(before, atOnce)
    removed += some
    if (some === 0) break
  }
  return removed
}
