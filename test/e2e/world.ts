/** A whole Sallyport with its demo, in this process, on free ports and a folder of its own. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createGateway, type Gateway } from '../../client/index.ts'
import type { DemoCredentials } from '../../scripts/demo/credentials.ts'
import { type DemoUpstream, startDemoUpstream } from '../../scripts/demo/upstream.ts'
import { type Config, readConfig } from '../../scripts/embedded/config.ts'
import { openSallyport, type Sallyport, type Wiring } from '../../scripts/embedded/sallyport.ts'
import { seed } from '../../scripts/seed.ts'
import { keys } from '../../shared/domain/keys.ts'
import type { Meter } from '../../shared/domain/meter.ts'
import type { Entry } from '../../shared/entries/entry.ts'
import type { Telemetry } from '../../shared/ports/world.ts'
import { entriesOf } from './entries.ts'
import { rawClient } from './raw-client.ts'

export type Partner = DemoCredentials['partners'][number]

export interface World {
  readonly issuer: string
  readonly data: string
  readonly upstream: DemoUpstream
  readonly sallyport: Sallyport
  readonly credentials: DemoCredentials
  partner(id: 'cedar' | 'prairie'): Partner
  gateway(id: 'cedar' | 'prairie'): Gateway
  raw(id: 'cedar' | 'prairie'): ReturnType<typeof rawClient>
  meter(id: 'cedar' | 'prairie'): Promise<Meter>
  entries(id: 'cedar' | 'prairie'): Promise<readonly { eid: string; entry: Entry }[]>
  script(behaviour: object): Promise<void>
  stats(): Promise<UpstreamStats>
  close(): Promise<void>
}

export interface UpstreamStats {
  readonly requests: number
  readonly in_flight: number
  readonly finished: number
  readonly aborted: number
  readonly tokens_produced: number
}

export const quiet: Telemetry = { count: () => undefined, alarm: () => undefined, error: () => undefined }

export async function openWorld(
  settings: { readonly config?: Partial<Config>; readonly wiring?: Wiring } = {},
): Promise<World> {
  const data = await mkdtemp(join(tmpdir(), 'sallyport-'))
  const upstream = await startDemoUpstream({ port: 0 })
  const config: Config = { ...readConfig({}), data, port: 0, ...settings.config }
  const sallyport = await openSallyport(config, { telemetry: quiet, ...settings.wiring })
  const { issuer, store } = sallyport
  const endpoints = { openai: `${upstream.url}/v1`, anthropic: upstream.url }
  const credentials = await seed(store, { data, issuer, endpoints }, Date.now())
  const partner = (id: string): Partner => {
    const found = credentials.partners.find(one => one.id === id)
    if (found === undefined) throw new Error(`no partner ${id}`)
    return found
  }
  return {
    issuer,
    data,
    upstream,
    sallyport,
    credentials,
    partner,
    gateway: id => {
      const { client_id: clientId, key, kid } = partner(id)
      return createGateway({ issuer, clientId, key, kid })
    },
    raw: id => rawClient(issuer, partner(id)),
    meter: async id => {
      const [meter] = await store.get([keys.meter(`grant_${id}`)])
      if (meter === undefined) throw new Error(`no meter of ${id}`)
      return meter
    },
    entries: id => entriesOf(store, id),
    script: async behaviour => {
      const response = await fetch(`${upstream.url}/demo/script`, {
        method: 'POST',
        body: JSON.stringify(behaviour),
      })
      if (!response.ok) throw new Error(await response.text())
    },
    stats: async () => (await fetch(`${upstream.url}/demo/stats`)).json() as Promise<UpstreamStats>,
    close: async () => {
      await sallyport.close(0)
      await upstream.close()
      await rm(data, { recursive: true })
    },
  }
}
