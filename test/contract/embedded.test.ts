import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openFileObjects } from '../../shared/adapters/embedded/file-objects.ts'
import { openSqliteStore } from '../../shared/adapters/embedded/sqlite-store.ts'
import { indexes } from '../../shared/domain/keys.ts'
import { objectsContract } from './objects.contract.ts'
import { storeContract } from './store.contract.ts'

const folder = () => mkdtemp(join(tmpdir(), 'sallyport-'))

storeContract('SQLite in memory', async () => {
  const store = openSqliteStore(':memory:', Object.values(indexes))
  return { store, close: () => store.close() }
})

storeContract('SQLite on disk', async () => {
  const path = await folder()
  const store = openSqliteStore(join(path, 'store.db'), Object.values(indexes))
  return {
    store,
    close: async () => {
      store.close()
      await rm(path, { recursive: true })
    },
  }
})

objectsContract('objects in files', async () => {
  const path = await folder()
  return { objects: await openFileObjects(path), close: () => rm(path, { recursive: true }) }
})
