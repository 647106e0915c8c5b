import { execFile, spawn } from 'node:child_process'
import { randomInt } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { openSqliteStore } from '../../shared/adapters/embedded/sqlite-store.ts'
import type { Key } from '../../shared/ports/store.ts'

let folder: string
let path: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sallyport-'))
  path = join(folder, 'store.db')
})
afterEach(() => rm(folder, { recursive: true }))

const script = (name: string): string => join(import.meta.dirname, name)

/** Kills the writer once it has acknowledged so many pairs, and returns all that it acknowledged. */
async function killedWriter(after: number): Promise<string[]> {
  const child = spawn(process.execPath, [script('sqlite-endless-writer.ts'), path], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const closed = once(child, 'close')
  let printed = ''
  for await (const chunk of child.stdout) {
    printed += chunk
    if (printed.split('\n').length > after) child.kill('SIGKILL')
  }
  expect(await closed).toEqual([null, 'SIGKILL'])
  // A line that the kill has cut off stands for a write that was acknowledged, but not for which.
  return printed.split('\n').slice(0, -1)
}

describe('a writing process is killed', () => {
  const moments = Array.from({ length: 5 }, () => randomInt(1, 2000))

  test.each(moments)(
    'after %i acknowledged writes: each is there, and no transaction by half',
    async after => {
      const acknowledged = await killedWriter(after)
      expect(acknowledged.length).toBeGreaterThanOrEqual(after)

      const store = openSqliteStore(path, [])
      const counts = { missing: 0, halves: 0 }
      for (let lane = 0; lane < 10; lane++) {
        const mine = acknowledged.filter(pk => pk.startsWith(`${lane}-`))
        // One more than was acknowledged may have been committed.
        for (let n = 0; n <= mine.length; n++) {
          const pk = `${lane}-${n}`
          const [entry, meter] = await store.get([
            { table: 'entries', pk, sk: '-' },
            { table: 'meters', pk, sk: '-' },
          ])
          if ((entry === undefined) !== (meter === undefined)) counts.halves++
          if (entry === undefined && n < mine.length) counts.missing++
        }
      }
      store.close()
      expect(counts).toEqual({ missing: 0, halves: 0 })
    },
  )
})

test('two processes that write one file at once share its limit', async () => {
  const key: Key<{ n: number }> = { table: 'meters', pk: 'counter', sk: '-' }
  const store = openSqliteStore(path, [])
  await store.write({ kind: 'put', key, item: { n: 0 } })
  const run = () =>
    promisify(execFile)(process.execPath, [script('sqlite-competing-writer.ts'), path, '600', '800'])
  const results = await Promise.all([run(), run()])
  const succeeded = results.map(({ stdout }) => Number(stdout))
  expect(succeeded.reduce((sum, n) => sum + n)).toBe(800)
  expect((await store.get([key]))[0]?.n).toBe(800)
  store.close()
})
