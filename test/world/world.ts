/** What a test sees of a Sallyport with its demo, whatever it runs on. */
import { createGateway, type Gateway } from '../../client/index.ts'
import type { DemoCredentials } from '../../scripts/demo/credentials.ts'
import type { DemoUpstream } from '../../scripts/demo/upstream.ts'
import { keys } from '../../shared/domain/keys.ts'
import type { Meter } from '../../shared/domain/meter.ts'
import type { SigningKey } from '../../shared/domain/records.ts'
import type { Entry } from '../../shared/entries/entry.ts'
import type { Signer } from '../../shared/ports/keys.ts'
import type { Store } from '../../shared/ports/store.ts'
import { entriesOf } from './entries.ts'
import { rawClient } from './raw-client.ts'

export type Partner = DemoCredentials['partners'][number]
export type Target = 'embedded' | 'localstack' | 'ministack'

export interface World {
  readonly target: Target
  readonly issuer: string
  /** A folder of this world's own, with `demo/credentials.json` in it. */
  readonly data: string
  readonly store: Store
  readonly upstream: DemoUpstream
  readonly credentials: DemoCredentials
  /** How much may be under way at once: a function takes a process for each call. */
  readonly atOnce: number
  /** Whether the bytes of a streamed reply arrive as they come. */
  readonly live: boolean
  /** Opens the private half of a token signing key. */
  signer(key: SigningKey): Promise<Signer>
  /** One run of the sweeper, beside its schedule. */
  sweep(): Promise<void>
  /** One run of the exporter, beside its schedule; where a timer starts it every second, nothing. */
  export(): Promise<void>
  /** An operator's command, for instance `rotate`; rejects with its `stderr` when it fails. */
  operate(command: string, ...args: string[]): Promise<{ readonly stdout: string }>
  partner(id: 'cedar' | 'prairie'): Partner
  /** Ids: of the partner's grant, of the meter that is the grant's own, of its agreement. */
  grant(id: 'cedar' | 'prairie'): string
  meterId(id: 'cedar' | 'prairie'): string
  agreement(id: 'cedar' | 'prairie'): string
  gateway(id: 'cedar' | 'prairie'): Gateway
  raw(id: 'cedar' | 'prairie'): ReturnType<typeof rawClient>
  meter(id: 'cedar' | 'prairie'): Promise<Meter>
  /** Those that were not there when the world opened: how the partner came to its grant stands before them. */
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

type Given = Omit<
  World,
  'partner' | 'grant' | 'meterId' | 'agreement' | 'gateway' | 'raw' | 'meter' | 'entries' | 'script' | 'stats'
>

/** What every world can be asked, whatever it runs on. It is open from now on. */
export async function furnished<G extends Given>(given: G): Promise<NoInfer<G> & World> {
  const { issuer, store, upstream, credentials } = given
  const partner = (id: string): Partner => {
    const found = credentials.partners.find(one => one.id === id)
    if (found === undefined) throw new Error(`no partner ${id}`)
    return found
  }
  const told = await Promise.all(credentials.partners.map(({ id }) => entriesOf(store, id)))
  const before = new Set(told.flat().map(({ eid }) => eid))
  const grants = await store.get(credentials.partners.map(({ grant }) => keys.grant(grant)))
  const meterId = (id: string): string => {
    const [own] = grants.find(grant => grant?.organisation === id)?.meters ?? []
    if (own === undefined) throw new Error(`no meter of ${id}`)
    return own
  }
  return {
    ...given,
    partner,
    grant: id => partner(id).grant,
    meterId,
    agreement: id => partner(id).agreement,
    gateway: id => {
      const { client_id: clientId, key, kid } = partner(id)
      return createGateway({ issuer, clientId, key, kid })
    },
    raw: id => rawClient(issuer, partner(id)),
    meter: async id => {
      const [meter] = await store.get([keys.meter(meterId(id))])
      if (meter === undefined) throw new Error(`no meter of ${id}`)
      return meter
    },
    entries: id => entriesOf(store, id, before),
    script: async behaviour => {
      const response = await fetch(`${upstream.url}/demo/script`, {
        method: 'POST',
        body: JSON.stringify(behaviour),
      })
      if (!response.ok) throw new Error(await response.text())
    },
    stats: async () => (await fetch(`${upstream.url}/demo/stats`)).json() as Promise<UpstreamStats>,
  }
}
