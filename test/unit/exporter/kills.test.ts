import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { cp, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openFileObjects } from '../../../shared/adapters/embedded/file-objects.ts'
import { openSqliteStore } from '../../../shared/adapters/embedded/sqlite-store.ts'
import { chunkKey } from '../../../shared/domain/exports.ts'
import { indexes, keys } from '../../../shared/domain/keys.ts'
import { exportWorld } from './export-world.ts'

let root: string
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'sallyport-export-'))
})
afterAll(() => rm(root, { recursive: true }))

/** Runs an exporter; with `kill`, it is killed once it has put two objects more. What it put. */
async function run(folder: string, now: number, kill: boolean): Promise<readonly string[]> {
  const child = spawn(
    process.execPath,
    [join(import.meta.dirname, 'exporting-process.ts'), folder, `${now}`],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  )
  const closed = once(child, 'close')
  let printed = ''
  for await (const chunk of child.stdout) {
    printed += chunk
    if (kill && printed.split('\n').length > 2 && !printed.includes('ended')) child.kill('SIGKILL')
  }
  await closed
  return printed.split('\n').slice(0, -1)
}

async function fileIn(folder: string, id: string): Promise<Buffer> {
  const store = openSqliteStore(join(folder, 'store.db'), Object.values(indexes))
  const objects = await openFileObjects(join(folder, 'bucket'))
  const [job] = await store.get([keys.export(id)])
  const chunks = await Promise.all(
    Array.from({ length: job?.chunks ?? 0 }, (_, n) => objects.get(chunkKey({ id, edition: 0 }, n))),
  )
  store.close()
  expect(job?.state).toBe('done')
  return Buffer.concat(chunks.map(one => one?.bytes ?? Buffer.from('missing')))
}

test('killed after every other object that it puts, it makes the file that it would have made', async () => {
  const folder = join(root, 'killed')
  const objects = await openFileObjects(join(folder, 'bucket'))
  const store = openSqliteStore(join(folder, 'store.db'), Object.values(indexes))
  const world = await exportWorld({ calls: 6, store, objects })
  const id = await world.asked()
  const now = world.now()
  store.close()
  const untouched = join(root, 'untouched')
  await cp(folder, untouched, { recursive: true })
  const all = await run(untouched, now, false)
  const wanted = await fileIn(untouched, id)
  expect(all.filter(key => key.includes('/part/')).length).toBeGreaterThan(2)
  expect(all.filter(key => key.includes('/zip/')).length).toBeGreaterThan(2)

  let kills = 0
  // Each comes when the lease of the one before has ended.
  for (let later = now; ; later += 61_000) {
    const put = await run(folder, later, true)
    if (put.at(-1) === 'ended') break
    kills += 1
    expect(kills).toBeLessThan(all.length + 5)
  }
  expect(kills).toBeGreaterThan(2)
  expect((await fileIn(folder, id)).equals(wanted)).toBe(true)
}, 120_000)
