/** Sallyport as `npm start` runs it, with the run's clients and signing key in its store. */
import { join } from 'node:path'
import { openPrivateFile } from '../../../shared/adapters/embedded/private-file.ts'
import { keys, listed } from '../../../shared/domain/keys.ts'
import type { Client } from '../../../shared/domain/records.ts'
import { thumbprint } from '../../../shared/oauth/public-jwk.ts'
import { partners } from '../../demo/story.ts'
import { readConfig } from '../../embedded/config.ts'
import { openSallyport, type Sallyport } from '../../embedded/sallyport.ts'
import { argument, serve } from '../server-process.ts'
import { tellServer } from '../tell-server.ts'
import { publicPart, type ServerArgument, type ServerTold } from './setting.ts'

const { data, database, signingKey, clients } = argument<ServerArgument>()

/** The demo's partner and what it was granted: the clients of the run are its workloads. */
const [partner] = partners
if (partner === undefined) throw new Error('the demo has no partner')
const { id: organisation } = partner

async function prepare(sallyport: Sallyport): Promise<void> {
  const { store, issuer } = sallyport
  const now = Date.now()
  // The model is never called.
  await tellServer(sallyport, data, { openai: `${issuer}/v1`, anthropic: issuer })
  await Promise.all(
    clients.map(({ id, kid, jwk }) => {
      const client: Client = {
        id,
        name: 'bench',
        organisation,
        kind: 'workload',
        state: 'active',
        expiresAt: now + 86_400_000,
        keys: [{ kid, alg: 'ES256', jwk }],
      }
      const item = { ...client, rev: 1, ...listed('client', organisation, id) }
      return store.write({ kind: 'put', key: keys.client(id), item })
    }),
  )
  const ref = 'bench.json'
  await openPrivateFile(join(data, 'keys', 'token', ref), () => Buffer.from(JSON.stringify(signingKey)))
  const jwk = publicPart(signingKey)
  const key = { kid: thumbprint(jwk), alg: 'ES256', jwk, ref, signsFrom: 0 } as const
  await store.write({ kind: 'put', key: keys.keyRing, item: { version: 2, keys: [key] } })
}

const config = { ...readConfig({}), data, port: 0 }
const sallyport = await openSallyport(config, database === undefined ? {} : { database })
await prepare(sallyport)
serve({ issuer: sallyport.issuer } satisfies ServerTold, () => sallyport.close(0))
