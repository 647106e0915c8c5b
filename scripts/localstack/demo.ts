/** The made-up story on a LocalStack: its records, and the upstream that its model speaks through. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Store } from '../../shared/ports/store.ts'
import { seed } from '../seed.ts'
import { launch } from './launch.ts'
import { processesWith } from './process-table.ts'

export interface DemoPlace {
  readonly folder: string
  readonly issuer: string
  /** Without one the model's endpoint is where `npm start` has its own. */
  readonly upstream: string | undefined
}

/** Puts the story into a deployment; returns the file that has what its partners would hold. */
export async function seedDemo(
  store: Store,
  { folder, issuer, upstream = 'http://127.0.0.1:8789' }: DemoPlace,
): Promise<string> {
  const endpoints = { openai: `${upstream}/v1`, anthropic: upstream }
  await seed(store, { data: folder, issuer, endpoints }, Date.now())
  return join(folder, 'demo', 'credentials.json')
}

/** Where the upstream of the instance in this folder listens. It is started once, and goes with the instance. */
export async function demoUpstream(folder: string): Promise<string> {
  const file = join(folder, 'root', 'upstream-url')
  const script = join(import.meta.dirname, 'upstream-process.ts')
  if (processesWith(` ${script} --instance=${folder} `).length === 0)
    await launch({
      name: 'The demo upstream',
      command: [process.execPath, script, `--instance=${folder}`, file],
      env: {},
      cwd: folder,
      log: join(folder, 'upstream.log'),
      owned: false,
      isReady: () => existsSync(file),
    })
  return readFileSync(file, 'utf8')
}
