/** Raises one counter, up to a limit, as often as it is told; prints how often it succeeded. */
import { openSqliteStore } from '../../shared/adapters/embedded/sqlite-store.ts'

const [path = '', attempts = '', limit = ''] = process.argv.slice(2)
const store = openSqliteStore(path, [])
let succeeded = 0
for (let i = 0; i < Number(attempts); i++) {
  const { ok } = await store.write({
    kind: 'update',
    key: { table: 'meters', pk: 'counter', sk: '-' },
    if: { lt: [['n'], Number(limit)] },
    change: { add: [[['n'], 1]] },
  })
  if (ok) succeeded++
}
store.close()
console.log(succeeded)
