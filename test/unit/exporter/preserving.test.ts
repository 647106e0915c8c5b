/** Preservation orders: what they keep, what a lift lets go of, and who learns of them. */
import { beforeEach, describe, expect, test } from 'vitest'
import { preserve } from '../../../functions/exporter/preserve.ts'
import { decide } from '../../../functions/governance/engine/decide.ts'
import { viewOf } from '../../../functions/log/entry-view.ts'
import { indexes, keys } from '../../../shared/domain/keys.ts'
import { Refusal } from '../../../shared/domain/refusal.ts'
import type { Entry } from '../../../shared/entries/entry.ts'
import { type Store, StoreUnavailable } from '../../../shared/ports/store.ts'
import {
  codeOf,
  dayMs,
  hourMs,
  type KeptWorld,
  keptWorld,
  retentionMs,
  storeWith,
  why,
} from './kept-world.ts'

let world: KeptWorld
beforeEach(async () => {
  world = await keptWorld()
})

const place = (who: string, query = 'partner:cedar', reason: object = why) =>
  world.call(who, 'placePreservation', { body: { query, reason } })

const withoutMoment = ({ exp: _, ...rest }: Entry): object => rest

describe('an order', () => {
  test('is placed by one person of the developer or of an office, their counsel too, and by nobody else', async () => {
    for (const who of ['dana', 'nora', 'olga'])
      expect([who, codeOf(await place(who))]).toEqual([who, 'applied'])
    for (const who of ['pat', 'uma', 'audrey'])
      expect([who, codeOf(await place(who))]).toEqual([who, 'role_missing'])
  })

  test('is of a query: a wrong one is refused with its place', async () => {
    const refused = await place('dana', 'partner:cedar colour:red')
    expect(refused).toBeInstanceOf(Refusal)
    expect((refused as Refusal).code).toBe('query_malformed')
    expect((refused as Refusal).facts.position?.at).toBe(14)
  })

  test('keeps what it covers and nothing else, and of an entry it changes the moment of its end alone', async () => {
    const kept = await world.callOf('cedar')
    const other = await world.callOf('prairie')
    await world.sequence()
    const before = await world.entriesFrom(world.now(), 1)
    const tree = [...world.objects.all]
    await world.place('dana', 'partner:cedar')
    world.pass(hourMs)
    await world.run()
    expect(world.errors).toEqual([])
    expect(await world.exp(kept)).toBeUndefined()
    expect(await world.exp(`${kept}.outcome`)).toBeUndefined()
    expect(await world.exp(other)).toBe(before.get(other)?.exp)
    for (const [eid, entry] of before) {
      const now = await world.entryAt(eid)
      expect(now && withoutMoment(now)).toEqual(withoutMoment(entry))
    }
    expect([...world.objects.all]).toEqual(tree)
  })

  test('keeps what comes later, an hour after the hour before', async () => {
    await world.place('dana', 'partner:cedar')
    await world.run()
    world.pass(hourMs / 2)
    const later = await world.callOf('cedar')
    await world.sequence()
    await world.run()
    expect(await world.exp(later)).toBeGreaterThan(0)
    world.pass(hourMs)
    await world.run()
    expect(await world.exp(later)).toBeUndefined()
  })

  test('keeps an entry that had no place yet when its time was looked through', async () => {
    const late = await world.callOf('cedar')
    await world.place('dana', 'partner:cedar')
    for (let n = 0; n < 3; n++) {
      world.pass(2 * hourMs)
      await world.run()
    }
    await world.sequence()
    expect(await world.exp(late)).toBeGreaterThan(0)
    world.pass(2 * hourMs)
    await world.run()
    expect(await world.exp(late)).toBeUndefined()
  })

  test('keeps an outcome that comes hours after its intent was looked at', async () => {
    const intent = world.intentOf('cedar')
    await world.putIntent(intent)
    await world.sequence()
    await world.place('dana', 'partner:cedar')
    for (let n = 0; n < 3; n++) {
      world.pass(2 * hourMs)
      await world.run()
    }
    await world.endCall(intent)
    await world.sequence()
    expect(await world.exp(`${intent.eid}.outcome`)).toBeGreaterThan(0)
    world.pass(2 * hourMs)
    await world.run()
    expect(await world.exp(`${intent.eid}.outcome`)).toBeUndefined()
  })

  test('reaches back over months in which nothing was recorded', async () => {
    const old = await world.callOf('cedar')
    await world.sequence()
    world.pass(150 * dayMs)
    await world.place('nora', 'partner:cedar')
    world.pass(hourMs)
    await world.run()
    expect(await world.exp(old)).toBeUndefined()
  })

  test('ends where its query ends, and relative times go by when it was placed', async () => {
    const old = await world.callOf('cedar')
    world.pass(3 * dayMs)
    const young = await world.callOf('cedar')
    await world.sequence()
    await world.place('dana', 'partner:cedar time:-1d..now')
    world.pass(dayMs)
    const later = await world.callOf('cedar')
    await world.sequence()
    world.pass(hourMs)
    await world.run()
    const exps = await Promise.all([old, young, later].map(eid => world.exp(eid)))
    expect(exps.map(exp => exp === undefined)).toEqual([false, true, false])
  })

  test('is one of a hundred, and of 25 of one organisation', async () => {
    for (let n = 0; n < 25; n++) await world.place('dana', `partner:cedar request:call-${n}`)
    expect(codeOf(await place('dana'))).toBe('preservations_full')
    expect(codeOf(await place('nora'))).toBe('applied')
  })
})

describe('a lift', () => {
  test('takes two people of two organisations', async () => {
    const id = await world.place('dana', 'partner:cedar')
    const path = { preservation: id }
    const asked = await world.call('dana', 'liftPreservation', { path, rev: 1 })
    expect(codeOf(asked)).toBe('proposed')
    expect((await world.get(keys.preservation(id))).state).toBe('active')
    const { proposal } = (asked as { body: { proposal: { id: string } } }).body
    expect(await world.answer('devon', 'approve', proposal.id)).toMatchObject({ code: 'approval_required' })
    expect(await world.answer('nora', 'approve', proposal.id)).toMatchObject({ state: 'applied' })
    expect(await world.get(keys.preservation(id))).toMatchObject({ state: 'lifted' })
    expect((await world.get(keys.standingOrders)).orders).toEqual({})
  })

  test('lets go of what no other order covers, a week later at the earliest', async () => {
    const own = await world.callOf('cedar')
    const shared = await world.callOf('cedar', { client: 'client_shared' })
    await world.sequence()
    const id = await world.place('dana', 'partner:cedar')
    await world.place('nora', 'client:client_shared')
    world.pass(hourMs)
    await world.run()
    world.pass(retentionMs)
    await world.lift(id)
    await world.run()
    expect(world.errors).toEqual([])
    expect(await world.exp(own)).toBe(Math.ceil((world.now() + 7 * dayMs) / 1000))
    expect(await world.exp(shared)).toBeUndefined()
    const order = await world.get(keys.preservation(id))
    expect(order.due).toBeUndefined()
    expect(order.work.freedAt).toBe(world.now())
  })

  test('frees nothing that an order covers which is placed at that very moment', async () => {
    const eid = await world.callOf('cedar')
    await world.sequence()
    const id = await world.place('dana', 'partner:cedar')
    world.pass(hourMs)
    await world.run()
    await world.lift(id)
    let placed = false
    const store = storeWith(world.store, {
      async transact(ops) {
        const frees = ops.some(op => op.kind === 'update' && op.key.pk === eid)
        if (frees && !placed) {
          placed = true
          await world.place('nora', 'partner:cedar')
        }
        return world.store.transact(ops)
      },
    })
    await world.run({ store })
    expect(placed).toBe(true)
    expect(await world.exp(eid)).toBeUndefined()
  })

  test('is not undone by an exporter that still carries the order out', async () => {
    const eid = await world.callOf('cedar')
    await world.sequence()
    const id = await world.place('dana', 'partner:cedar')
    world.pass(hourMs)
    let lifted = false
    const store = storeWith(world.store, {
      async transact(ops) {
        if (!lifted && ops.some(op => op.key.pk === eid)) {
          lifted = true
          await world.lift(id)
          await world.run()
        }
        return world.store.transact(ops)
      },
    })
    await preserve({ ...world.deps, store }, world.now() + hourMs)
    expect(lifted).toBe(true)
    expect(await world.exp(eid)).toBeGreaterThan(0)
  })
})

describe('several exporters, and ones that die', () => {
  const ended = async (eids: readonly string[]) =>
    Promise.all(eids.map(async eid => (await world.exp(eid)) === undefined))

  test('come to the same', async () => {
    const eids: string[] = []
    for (let n = 0; n < 120; n++) eids.push(await world.callOf(n % 3 === 0 ? 'prairie' : 'cedar'))
    await world.sequence()
    const id = await world.place('dana', 'partner:cedar')
    world.pass(hourMs)
    await Promise.all([world.run(), world.run(), world.run()])
    expect(await ended(eids)).toEqual(eids.map((_, n) => n % 3 !== 0))
    await world.lift(id)
    await Promise.all([world.run(), world.run(), world.run()])
    expect(await ended(eids)).toEqual(eids.map(() => false))
    expect(world.errors).toEqual([])
  })

  test('wherever one stops, the next one ends it', async () => {
    const eids: string[] = []
    for (let n = 0; n < 5; n++) eids.push(await world.callOf('cedar'))
    await world.sequence()
    const id = await world.place('dana', 'partner:cedar')
    world.pass(hourMs)
    for (const lifts of [false, true]) {
      if (lifts) await world.lift(id)
      for (let dies = 1; dies < 8; dies++) {
        let calls = 0
        const dead = async (): Promise<never> => {
          throw new StoreUnavailable('the process died')
        }
        const store = storeWith(world.store, {
          write: (op => (++calls >= dies ? dead() : world.store.write(op))) as Store['write'],
          transact: ops => (++calls >= dies ? dead() : world.store.transact(ops)),
        })
        await preserve({ ...world.deps, store }, world.now() + hourMs).catch(() => undefined)
      }
      await world.run()
      expect(await ended(eids)).toEqual(eids.map(() => !lifts))
    }
  })
})

test('an order that a later version cannot read keeps no other from being carried out', async () => {
  const eid = await world.callOf('cedar')
  await world.sequence()
  const unreadable = await world.place('dana', 'partner:cedar')
  await world.place('nora', 'partner:cedar')
  await world.store.write({
    kind: 'update',
    key: keys.preservation(unreadable),
    change: { set: [[['q'], 'colour:red']] },
  })
  world.pass(hourMs)
  await world.run()
  expect(await world.exp(eid)).toBeUndefined()
  expect(world.errors.join()).toContain('a preservation order was not carried out')
})

describe('who learns of it', () => {
  test('both sides, and never the partner: no record, no entry, no notice', async () => {
    const reason = { ...why, sealed: true }
    const id = await world.decided(await place('nora', 'partner:cedar', reason))
    const seen = async (who: string) => {
      const list = await world.call(who, 'listPreservations')
      const one = await world.call(who, 'getPreservation', { path: { preservation: id } })
      return [((list as { body: { items: object[] } }).body.items ?? []).length, codeOf(one)]
    }
    for (const who of ['dana', 'nora', 'olga'])
      expect([who, ...(await seen(who))]).toEqual([who, 1, 'undefined'])
    for (const who of ['pat', 'uma', 'rita', 'zoe', 'elsa', 'audrey'])
      expect([who, ...(await seen(who))]).toEqual([who, 0, 'record_unknown'])
    const { entry } = await world.get(keys.preservation(id))
    const logged = await world.entryAt(entry)
    for (const who of ['pat', 'uma', 'zoe', 'audrey']) {
      const { viewer } = await world.caller(who)
      expect([who, logged && viewOf({ kind: 'person', viewer }, logged)]).toEqual([who, undefined])
    }
    const notices = await world.store.query({
      ...{ index: indexes.byOwner, partition: 'cedar', from: 'notice#', to: 'notice$' },
      ...{ order: 'asc', limit: 100 },
    })
    expect(notices.keys).toEqual([])
  })

  test('and what its query names is no business of another developer', async () => {
    await world.records.model({ id: 'gale', developer: 'zephyr', governments: ['ofr'] })
    const id = await world.place('nora', 'partner:cedar')
    expect((await world.get(keys.preservation(id))).developers).toEqual(['halcyon'])
    expect(codeOf(await world.call('zoe', 'getPreservation', { path: { preservation: id } }))).toBe(
      'record_unknown',
    )
  })
})

test('a release waits on none of it: neither on orders that stand, nor where they cannot be read', async () => {
  await world.place('nora', 'model:aurora')
  const touches = (ops: readonly { readonly key: { readonly pk: string } }[]): boolean =>
    ops.some(({ key }) => /^(orders|preservation#|evidence#|deletion#)/.test(key.pk))
  const down = async (): Promise<never> => {
    throw new StoreUnavailable('no answer')
  }
  const store = storeWith(world.store, {
    get: (wanted =>
      touches(wanted.map(key => ({ key }))) ? down() : world.store.get(wanted)) as Store['get'],
    transact: ops => (touches(ops) ? down() : world.store.transact(ops)),
  })
  const [model] = await world.store.get([keys.model('aurora')])
  const released = await decide({ ...world.deps, store }, await world.actor('dana'), {
    action: { name: 'model.release', id: 'aurora', params: {} },
    reason: { code: 'operational', text: 'It is released.' },
    rev: model?.rev ?? 0,
    request: 'r',
  })
  expect(released).toMatchObject({ step: 'applied' })
})
