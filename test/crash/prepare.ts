/** What stands before the first kill: the demo's story, and budgets that fit the series. */
import { join } from 'node:path'
import type { DemoCredentials } from '../../scripts/demo/credentials.ts'
import { people } from '../../scripts/demo/people.ts'
import { startDemoProvider } from '../../scripts/demo/provider.ts'
import type { Endpoints } from '../../scripts/demo/story.ts'
import { readConfig } from '../../scripts/embedded/config.ts'
import { openSallyport } from '../../scripts/embedded/sallyport.ts'
import { seed } from '../../scripts/seed.ts'
import { keys } from '../../shared/domain/keys.ts'
import { freshMeter, type Limits } from '../../shared/domain/meter.ts'
import type { Store } from '../../shared/ports/store.ts'
import type { Settings } from './series.ts'
import { callersOf } from './traffic.ts'

const partners = ['cedar', 'prairie'] as const
const pool = 'pool_valley'

/** A first start tells the demo's story: those that are killed find it told, and look through it again. */
export async function tellBefore(
  environment: Readonly<Record<string, string>>,
  endpoints: Endpoints,
): Promise<DemoCredentials> {
  const config = readConfig(environment)
  const { data } = config
  const sallyport = await openSallyport(config)
  const { issuer, store } = sallyport
  const provider = await startDemoProvider({
    port: 0,
    issuerOfSallyport: issuer,
    people,
    keys: join(data, 'demo', 'provider-keys.json'),
  })
  try {
    return await seed(store, { data, issuer, endpoints, provider: provider.issuer })
  } finally {
    await provider.close()
    await sallyport.close(0)
  }
}

/**
 * One partner has room and is charged to a pool as well, the other's small budget ends before the series does. Both
 * have places for the calls that live beside those that two or three kills left: now and then a denial has to purge.
 * Returns the ids of their meters and of the pool.
 */
export async function giveBudgets(
  store: Store,
  { kills, streams }: Pick<Settings, 'kills' | 'streams'>,
  { partners: told }: DemoCredentials,
): Promise<Record<'cedar' | 'prairie' | 'pool', string>> {
  const now = Date.now()
  const places = callersOf(streams)
  const plenty = { total: 1e9, perDay: 1e9, rpm: 60_000, burst: 1_000, streams: places * 3 }
  const limits = {
    cedar: plenty,
    prairie: { ...plenty, total: kills * streams * 20, streams: Math.ceil(places / 2) },
    pool: { ...plenty, streams: places * 4 },
  }
  const fill = (id: string, of: Limits, shared?: 'pool') =>
    store.write({ kind: 'put', key: keys.meter(id), item: freshMeter(id, of, now, shared) })
  const meters = { cedar: '', prairie: '', pool }
  await fill(pool, limits.pool, 'pool')
  for (const id of partners) {
    const key = keys.grant(told.find(one => one.id === id)?.grant ?? '')
    const [grant] = await store.get([key])
    const [own] = grant?.meters ?? []
    if (own === undefined) throw new Error(`the grant of ${id} has no meter`)
    await fill(own, limits[id])
    if (id === 'cedar')
      await store.write({ kind: 'update', key, change: { set: [[['meters'], [own, pool]]] } })
    meters[id] = own
  }
  return meters
}
