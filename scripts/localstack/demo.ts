/** The made-up story on a LocalStack: its records, the upstream that its model speaks through, where its people sign in. */
import { existsSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { keys } from '../../shared/domain/keys.ts'
import type { Store } from '../../shared/ports/store.ts'
import { people } from '../demo/people.ts'
import { startDemoProvider } from '../demo/provider.ts'
import { developerId } from '../demo/story.ts'
import { seed } from '../seed.ts'
import { launch } from './launch.ts'
import { endProcessesWith, processesWith } from './process-table.ts'

export interface DemoPlace {
  readonly store: Store
  readonly folder: string
  readonly issuer: string
}

export interface DemoAddresses {
  readonly upstream: string
  /** Where the demo's people sign in: its issuer. */
  readonly provider: string
}

/** Tells the story to a deployment; returns the file that has what its partners would hold. */
export async function tellDemo(
  { store, folder, issuer }: DemoPlace,
  { upstream, provider }: DemoAddresses,
): Promise<string> {
  const endpoints = { openai: `${upstream}/v1`, anthropic: upstream }
  await seed(store, { data: folder, issuer, endpoints, provider })
  return join(folder, 'demo', 'credentials.json')
}

/**
 * For a LocalStack that somebody else runs, whose functions must find this machine at its loopback address: the people
 * can sign in while the story is told, and the model's endpoint is where `npm start` has its own.
 */
export async function tellDemoElsewhere(place: DemoPlace): Promise<string> {
  const port = await providerPort(place.store)
  const provider = await startDemoProvider({ port, issuerOfSallyport: place.issuer, people })
  try {
    return await tellDemo(place, { upstream: 'http://127.0.0.1:8789', provider: provider.issuer })
  } finally {
    await provider.close()
  }
}

/** What runs beside the instance in this folder. It is started once, and goes with the instance. */
export async function runDemo({ store, folder, issuer }: DemoPlace): Promise<DemoAddresses> {
  const file = join(folder, 'root', 'demo.json')
  const script = join(import.meta.dirname, 'demo-process.ts')
  const any = ` ${script} --instance=${folder} `
  if (processesWith(`${any}${issuer} `).length === 0) {
    // One that serves a deployment which is there no more.
    await endProcessesWith([any])
    rmSync(file, { force: true })
    await launch({
      name: 'The demo',
      command: [
        process.execPath,
        script,
        `--instance=${folder}`,
        issuer,
        String(await providerPort(store)),
        file,
      ],
      env: {},
      cwd: folder,
      log: join(folder, 'demo.log'),
      owned: false,
      isReady: () => existsSync(file),
    })
  }
  return JSON.parse(readFileSync(file, 'utf8')) as DemoAddresses
}

/** People are who they are at their provider's address: where it was when the story was told, or 0. */
async function providerPort(store: Store): Promise<number> {
  const [known] = await store.get([keys.organisation(developerId)])
  return known?.provider ? Number(new URL(known.provider.issuer).port) : 0
}
