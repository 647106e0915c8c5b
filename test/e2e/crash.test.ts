/** Invariants 1 and 2 across `kill -9` under live streams, told by the data that is found afterwards. */
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { DemoCredentials } from '../../scripts/demo/credentials.ts'
import { type DemoUpstream, startDemoUpstream } from '../../scripts/demo/upstream.ts'
import { openSqliteStore } from '../../shared/adapters/embedded/sqlite-store.ts'
import { indexes, keys } from '../../shared/domain/keys.ts'
import { entriesOf, told } from './entries.ts'
import { freePort, type Started, start } from './process.ts'
import { rawClient } from './raw-client.ts'

const kills = 5
const streams = 20
const leaseS = 3

let data: string
let upstream: DemoUpstream
let server: Started | undefined
beforeAll(async () => {
  data = await mkdtemp(join(tmpdir(), 'sallyport-crash-'))
  upstream = await startDemoUpstream({ port: 0 })
})
afterAll(async () => {
  await server?.kill()
  await upstream.close()
  await rm(data, { recursive: true })
})

const produced = async (): Promise<number> =>
  ((await (await fetch(`${upstream.url}/demo/stats`)).json()) as { tokens_produced: number }).tokens_produced

test(`${kills} kills under ${streams} live streams: used + remaining = total, and every intent has one outcome`, async () => {
  const port = String(await freePort())
  const run = async (): Promise<Started> => {
    server = start({
      SALLYPORT_DATA: data,
      SALLYPORT_PORT: port,
      SALLYPORT_DEMO_UPSTREAM_PORT: '0',
      SALLYPORT_LEASE_S: String(leaseS),
      SALLYPORT_UPSTREAM_OPENAI: `${upstream.url}/v1`,
      SALLYPORT_UPSTREAM_ANTHROPIC: upstream.url,
    })
    await server.line(/^ready /)
    await server.line(/outcome: completed/)
    return server
  }
  const script = { pace_ms: 10, tokens: 2_000 }

  for (let kill = 0; kill < kills; kill++) {
    await fetch(`${upstream.url}/demo/script`, { method: 'DELETE' })
    const killed = await run()
    await fetch(`${upstream.url}/demo/script`, { method: 'POST', body: JSON.stringify(script) })
    const credentials = JSON.parse(
      await readFile(join(data, 'demo', 'credentials.json'), 'utf8'),
    ) as DemoCredentials
    const client = async (partner: DemoCredentials['partners'][number] | undefined) => {
      if (partner === undefined) throw new Error('no partner')
      const raw = rawClient(credentials.issuer, partner)
      return { raw, token: await raw.token() }
    }
    const rich = await client(credentials.partners[0])
    const poor = await client(credentials.partners[1])
    const live = Array.from({ length: streams }, async (_, i) => {
      const { raw, token } = i % 10 === 0 ? poor : rich
      const send = i % 2 === 0 ? raw.chat : raw.messages
      const body = { stream: true, max_tokens: i % 10 === 0 ? 100 : 2_000 }
      let response = await send(body, { token })
      // Leases of the runs before hold places until they expire; then the denial itself makes room.
      while (response.status === 429) {
        await new Promise(resolve => setTimeout(resolve, 100))
        response = await send(body, { token })
      }
      expect(response.status).toBe(200)
      await response.body?.getReader().read()
    })
    await Promise.all(live)
    await new Promise(resolve => setTimeout(resolve, Math.random() * 300))
    await killed.kill()
  }
  await fetch(`${upstream.url}/demo/script`, { method: 'DELETE' })

  const last = await run()
  const store = openSqliteStore(join(data, 'sallyport.db'), Object.values(indexes))
  const meters = () => store.get([keys.meter('grant_cedar'), keys.meter('grant_prairie')])
  let found = await meters()
  while (found.some(meter => meter && Object.keys(meter.leases).length > 0)) {
    await new Promise(resolve => setTimeout(resolve, 100))
    found = await meters()
  }
  last.process.kill('SIGTERM')
  expect(await last.ended).toBe(0)

  let charges = 0
  for (const [i, organisation] of ['cedar', 'prairie'].entries()) {
    const meter = found[i]
    if (!meter) throw new Error('no meter')
    expect(meter.used + meter.remaining).toBe(meter.limits.total)
    const entries = await entriesOf(store, organisation)
    const ids = (kind: string) =>
      entries.filter(({ entry }) => told(entry).kind === kind).map(({ eid }) => eid)
    expect(ids('outcome').sort()).toEqual(
      ids('intent')
        .map(eid => `${eid}.outcome`)
        .sort(),
    )
    const charged = entries.reduce((sum, { entry }) => sum + (entry.charge ?? 0), 0)
    expect(charged).toBe(meter.used)
    charges += charged
    const estimated = entries.filter(({ entry }) => told(entry).ending === 'estimated').length
    // The small partner's streams are short: some end before the kill comes.
    if (organisation === 'cedar') expect(estimated).toBe(kills * (streams - 2))
    else expect(estimated).toBeGreaterThan(0)
  }
  expect(charges).toBeGreaterThanOrEqual(await produced())
  store.close()
})
