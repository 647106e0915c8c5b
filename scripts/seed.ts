import { join } from 'node:path'
import { keys } from '../shared/domain/keys.ts'
import type { Store } from '../shared/ports/store.ts'
import { type DemoCredentials, openCredentials } from './demo/credentials.ts'
import { type Endpoints, modelId, storyRecords, upstreams } from './demo/story.ts'

/**
 * Puts the demo's story into an embedded store, credentials first: a seed that was broken off is finished
 * by the next one, with the same keys. Records that are there are left alone, but for the endpoint of the
 * model, which follows the environment.
 */
export async function seed(
  store: Store,
  where: { readonly data: string; readonly issuer: string; readonly endpoints: Endpoints },
  now: number,
): Promise<DemoCredentials> {
  const credentials = await openCredentials(join(where.data, 'demo', 'credentials.json'), where.issuer)
  await Promise.all(storyRecords(credentials, where.endpoints, now).map(op => store.write(op)))
  await store.write({
    kind: 'update',
    key: keys.model(modelId),
    change: { set: [[['upstreams'], upstreams(where.endpoints)]] },
  })
  return credentials
}
