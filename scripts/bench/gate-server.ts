/** In a process of its own: a whole Sallyport with the demo's story in front of the upstream that it is told. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { keys } from '../../shared/domain/keys.ts'
import { freshMeter, type Limits } from '../../shared/domain/meter.ts'
import type { DemoCredentials } from '../demo/credentials.ts'
import { readConfig } from '../embedded/config.ts'
import { openSallyport } from '../embedded/sallyport.ts'
import { seed } from '../seed.ts'
import { argument, serve } from './server-process.ts'

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
const endpoints = { openai: upstream, anthropic: upstream }
const { partners } = await seed(store, { data, issuer, endpoints }, Date.now())
const partner = partners.find(one => one.id === id)
if (partner === undefined) throw new Error(`The demo has no partner ${id}`)
const grant = `grant_${id}`
await store.write({ kind: 'put', key: keys.meter(grant), item: freshMeter(grant, limits, Date.now()) })
serve({ issuer, partner, data } satisfies GateTold, async () => {
  await sallyport.close(0)
  await rm(data, { recursive: true })
})
