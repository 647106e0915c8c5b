import { keys } from '../shared/domain/keys.ts'
import type { KeyRing } from '../shared/domain/records.ts'
import type { Store } from '../shared/ports/store.ts'
import type { Clock } from '../shared/ports/world.ts'

/** Gives the token signing keys' public halves; `kid` is the one that a token names. */
export type RingReader = (kid: string | undefined) => Promise<KeyRing>

const maxAgeMs = 60_000
/** Between two looks for keys that are not known. */
const minAgeMs = 100

/**
 * Public keys do not change, so a copy serves for a minute. A key that it does not know is looked for in the store, for
 * all who ask at a time in one read and at most ten times a second; what is not known in between is no key. So made-up
 * key ids cost next to nothing and keep nobody waiting, and a key that signs at once may go unknown for a tenth of a
 * second, but only to those to whom such ids were just sent.
 */
export function createRingReader(store: Store, clock: Clock): RingReader {
  let ring: KeyRing = { version: 0, keys: [] }
  let readAt = Number.NEGATIVE_INFINITY
  let reading: Promise<void> | undefined
  const read = async (): Promise<void> => {
    const startedAt = clock.now()
    const [found] = await store.get([keys.keyRing])
    if (found) ring = found
    readAt = startedAt
  }
  return async kid => {
    const askedAt = clock.now()
    const known = (): boolean => kid === undefined || ring.keys.some(key => key.kid === kid)
    while (askedAt - readAt > maxAgeMs || (!known() && askedAt - readAt >= minAgeMs)) {
      reading ??= read().finally(() => {
        reading = undefined
      })
      await reading
    }
    return ring
  }
}
