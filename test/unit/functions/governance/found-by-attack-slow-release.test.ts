/** What a release, a withdrawal and the kill switch once waited for: how much others have, and what others do meanwhile. */
import { beforeEach, describe, expect, test } from 'vitest'
import { decide } from '../../../../functions/governance/engine/decide.ts'
import { lapse } from '../../../../functions/sweeper/run.ts'
import { keys } from '../../../../shared/domain/keys.ts'
import type { Organisation } from '../../../../shared/domain/parties.ts'
import type { Stop } from '../../../../shared/domain/stop.ts'
import { type Store, StoreUnavailable, type TransactOp } from '../../../../shared/ports/store.ts'
import { applied, day, type GrantWorld, grantWorld, reason, start, told } from './grant-world.ts'

let world: GrantWorld
beforeEach(async () => {
  world = await grantWorld()
})

const verbs = ['release', 'withdraw', 'kill'] as const
type Verb = (typeof verbs)[number]

const stop: Stop = {
  by: { organisation: 'ofr', person: 'nora', name: 'nora', role: 'nsa-admin', at: start, authTime: start },
  reason,
  entry: 'e',
  ratifyBy: start + 9 * day,
}

const ask = async (verb: Verb, store: Store) =>
  decide({ ...world.deps, store }, await world.actor('dana'), {
    action: { name: `model.${verb}`, id: 'aurora', params: {} },
    reason,
    request: 'r',
  })

const through = (store: Store, change: Partial<Store>): Store => ({
  get: store.get.bind(store),
  query: store.query.bind(store),
  write: store.write.bind(store),
  writeInOrder: store.writeInOrder.bind(store),
  transact: store.transact.bind(store),
  ...change,
})

/** Each read takes so long. */
const slow = (ms: number, change: Partial<Store> = {}): Store =>
  through(world.store, {
    get: (async keys => {
      world.pass(ms)
      return world.store.get(keys)
    }) as Store['get'],
    query: async query => {
      world.pass(ms)
      return world.store.query(query)
    },
    ...change,
  })

const partner = (id: string, change: object = {}) =>
  world.records.organisation({
    id,
    name: id,
    kind: 'partner',
    state: 'active',
    partner: 'active',
    developers: ['halcyon'],
    governments: ['ofr'],
    ...change,
  } as Organisation)

const stateOf = async () => {
  const { state, killed } = await world.get(keys.model('aurora'))
  return killed ? 'killed' : state
}
const done = { release: 'released', withdraw: 'withdrawn', kill: 'killed' } as const

describe.each(verbs)('%s', verb => {
  test('takes seconds, however many grants, clients and agreements others have', async () => {
    for (let i = 0; i < 30; i++) {
      await partner(`p${i}`)
      await world.records.client({ id: `client_p${i}`, organisation: `p${i}` })
      await world.records.agreement({ id: `agreement_p${i}`, counterparty: `p${i}`, models: ['borealis'] })
    }
    for (let i = 0; i < 1_500; i++)
      await world.records.grant({
        id: `grant_o${i}`,
        organisation: `p${i % 30}`,
        model: 'borealis',
        state: 'expired',
      })
    const before = world.now()
    applied(await ask(verb, slow(150)))
    expect(await stateOf()).toBe(done[verb])
    expect(world.now() - before).toBeLessThan(4_000)
  })

  test('is made on whatever stands, though an office changes the record before every attempt', async () => {
    let shared = false
    const store = slow(20, {
      transact: async ops => {
        shared = !shared
        const params = { organisation: 'elsewhere', shared }
        if (told(await world.decide('nora', 'model.share', 'aurora', params)) !== 'applied')
          throw new Error('not shared')
        world.pass(100)
        return world.store.transact(ops)
      },
    })
    const before = await world.get(keys.model('aurora'))
    const decided = applied(await ask(verb, store))
    expect(decided.step).toBe('applied')
    expect(await stateOf()).toBe(done[verb])
    expect((await world.get(keys.model('aurora'))).rev).toBeGreaterThan(before.rev + 1)
  })

  test('is made beside records that nobody can read', async () => {
    await partner('odd')
    await world.records.client({ id: 'client_odd', organisation: 'odd' })
    await world.records.agreement({ id: 'agreement_odd', counterparty: 'odd', models: undefined as never })
    await world.records.grant({
      id: 'grant_odd',
      organisation: 'odd',
      meters: undefined as never,
      state: 'suspended',
      stop,
    })
    await world.records.grant({ id: 'grant_odder', organisation: 'nobody', agreement: 'none' })
    await world.hold('hold_odd', 'nora', { model: 'aurora', organisation: 'nobody' })
    applied(await ask(verb, world.store))
    expect(await stateOf()).toBe(done[verb])
  })

  test('is made where an index does not answer', async () => {
    const store = through(world.store, {
      query: async () => {
        throw new StoreUnavailable('throttled')
      },
    })
    applied(await ask(verb, store))
    expect(await stateOf()).toBe(done[verb])
  })
})

describe.each(['release', 'withdraw'] as const)('%s', verb => {
  test('is not outrun by an office that stops one grant after the other', async () => {
    for (let i = 0; i < 300; i++) {
      await world.records.grant({ id: `grant_x${i}`, meters: [`meter_x${i}`] })
      await world.records.meter(`meter_x${i}`)
    }
    // It needs no longer for one than a release does that looks at them.
    let since = world.now()
    let next = 0
    const store = slow(20, {
      transact: async ops => {
        if (world.now() - since > 200 && next < 300) {
          const { model } = await world.get(keys.grant(`grant_x${next}`))
          if (model) await world.decide('nora', 'grant.suspend', `grant_x${next++}`)
          since = world.now()
        }
        return world.store.transact(ops)
      },
    })
    expect(told(await ask(verb, store))).toBe('applied')
    expect(await stateOf()).toBe(done[verb])
    // From then on nothing of theirs is added, and what stands is ended by the next sweep.
    expect(told(await world.decide('nora', 'grant.suspend', 'grant_x299'))).toBe('role_missing')
    await lapse(world.deps)
    for (let i = 0; i < next; i++) expect((await world.get(keys.grant(`grant_x${i}`))).state).toBe('active')
  })

  test('writes items that the store of a deployment takes, whatever was stopped', {
    timeout: 60_000,
  }, async () => {
    await partner('cedar', { partner: 'suspended', stop })
    const name = (i: number) => `grant_${String(i).padStart(26, '0')}`
    for (let i = 0; i < 6_000; i++)
      await world.records.grant({
        id: name(i),
        state: i % 2 ? 'suspended' : 'active',
        meters: [],
        ...(i % 2 && { stop }),
      })
    let largest = 0
    const measured = (op: TransactOp): number => JSON.stringify(op).length
    const store = through(world.store, {
      transact: async ops => {
        largest = Math.max(...ops.map(measured))
        return world.store.transact(ops)
      },
    })
    applied(await ask(verb, store))
    expect(largest).toBeLessThan(100_000)
  })

  test('what it had no time for ends with the next sweep, and the notice does not say that there was nothing', async () => {
    await world.records.grant({ state: 'suspended', stop })
    await world.records.meter('meter_1', { state: 'closed' })
    const store = through(world.store, {
      query: async () => {
        throw new StoreUnavailable('throttled')
      },
    })
    const { entry } = applied(await ask(verb, store))
    const [notice] = await world.store.get([keys.notice(`${entry}-halcyon`)])
    expect(notice?.text).not.toContain('No hold')
    expect((await world.get(keys.grant('grant_1'))).state).toBe('suspended')
    await lapse(world.deps)
    expect((await world.get(keys.grant('grant_1'))).state).toBe('active')
    expect((await world.meter()).state).toBe('open')
  })
})
