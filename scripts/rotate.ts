/** `npm run rotate [-- --compromised <kid>]`: a new token signing key, beside a running server or without one. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { openSqliteStore } from '../shared/adapters/embedded/sqlite-store.ts'
import { systemClock, systemRandom } from '../shared/adapters/embedded/world.ts'
import { indexes } from '../shared/domain/keys.ts'
import { time } from '../shared/domain/time.ts'
import { readConfig } from './embedded/config.ts'
import { rotateKeys } from './embedded/key-ring.ts'

async function rotate(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({ args: attached(args), options: { compromised: { type: 'string' } } })
  const { data } = readConfig(process.env)
  const file = join(data, 'sallyport.db')
  if (!existsSync(file)) throw new Error(`there is no Sallyport in ${data}; SALLYPORT_DATA names its folder.`)
  const store = openSqliteStore(file, Object.values(indexes))
  try {
    const folder = join(data, 'keys', 'token')
    const deps = { store, folder, clock: systemClock, random: systemRandom }
    const ring = await rotateKeys(deps, values.compromised)
    for (const { kid, signsFrom, retiresAt } of ring.keys)
      console.log(
        `${kid}  signs from ${time(signsFrom)}${retiresAt ? `, published until ${time(retiresAt)}` : ''}`,
      )
    if (values.compromised) console.log(`${values.compromised}  is no longer trusted`)
  } finally {
    store.close()
  }
}

/** A thumbprint can begin with a dash, which would be taken for an option where it stands alone. */
function attached(args: readonly string[]): string[] {
  const at = args.indexOf('--compromised')
  const kid = args[at + 1]
  if (at < 0 || kid === undefined) return [...args]
  return [...args.slice(0, at), `--compromised=${kid}`, ...args.slice(at + 2)]
}

rotate(process.argv.slice(2)).catch((error: Error) => {
  console.error(`The key was not rotated: ${error.message}`)
  process.exitCode = 1
})
