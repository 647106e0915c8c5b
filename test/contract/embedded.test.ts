import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openDerivedSigner } from '../../shared/adapters/derived-signer.ts'
import { openFileObjects } from '../../shared/adapters/embedded/file-objects.ts'
import { openFileSigner } from '../../shared/adapters/embedded/file-signer.ts'
import { openLocalSecrets } from '../../shared/adapters/embedded/local-secrets.ts'
import { openSqliteStore } from '../../shared/adapters/embedded/sqlite-store.ts'
import { systemRandom } from '../../shared/adapters/world.ts'
import { indexes } from '../../shared/domain/keys.ts'
import { objectsContract, removalContract } from './objects.contract.ts'
import { secretsContract } from './secrets.contract.ts'
import { signerContract } from './signer.contract.ts'
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

removalContract('objects in files', async () => {
  const path = await folder()
  return { objects: await openFileObjects(path), close: () => rm(path, { recursive: true }) }
})

const inRows = async () => {
  const store = openSqliteStore(':memory:', Object.values(indexes))
  return { objects: store.objects, close: () => store.close() }
}

objectsContract('objects as rows', inRows)
removalContract('objects as rows', inRows)

signerContract('a key in a file', ['ES256', 'ES384', 'Ed25519'], async alg => {
  const path = await folder()
  return {
    open: () => openFileSigner(join(path, 'key.jwk'), alg),
    close: () => rm(path, { recursive: true }),
  }
})

signerContract('a key derived from a root', ['Ed25519'], async () => {
  const path = await folder()
  return {
    open: async () => openDerivedSigner(await openLocalSecrets(path, systemRandom)),
    close: () => rm(path, { recursive: true }),
  }
})

secretsContract('roots in files', async () => {
  const path = await folder()
  return { open: () => openLocalSecrets(path, systemRandom), close: () => rm(path, { recursive: true }) }
})
