/** A whole Sallyport with its demo, in this process, on free ports and a folder of its own. */
import { execFile } from 'node:child_process'
import { rmSync } from 'node:fs'
import { cp, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { runSweeper } from '../../functions/sweeper/run.ts'
import { openCredentials } from '../../scripts/demo/credentials.ts'
import { people } from '../../scripts/demo/people.ts'
import { type DemoProvider, startDemoProvider } from '../../scripts/demo/provider.ts'
import { modelId, upstreams } from '../../scripts/demo/story.ts'
import { startDemoUpstream } from '../../scripts/demo/upstream.ts'
import { type Config, readConfig } from '../../scripts/embedded/config.ts'
import { openSallyport, type Sallyport, type Wiring } from '../../scripts/embedded/sallyport.ts'
import { createSigners } from '../../scripts/embedded/token-keys.ts'
import { seed } from '../../scripts/seed.ts'
import { systemClock, systemRandom } from '../../shared/adapters/world.ts'
import { keys } from '../../shared/domain/keys.ts'
import type { Telemetry } from '../../shared/ports/world.ts'
import { atProvider } from './matrix-people.ts'
import { furnished, type World } from './world.ts'

export interface EmbeddedWorld extends World {
  readonly sallyport: Sallyport
}

export const quiet: Telemetry = { count: () => undefined, alarm: () => undefined, error: () => undefined }

export async function openEmbedded(
  settings: { readonly config?: Partial<Config>; readonly wiring?: Wiring } = {},
): Promise<EmbeddedWorld> {
  const { folder, provider } = await seeded()
  const data = await mkdtemp(join(tmpdir(), 'sallyport-'))
  await cp(folder, data, { recursive: true })
  const upstream = await startDemoUpstream({ port: 0 })
  const config: Config = { ...readConfig({}), data, port: 0, ...settings.config }
  const sallyport = await openSallyport(config, { telemetry: quiet, ...settings.wiring })
  const { issuer, store } = sallyport
  provider.addDeployment(issuer)
  const endpoints = { openai: `${upstream.url}/v1`, anthropic: upstream.url }
  await store.write({
    kind: 'update',
    key: keys.model(modelId),
    change: { set: [[['upstreams'], upstreams(endpoints)]] },
  })
  const credentials = await openCredentials(join(data, 'demo', 'credentials.json'), issuer)
  return furnished({
    target: 'embedded',
    issuer,
    data,
    store,
    upstream,
    credentials,
    sallyport,
    atOnce: 200,
    live: true,
    signer: createSigners(join(data, 'keys', 'token')),
    sweep: async () =>
      void (await runSweeper({ store, clock: systemClock, random: systemRandom, telemetry: quiet })),
    export: async () => undefined,
    operate: (command, ...args) =>
      promisify(execFile)(process.execPath, [`scripts/${command}.ts`, ...args], {
        env: { PATH: process.env.PATH, SALLYPORT_DATA: data },
      }),
    close: async () => {
      await sallyport.close(0)
      await upstream.close()
      await rm(data, { recursive: true })
    },
  })
}

interface Seeded {
  /** A data folder in which the story has been told. */
  readonly folder: string
  /** Where its people sign in, as long as this process lives. */
  readonly provider: DemoProvider
}

let told: Promise<Seeded> | undefined
/** Told once in a process; every world begins with a copy. */
const seeded = (): Promise<Seeded> => (told ??= tellOnce())

async function tellOnce(): Promise<Seeded> {
  const folder = await mkdtemp(join(tmpdir(), 'sallyport-told-'))
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }))
  const sallyport = await openSallyport({ ...readConfig({}), data: folder, port: 0 }, { telemetry: quiet })
  const { issuer, store } = sallyport
  const provider = await startDemoProvider({
    port: 0,
    issuerOfSallyport: issuer,
    people: [...people, ...atProvider],
  })
  const nowhere = { openai: 'http://127.0.0.1:9/v1', anthropic: 'http://127.0.0.1:9' }
  await seed(store, { data: folder, issuer, endpoints: nowhere, provider: provider.issuer })
  await sallyport.close(0)
  return { folder, provider }
}
