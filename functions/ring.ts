import { keys } from '../shared/domain/keys.ts'
import type { KeyRing } from '../shared/domain/records.ts'
import type { Store } from '../shared/ports/store.ts'
import type { Clock } from '../shared/ports/world.ts'

/** Gives the token signing keys' public halves; `kid` is the one that a token names. */
export type RingReader = (kid: string | undefined) => Promise<KeyRing>

const maxAgeMs = 60_000
const minAgeMs = 1_000

/**
 * Public keys do not change, so a copy serves for a minute; a key that it does not know is looked up at
 * once, at most once a second, so that made-up key ids cost nothing.
 */
export function createRingReader(store: Store, clock: Clock): RingReader {
  let ring: KeyRing = { version: 0, keys: [] }
  let readAt = Number.NEGATIVE_INFINITY
  let reading: Promise<void> | undefined
  const read = async (): Promise<void> => {
    const [found] = await store.get([keys.keyRing])
    if (found) ring = found
    readAt = clock.now()
  }
  return async kid => {
    const age = clock.now() - readAt
    const known = kid === undefined || ring.keys.some(key => key.kid === kid)
    if (age > maxAgeMs || (!known && age > minAgeMs)) {
      reading ??= read().finally(() => {
        reading = undefined
      })
      await reading
    }
    return ring
  }
}
