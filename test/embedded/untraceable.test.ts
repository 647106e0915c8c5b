/** A reply goes out only where it can be traced to whoever it went to. */
import { afterEach, expect, test } from 'vitest'
import { keys } from '../../shared/domain/keys.ts'
import { type Store, StoreUnavailable } from '../../shared/ports/store.ts'
import { type EmbeddedWorld, openEmbedded } from '../world/embedded.ts'
import { told } from '../world/entries.ts'

let world: EmbeddedWorld
afterEach(() => world.close())

test('without the key of the month’s fingerprints nothing is called and nothing reserved; with it, all goes on', async () => {
  let down = true
  const wrap = (store: Store): Store => ({
    ...store,
    get: async keys => {
      if (down && keys.some(({ pk }) => pk.startsWith('attr#'))) throw new StoreUnavailable('down')
      return store.get(keys)
    },
  })
  world = await openEmbedded({ wiring: { wrap } })
  const cedar = world.raw('cedar')
  const token = await cedar.token()
  for (const stream of [true, false]) {
    const refused = await cedar.chat({ stream }, { token })
    expect(refused.status).toBe(503)
    expect(await refused.json()).toMatchObject({ error: { sallyport: { code: 'record_unavailable' } } })
  }
  expect(await world.stats()).toMatchObject({ requests: 0 })
  expect(await world.meter('cedar')).toMatchObject({ used: 0, leases: {} })
  const entries = (await world.entries('cedar')).map(({ entry }) => told(entry))
  expect(entries.filter(({ kind }) => kind !== 'issuance')).toMatchObject([
    { kind: 'refusal', code: 'record_unavailable' },
    { kind: 'refusal', code: 'record_unavailable' },
  ])

  down = false
  await world.script({ tokens: 12 })
  const response = await cedar.chat({ stream: true, max_tokens: 20 }, { token })
  expect(await response.text()).toContain('[DONE]')
  const eid = response.headers.get('x-sallyport-entry') ?? ''
  const [outcome] = await world.store.get([keys.entry(`${eid}.outcome`)])
  expect(outcome && told(outcome).fingerprints).toBeGreaterThan(0)
  expect(outcome?.attr).toMatch(/^[\w-]{43}$/)
})
