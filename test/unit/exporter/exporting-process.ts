/** An exporter in a process of its own, to be killed: it says each object that it has put, and `ended` at its end. */
import { join } from 'node:path'
import { makeExports } from '../../../functions/exporter/exports.ts'
import { openFileObjects } from '../../../shared/adapters/embedded/file-objects.ts'
import { openSqliteStore } from '../../../shared/adapters/embedded/sqlite-store.ts'
import { systemRandom } from '../../../shared/adapters/world.ts'
import { indexes } from '../../../shared/domain/keys.ts'
import { quiet } from '../../world/embedded.ts'
import { testLogView, testSecrets } from '../../world/log-view.ts'

const [folder = '', now = ''] = process.argv.slice(2)
const store = openSqliteStore(join(folder, 'store.db'), Object.values(indexes))
const files = await openFileObjects(join(folder, 'bucket'))
const objects: typeof files = {
  ...files,
  async put(key, bytes, condition) {
    const done = await files.put(key, bytes, condition)
    if (done.ok) process.stdout.write(`${key}\n`)
    return done
  },
}
const clock = { now: () => Number(now), sleep: async () => undefined }
await makeExports(
  {
    ...{ store, objects, clock, random: systemRandom, telemetry: quiet, secrets: testSecrets, witnesses: [] },
    log: testLogView(store, 64, objects),
    retentionMs: 1,
    bounds: { lookedAt: 5, chunk: 4_096 },
  },
  Number(now) + 1e9,
)
store.close()
process.stdout.write('ended\n')
