import { beforeEach, describe, expect, test } from 'vitest'
import { watchCall } from '../../../functions/gate/watch.ts'
import { openSqliteStore } from '../../../shared/adapters/embedded/sqlite-store.ts'
import { indexes, keys, listed } from '../../../shared/domain/keys.ts'
import { freshMeter, reserve } from '../../../shared/domain/meter.ts'
import type { InForce, Refusal } from '../../../shared/domain/refusal.ts'
import type { Key, Store } from '../../../shared/ports/store.ts'
import { caller as admittedCaller, now, admitted as records } from '../domain/admitted.ts'

/** Time that moves only when the test says so; sleepers wake by time that has passed, as timers do. */
class ManualClock {
  #passed = 0
  #start = now
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
let seen: InForce[]
beforeEach(() => {
  clock = new ManualClock()
  store = openSqliteStore(':memory:', [])
  cuts = []
  resting = false
  seen = []
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
      saw: inForce => seen.push(inForce),
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
  const { organisation, client, model, agreement, grant, standing } = records
  const meter = freshMeter('grant_1', { total: 1_000, rpm: 60, burst: 10, streams: 4 }, now)
  beforeEach(async () => {
    store = openSqliteStore(':memory:', Object.values(indexes))
    const put = <R extends object>(key: Key<R>, item: R) => store.write({ kind: 'put', key, item })
    const of = (record: 'organisation' | 'client' | 'model' | 'agreement' | 'grant', id: string) => ({
      ...listed(record, organisation.id, id),
      rev: 1,
    })
    await put(keys.standing, standing)
    await put(keys.organisation(organisation.id), { ...organisation, ...of('organisation', organisation.id) })
    await put(keys.client(client.id), { ...client, ...of('client', client.id) })
    await put(keys.model(model.id), { ...model, ...of('model', model.id) })
    await put(keys.agreement(agreement.id), { ...agreement, ...of('agreement', agreement.id) })
    await put(keys.grant(grant.id), { ...grant, ...of('grant', grant.id) })
    await put(keys.meter(meter.id), meter)
    const op = reserve(meter, eid, 10, clock.now(), 30_000)
    if ('code' in op) throw new Error(op.code)
    await store.write(op)
  })
  const admitted = (over: object = {}) => {
    const caller = { ...admittedCaller, meters: grant.meters, clauses: [], key: 'x' }
    return start({ caller, eid, meters: grant.meters, ...over })
  }
  const expiry = async () => (await store.get([keys.meter(meter.id)]))[0]?.leases[eid]?.exp

  test('keeps its lease, renewed every third of it', async () => {
    const before = (await expiry()) ?? 0
    const watch = admitted()
    await clock.pass(9_500)
    expect(await expiry()).toBe(before)
    await clock.pass(1_000)
    expect(await expiry()).toBe(before + 10_000)
    await clock.pass(60_000)
    expect(cuts).toEqual([])
    expect(((await expiry()) ?? 0) - clock.now()).toBeGreaterThan(19_000)
    watch.stop()
  })

  test('tells at each beat which rules and which agreement are in force', async () => {
    const watch = admitted()
    await clock.pass(1_500)
    await store.write({ kind: 'update', key: keys.standing, change: { set: [[['rules'], 2]] } })
    const replaced = { digest: agreement.digest, until: agreement.endsAt }
    await store.write({
      kind: 'update',
      key: keys.agreement(agreement.id),
      change: {
        set: [
          [['digest'], 'v3'],
          [['previous'], replaced],
        ],
      },
    })
    await clock.pass(1_000)
    watch.stop()
    expect(seen.map(({ rules, agreement: of }) => [rules, of?.digest])).toEqual([
      [1, agreement.digest],
      [2, 'v3'],
    ])
    expect(cuts).toEqual([])
  })

  test('is cut when its lease was purged', async () => {
    admitted()
    await store.write({ kind: 'update', key: keys.meter(meter.id), change: { remove: [['leases', eid]] } })
    await clock.pass(11_000)
    expect(cuts).toMatchObject([{ code: 'store_unavailable' }])
  })

  test('lets the caller hear that it still waits after each 15 s of silence', async () => {
    const watch = admitted()
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
    const watch = admitted({ readAt: clock.now() - 1_400 })
    void watch.fresh().then(() => asked++)
    await clock.pass(1)
    expect(asked).toBe(1)
    watch.stop()

    const { get } = store
    let answer = (): void => undefined
    const answered = new Promise<void>(resolve => {
      answer = resolve
    })
    const late = admitted({ readAt: clock.now() - 18_000 })
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
      key: keys.grant(grant.id),
      change: { set: [[['state'], 'revoked']] },
    })
    const late = admitted({ readAt: clock.now() - 18_000 })
    const freshened = late.fresh()
    await clock.pass(10)
    await freshened
    expect(cuts).toMatchObject([{ code: 'grant_revoked' }])
  })

  test('is not cut for a silence of its caller’s', async () => {
    resting = true
    const watch = admitted()
    await clock.pass(300_000)
    expect(cuts).toEqual([])
    resting = false
    await clock.pass(100_000)
    expect(cuts).toEqual([])
    watch.stop()
  })

  test('is cut when the upstream has been silent for too long', async () => {
    admitted()
    await clock.pass(122_000)
    expect(cuts).toMatchObject([{ code: 'upstream_timeout' }])
  })
})
