/** Writes pairs of items until it is killed, and prints each pair's id once it was acknowledged. */
import { writeSync } from 'node:fs'
import { openSqliteStore } from '../../shared/adapters/embedded/sqlite-store.ts'

const [path = ''] = process.argv.slice(2)
const store = openSqliteStore(path, [])

async function writeOn(lane: number): Promise<never> {
  for (let n = 0; ; n++) {
    const pk = `${lane}-${n}`
    await store.transact([
      { kind: 'put', key: { table: 'entries', pk, sk: '-' }, item: { n } },
      { kind: 'put', key: { table: 'meters', pk, sk: '-' }, item: { n } },
    ])
    // Straight to the descriptor: nothing acknowledged may wait in a buffer when the process is killed.
    writeSync(1, `${pk}\n`)
  }
}

await Promise.all(Array.from({ length: 10 }, (_, lane) => writeOn(lane)))
