/** A Sallyport of the story's own: in this process, on free ports, in a folder that is gone afterwards. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { runSweeper } from '../../functions/sweeper/run.ts'
import { lineTelemetry, systemClock, systemRandom } from '../../shared/adapters/world.ts'
import { people } from '../demo/people.ts'
import { startDemoProvider } from '../demo/provider.ts'
import { startDemoUpstream } from '../demo/upstream.ts'
import { readConfig } from '../embedded/config.ts'
import { openSallyport } from '../embedded/sallyport.ts'
import { seed } from '../seed.ts'

export interface OwnSallyport {
  readonly issuer: string
  sweep(): Promise<void>
  close(): Promise<void>
}

/** With the demo's people, partners and model in it. */
export async function openOwnSallyport(): Promise<OwnSallyport> {
  const undo: (() => Promise<void>)[] = []
  const close = async (): Promise<void> => {
    for (const step of undo.splice(0).reverse()) await step()
  }
  try {
    const data = await mkdtemp(join(tmpdir(), 'sallyport-story-'))
    undo.push(() => rm(data, { recursive: true, force: true }))
    const upstream = await startDemoUpstream({ port: 0 })
    undo.push(() => upstream.close())
    const telemetry = lineTelemetry(systemClock)
    const sallyport = await openSallyport({ ...readConfig({}), data, port: 0 })
    undo.push(() => sallyport.close(0))
    const { issuer, store } = sallyport
    const provider = await startDemoProvider({ port: 0, issuerOfSallyport: issuer, people })
    undo.push(() => provider.close())
    const endpoints = { openai: `${upstream.url}/v1`, anthropic: upstream.url }
    await seed(store, { data, issuer, endpoints, provider: provider.issuer })
    const swept = { store, clock: systemClock, random: systemRandom, telemetry }
    return { issuer, sweep: async () => void (await runSweeper(swept)), close }
  } catch (error) {
    await close()
    throw error
  }
}
