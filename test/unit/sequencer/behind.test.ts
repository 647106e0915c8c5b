import { beforeEach, describe, expect, test, vi } from 'vitest'
import { tellBehind } from '../../../functions/sequencer/behind.ts'
import { openSqliteStore } from '../../../shared/adapters/embedded/sqlite-store.ts'
import { systemRandom } from '../../../shared/adapters/world.ts'
import { indexes, keys } from '../../../shared/domain/keys.ts'
import type { Entry } from '../../../shared/entries/entry.ts'
import { entryId, outcomeId, pendingShard } from '../../../shared/entries/id.ts'
import type { Store } from '../../../shared/ports/store.ts'
import { quiet } from '../../world/embedded.ts'

const now = Date.UTC(2026, 10, 27, 12)
const seconds = (n: number): number => n * 1_000

let store: Store
const alarm = vi.fn()
const look = (): Promise<void> =>
  tellBehind({
    store,
    clock: { now: () => now, sleep: async () => undefined },
    telemetry: { ...quiet, alarm },
  })

beforeEach(() => {
  store = openSqliteStore(':memory:', Object.values(indexes))
  alarm.mockClear()
})

/** An entry that was made so long ago; its id may tell of an earlier time. */
async function put(agoMs: number, { eid = entryId(now - agoMs, systemRandom.bytes(16)), i = -1 } = {}) {
  const item: Entry = {
    ...{ body: '{}', digest: 'd', organisation: 'cedar', day: 'day#2026-11-27#0' },
    exact: { time: String((now - agoMs) * 1_000) },
    pending: pendingShard(eid),
    ...(i >= 0 && { i }),
  }
  await store.write({ kind: 'put', key: keys.entry(eid), item })
}

describe('entries that wait', () => {
  test('for less than a minute are none to alarm for, nor is an empty log', async () => {
    await look()
    for (const ago of [0, 10, 59]) await put(seconds(ago))
    await look()
    expect(alarm).not.toHaveBeenCalled()
  })

  test('for a minute or longer raise one alarm with the longest wait, in whichever shards they are', async () => {
    for (let n = 0; n < 20; n++) await put(seconds(60 + n))
    await look()
    expect(alarm.mock.calls).toEqual([['log_behind', { waited_ms: seconds(79) }]])
  })

  test('are judged by when they were made: an outcome has the id of a call that began long before', async () => {
    await put(seconds(5), { eid: outcomeId(entryId(now - seconds(900), systemRandom.bytes(16))) })
    await look()
    expect(alarm).not.toHaveBeenCalled()
  })

  test('are none where the index lags and they have their place', async () => {
    await put(seconds(600), { i: 7 })
    await look()
    expect(alarm).not.toHaveBeenCalled()
  })
})
