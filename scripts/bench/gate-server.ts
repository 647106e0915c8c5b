/** In a process of its own: a whole Sallyport with the demo's story in front of the upstream that it is told. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { keys } from '../../shared/domain/keys.ts'
import { freshMeter, type Limits } from '../../shared/domain/meter.ts'
import type { DemoCredentials } from '../demo/credentials.ts'
import { readConfig } from '../embedded/config.ts'
import { openSallyport } from '../embedded/sallyport.ts'
import { argument, serve } from './server-process.ts'
import { tellServer } from './tell-server.ts'

export interface GateArgument {
  readonly store: 'memory' | 'disk'
  /** The upstream's address, which ends in `/v1`. */
  readonly upstream: string
  /** Of the grant that `partner` holds. */
  readonly partner: 'cedar' | 'prairie'
  readonly limits: Limits
}

export interface GateTold {
  readonly issuer: string
  readonly partner: DemoCredentials['partners'][number]
  /** The id of the meter that has the limits. */
  readonly meter: string
  /** The data folder, in which the store lies if it is on disk. */
  readonly data: string
}

const { store: where, upstream, partner: id, limits } = argument<GateArgument>()
const data = await mkdtemp(join(tmpdir(), 'sallyport-bench-'))
const sallyport = await openSallyport(
  { ...readConfig({}), data, port: 0 },
  where === 'memory' ? { database: ':memory:' } : {},
)
const { issuer, store } = sallyport
// Only the first is called.
const endpoints = { openai: upstream, anthropic: new URL(upstream).origin }
const { partners } = await tellServer(sallyport, data, endpoints)
const partner = partners.find(one => one.id === id)
if (partner === undefined) throw new Error(`The demo has no partner ${id}`)
const [grant] = await store.get([keys.grant(partner.grant)])
const [meter] = grant?.meters ?? []
if (meter === undefined) throw new Error(`The grant of ${id} has no meter`)
await store.write({ kind: 'put', key: keys.meter(meter), item: freshMeter(meter, limits, Date.now()) })
serve({ issuer, partner, meter, data } satisfies GateTold, async () => {
  await sallyport.close(0)
  await rm(data, { recursive: true })
})
