import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { openSqliteStore } from '../../shared/adapters/embedded/sqlite-store.ts'
import { systemRandom } from '../../shared/adapters/world.ts'
import { indexes } from '../../shared/domain/keys.ts'
import type { Deployment } from '../deployment.ts'
import { readConfig } from './config.ts'
import { systemUser } from './system-user.ts'
import { createFileKey, removeFileKey } from './token-keys.ts'

/** Beside a running server or without one. Throws where there is no Sallyport yet. */
export async function openDataFolder(env: Readonly<Record<string, string | undefined>>): Promise<Deployment> {
  const { data } = readConfig(env)
  const file = join(data, 'sallyport.db')
  if (!existsSync(file))
    throw new Error(
      `there is no Sallyport in ${data}; SALLYPORT_DATA names its folder, --stack a deployed stack.`,
    )
  const folder = join(data, 'keys', 'token')
  const store = openSqliteStore(file, Object.values(indexes))
  return {
    store,
    operator: async () => systemUser(),
    createKey: () => createFileKey(folder, systemRandom),
    retireKey: ref => removeFileKey(folder, ref),
    close: () => store.close(),
  }
}
