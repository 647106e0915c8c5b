import { keys } from '../shared/domain/keys.ts'
import type { KeyRing } from '../shared/domain/records.ts'
import { type NewKey, rotate } from '../shared/oauth/key-ring.ts'
import { itemAbsent, type Store, type TransactOp } from '../shared/ports/store.ts'
import type { Clock } from '../shared/ports/world.ts'

export interface RingDeps {
  readonly store: Store
  readonly clock: Clock
  /** Makes a private key where the signer will find it (a file, a KMS key), and tells its public half. */
  readonly createKey: () => Promise<NewKey>
  /** Ends a private key that nobody trusts any more. */
  readonly retireKey: (ref: string) => Promise<void>
}

/**
 * Adds a new signing key to the ring and, where one is compromised, takes that out of trust in the same
 * transaction. Private keys that are trusted no more end with it. Throws when somebody else changed the ring meanwhile.
 */
export async function rotateKeys(deps: RingDeps, compromised?: string): Promise<KeyRing> {
  const { store, clock, createKey, retireKey } = deps
  const [ring] = await store.get([keys.keyRing])
  if (compromised !== undefined && !ring?.keys.some(key => key.kid === compromised))
    throw new Error(
      `There is no signing key ${compromised} in the ring: ${ring?.keys.map(key => key.kid).join(', ')}`,
    )
  const newKey = await createKey()
  const now = clock.now()
  const next = rotate(ring ?? { version: 0, keys: [] }, newKey, now, compromised ? { compromised } : {})
  const ops: TransactOp[] = [
    {
      kind: 'put',
      key: keys.keyRing,
      item: next,
      if: ring ? { eq: [['version'], ring.version] } : itemAbsent,
    },
  ]
  if (compromised)
    ops.push({ kind: 'update', key: keys.standing, change: { set: [[['compromised', compromised], now]] } })
  const done = await store.transact(ops)
  if (!done.ok) {
    await retireKey(newKey.ref)
    throw new Error('The key ring was changed by somebody else: run it again.')
  }
  // A compromised one too stays until it leaves the ring: a request that is under way may still sign with it, and its
  // token is refused anyway.
  const kept = new Set(next.keys.map(({ ref }) => ref))
  for (const { ref } of ring?.keys ?? []) if (!kept.has(ref)) await retireKey(ref)
  return next
}

/** The deployment's own records, made at the first start. */
export async function ensureRing(deps: RingDeps): Promise<void> {
  const { store } = deps
  await store.write({ kind: 'put', key: keys.standing, item: { holds: {}, compromised: {} }, if: itemAbsent })
  const [ring] = await store.get([keys.keyRing])
  if (ring === undefined) await rotateKeys(deps)
}
