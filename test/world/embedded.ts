/** A whole Sallyport with its demo, in this process, on free ports and a folder of its own. */
import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { sweep } from '../../functions/sweeper/app.ts'
import { startDemoUpstream } from '../../scripts/demo/upstream.ts'
import { type Config, readConfig } from '../../scripts/embedded/config.ts'
import { openSallyport, type Sallyport, type Wiring } from '../../scripts/embedded/sallyport.ts'
import { createSigners } from '../../scripts/embedded/token-keys.ts'
import { seed } from '../../scripts/seed.ts'
import { systemClock } from '../../shared/adapters/world.ts'
import type { Telemetry } from '../../shared/ports/world.ts'
import { furnished, type World } from './world.ts'

export interface EmbeddedWorld extends World {
  readonly sallyport: Sallyport
}

export const quiet: Telemetry = { count: () => undefined, alarm: () => undefined, error: () => undefined }

export async function openEmbedded(
  settings: { readonly config?: Partial<Config>; readonly wiring?: Wiring } = {},
): Promise<EmbeddedWorld> {
  const data = await mkdtemp(join(tmpdir(), 'sallyport-'))
  const upstream = await startDemoUpstream({ port: 0 })
  const config: Config = { ...readConfig({}), data, port: 0, ...settings.config }
  const sallyport = await openSallyport(config, { telemetry: quiet, ...settings.wiring })
  const { issuer, store } = sallyport
  const endpoints = { openai: `${upstream.url}/v1`, anthropic: upstream.url }
  const credentials = await seed(store, { data, issuer, endpoints }, Date.now())
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
    sweep: async () => void (await sweep({ store, clock: systemClock, telemetry: quiet })),
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
