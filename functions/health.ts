import { keys } from '../shared/domain/keys.ts'
import type { Store } from '../shared/ports/store.ts'
import { json, type Reply } from './http.ts'

/** `/healthz`: 200 while what a request needs is there, else 503; names what is and what is not. */
export async function health(store: Store): Promise<Reply> {
  const checks = await store.get([keys.keyRing]).then(
    ([ring]) => ({ store: 'ok', signing_key: ring ? 'ok' : 'missing' }),
    () => ({ store: 'unavailable', signing_key: 'unknown' }),
  )
  const ready = Object.values(checks).every(state => state === 'ok')
  return json(ready ? 200 : 503, { status: ready ? 'ok' : 'unavailable', checks })
}
