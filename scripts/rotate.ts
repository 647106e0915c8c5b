/** `npm run rotate [-- --compromised <kid>]`: a new token signing key, beside a running server or without one. */
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { openSqliteStore } from '../shared/adapters/embedded/sqlite-store.ts'
import { systemClock, systemRandom } from '../shared/adapters/embedded/world.ts'
import { indexes } from '../shared/domain/keys.ts'
import { time } from '../shared/domain/time.ts'
import { readConfig } from './embedded/config.ts'
import { rotateKeys } from './embedded/key-ring.ts'

const { values } = parseArgs({ options: { compromised: { type: 'string' } } })
const { data } = readConfig(process.env)
const store = openSqliteStore(join(data, 'sallyport.db'), Object.values(indexes))
try {
  const folder = join(data, 'keys', 'token')
  const ring = await rotateKeys(
    { store, folder, clock: systemClock, random: systemRandom },
    values.compromised,
  )
  for (const { kid, signsFrom, retiresAt } of ring.keys)
    console.log(
      `${kid}  signs from ${time(signsFrom)}${retiresAt ? `, published until ${time(retiresAt)}` : ''}`,
    )
  if (values.compromised) console.log(`${values.compromised}  is no longer trusted`)
} finally {
  store.close()
}
