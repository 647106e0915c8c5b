/** A store that fails part of what it is asked: nothing opens, nothing is lost. */
import { afterEach, expect, test } from 'vitest'
import { keys } from '../../shared/domain/keys.ts'
import { type Store, StoreUnavailable } from '../../shared/ports/store.ts'
import { replaceWrite } from '../in-order.ts'
import { type EmbeddedWorld, openEmbedded } from '../world/embedded.ts'
import { told } from '../world/entries.ts'

let world: EmbeddedWorld
afterEach(() => world.close())

test('a stream whose authority cannot be read for 1.5 s ends', async () => {
  let down = false
  const wrap = (store: Store): Store => ({
    ...store,
    get: async keys => {
      if (down) throw new StoreUnavailable('down')
      return store.get(keys)
    },
  })
  world = await openEmbedded({ wiring: { wrap } })
  await world.script({ pace_ms: 20, tokens: 1_000 })
  const cedar = world.raw('cedar')
  const token = await cedar.token()
  const response = await cedar.chat({ stream: true, max_tokens: 1_000 }, { token })
  down = true
  const since = performance.now()
  const text = await response.text()
  down = false
  expect(text).toContain('"code":"store_unavailable"')
  expect(performance.now() - since).toBeLessThan(2_000)
})

test('without a store for the intent nothing is called; without one for the outcome the sweeper settles', async () => {
  let failing = ''
  const wrap = (store: Store): Store =>
    replaceWrite(store, async op => {
      if (failing && op.key.pk.includes(failing) && op.key.table === 'entries')
        throw new StoreUnavailable('down')
      return store.write(op)
    })
  world = await openEmbedded({ config: { leaseMs: 3_000 }, wiring: { wrap } })
  const cedar = world.raw('cedar')
  const token = await cedar.token()
  failing = 'entry_'
  expect((await cedar.chat({}, { token })).status).toBe(503)
  expect(await world.stats()).toMatchObject({ requests: 0, tokens_produced: 0 })
  expect(await world.meter('cedar')).toMatchObject({ used: 0, leases: {} })

  failing = '.outcome'
  const response = await cedar.chat({}, { token })
  expect(response.status).toBe(200)
  expect(Object.keys((await world.meter('cedar')).leases)).toHaveLength(1)
  failing = ''
  let meter = await world.meter('cedar')
  while (Object.keys(meter.leases).length > 0) {
    await new Promise(resolve => setTimeout(resolve, 100))
    meter = await world.meter('cedar')
  }
  const eid = response.headers.get('x-sallyport-entry') ?? ''
  const [outcome] = await world.store.get([keys.entry(`${eid}.outcome`)])
  expect(outcome && told(outcome)).toMatchObject({ ending: 'estimated', charge: meter.used })
})
