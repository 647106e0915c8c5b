import { beforeEach, describe, expect, test } from 'vitest'
import { watchCall } from '../../../functions/gate/watch.ts'
import { storyRecords } from '../../../scripts/demo/story.ts'
import { openSqliteStore } from '../../../shared/adapters/embedded/sqlite-store.ts'
import { indexes, keys } from '../../../shared/domain/keys.ts'
import { type Meter, reserve } from '../../../shared/domain/meter.ts'
import type { Refusal } from '../../../shared/domain/refusal.ts'
import type { Store } from '../../../shared/ports/store.ts'

/** Time that moves only when the test says so; sleepers wake by time that has passed, as timers do. */
class ManualClock {
  #passed = 0
  #start = 1_000_000
  #sleeping: { at: number; wake: () => void }[] = []
  now = (): number => this.#start + this.#passed
  sleep = (ms: number, signal?: AbortSignal): Promise<void> =>
    new Promise(resolve => {
      this.#sleeping.push({ at: this.#passed + ms, wake: resolve })
      signal?.addEventListener('abort', () => resolve())
    })
  async pass(ms: number): Promise<void> {
    for (const end = this.#passed + ms; this.#passed < end; ) {
      this.#passed = Math.max(this.#passed, Math.min(end, ...this.#sleeping.map(({ at }) => at)))
      const due = this.#sleeping.filter(({ at }) => at <= this.#passed)
      this.#sleeping = this.#sleeping.filter(({ at }) => at > this.#passed)
      for (const { wake } of due) wake()
      // The store answers within some turns of the event loop.
      for (let turn = 0; turn < 4; turn++) await new Promise(resolve => setImmediate(resolve))
    }
  }
  setBack(ms: number): void {
    this.#start -= ms
  }
}

let clock: ManualClock
let store: Store
let cuts: { code: string; at: number }[]
let resting: boolean
beforeEach(() => {
  clock = new ManualClock()
  store = openSqliteStore(':memory:', [])
  cuts = []
  resting = false
})

const start = (over: object = {}) =>
  watchCall(
    { store, clock },
    {
      caller: {
        client: 'c',
        organisation: 'o',
        tokenId: 't',
        signedBy: 'k',
        scopes: [],
        model: 'm',
        grant: 'g',
        agreement: { id: 'a', digest: 'd' },
        purpose: 'p',
        meters: ['m'],
        clauses: [],
        key: 'x',
      },
      eid: 'e',
      meters: ['m'],
      readAt: clock.now(),
      until: clock.now() + 1e9,
      leaseMs: 30_000,
      idleMs: 120_000,
      resting: () => resting,
      ...over,
    },
    (why: Refusal) => cuts.push({ code: why.code, at: clock.now() }),
  )

describe('the beat of a call', () => {
  test('cuts it at the first beat whose read does not admit it, once', async () => {
    const begun = clock.now()
    start()
    await clock.pass(5_000)
    expect(cuts).toEqual([{ code: 'store_unavailable', at: begun + 1_000 }])
  })

  test('cuts it when no read has succeeded for 1.5 s, counted from the read that admitted it', async () => {
    const begun = clock.now()
    store = { ...store, get: () => new Promise(() => undefined) }
    start()
    await clock.pass(5_000)
    expect(cuts).toEqual([{ code: 'store_unavailable', at: begun + 1_500 }])
  })

  test('looks at the moment an expiry comes, not a beat later', async () => {
    const begun = clock.now()
    start({ until: begun + 300 })
    await clock.pass(400)
    expect(cuts).toMatchObject([{ at: begun + 300 }])
  })

  test('goes on when the clock is set back', async () => {
    const readAt = clock.now()
    clock.setBack(3_600_000)
    start({ readAt })
    await clock.pass(1_100)
    expect(cuts).toHaveLength(1)
  })

  test('stops when the call has ended', async () => {
    start().stop()
    await clock.pass(5_000)
    expect(cuts).toEqual([])
  })
})

describe('a call that stays admitted', () => {
  const eid = 'entry_1'
  let meter: Meter
  beforeEach(async () => {
    store = openSqliteStore(':memory:', Object.values(indexes))
    const key = { kty: 'EC', crv: 'P-256', x: '', y: '', d: '' } as const
    const partner = {
      id: 'cedar',
      client_id: 'c',
      kid: 'k',
      key,
      model: 'aurora-preview',
      upstream_protocols: [],
    }
    const credentials = { issuer: 'i', partners: [partner], people: [] }
    const endpoints = { openai: 'x', anthropic: 'x' }
    for (const op of storyRecords(credentials, endpoints, clock.now())) await store.write(op)
    await store.write({ kind: 'put', key: keys.standing, item: { holds: {}, compromised: {} } })
    const [found] = await store.get([keys.meter('grant_cedar')])
    if (!found) throw new Error('no meter')
    const op = reserve(found, eid, 10, clock.now(), 30_000)
    if ('code' in op) throw new Error(op.code)
    await store.write(op)
    meter = found
  })
  const admitted = async (over: object = {}) => {
    const [found] = await store.get([keys.agreement('agreement_cedar')])
    const caller = {
      client: 'c',
      organisation: 'cedar',
      tokenId: 't',
      signedBy: 'k',
      scopes: ['infer'],
      model: 'aurora-preview',
      grant: 'grant_cedar',
      agreement: { id: 'agreement_cedar', digest: found?.digest ?? '' },
      purpose: 'defensive-research',
      meters: ['grant_cedar'],
      clauses: [],
      key: 'x',
    }
    return start({ caller, eid, meters: [meter.id], ...over })
  }
  const expiry = async () => (await store.get([keys.meter(meter.id)]))[0]?.leases[eid]?.exp

  test('keeps its lease, renewed every third of it', async () => {
    const before = (await expiry()) ?? 0
    const watch = await admitted()
    await clock.pass(9_500)
    expect(await expiry()).toBe(before)
    await clock.pass(1_000)
    expect(await expiry()).toBe(before + 10_000)
    await clock.pass(60_000)
    expect(cuts).toEqual([])
    expect(((await expiry()) ?? 0) - clock.now()).toBeGreaterThan(19_000)
    watch.stop()
  })

  test('is cut when its lease was purged', async () => {
    await admitted()
    await store.write({ kind: 'update', key: keys.meter(meter.id), change: { remove: [['leases', eid]] } })
    await clock.pass(11_000)
    expect(cuts).toMatchObject([{ code: 'store_unavailable' }])
  })

  test('lets the caller hear that it still waits after each 15 s of silence', async () => {
    const watch = await admitted()
    const heard: number[] = []
    const begun = clock.now()
    const listen = (): void => {
      void watch.silence().then(() => {
        heard.push(clock.now() - begun)
        listen()
      })
    }
    listen()
    await clock.pass(20_000)
    watch.heard()
    await clock.pass(20_000)
    expect(heard).toEqual([15_000, 35_000])
    watch.stop()
  })

  test('asks the upstream by an authority that was read just now, however long the meters took', async () => {
    let asked = 0
    const watch = await admitted({ readAt: clock.now() - 1_400 })
    void watch.fresh().then(() => asked++)
    await clock.pass(1)
    expect(asked).toBe(1)
    watch.stop()

    const { get } = store
    let answer = (): void => undefined
    const answered = new Promise<void>(resolve => {
      answer = resolve
    })
    const late = await admitted({ readAt: clock.now() - 18_000 })
    store.get = async keys => {
      await answered
      return get(keys)
    }
    void late.fresh().then(() => asked++)
    await clock.pass(10)
    expect(asked).toBe(1)
    answer()
    await clock.pass(10)
    expect(asked).toBe(2)
    expect(cuts).toEqual([])
    late.stop()
  })

  test('lets nobody wait for an authority that is gone', async () => {
    await store.write({
      kind: 'update',
      key: keys.grant('grant_cedar'),
      change: { set: [[['state'], 'revoked']] },
    })
    const late = await admitted({ readAt: clock.now() - 18_000 })
    const freshened = late.fresh()
    await clock.pass(10)
    await freshened
    expect(cuts).toMatchObject([{ code: 'grant_revoked' }])
  })

  test('is not cut for a silence of its caller’s', async () => {
    resting = true
    const watch = await admitted()
    await clock.pass(300_000)
    expect(cuts).toEqual([])
    resting = false
    await clock.pass(100_000)
    expect(cuts).toEqual([])
    watch.stop()
  })

  test('is cut when the upstream has been silent for too long', async () => {
    await admitted()
    await clock.pass(122_000)
    expect(cuts).toMatchObject([{ code: 'upstream_timeout' }])
  })
})
