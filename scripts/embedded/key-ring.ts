import { join } from 'node:path'
import { openFileSigner } from '../../shared/adapters/embedded/file-signer.ts'
import { randomId } from '../../shared/domain/id.ts'
import { keys } from '../../shared/domain/keys.ts'
import type { KeyRing, SigningKey } from '../../shared/domain/records.ts'
import { rotate } from '../../shared/oauth/key-ring.ts'
import type { Signer } from '../../shared/ports/keys.ts'
import { itemAbsent, type Store, type TransactOp } from '../../shared/ports/store.ts'
import type { Clock, Random } from '../../shared/ports/world.ts'

export interface RingDeps {
  readonly store: Store
  readonly clock: Clock
  readonly random: Random
  /** Where the private halves lie, a file of mode 0600 each. */
  readonly folder: string
}

/** Opens the private half of a key of the ring, once. */
export function createSigners(folder: string): (key: SigningKey) => Promise<Signer> {
  const open = new Map<string, Promise<Signer>>()
  return ({ ref, alg }) => {
    const signer = open.get(ref) ?? openFileSigner(join(folder, ref), alg)
    open.set(ref, signer)
    return signer
  }
}

/**
 * Adds a new signing key to the ring and, where one is compromised, takes that out of trust in the same
 * transaction. Throws when somebody else changed the ring meanwhile.
 */
export async function rotateKeys(deps: RingDeps, compromised?: string): Promise<KeyRing> {
  const { store, clock, random, folder } = deps
  const [ring] = await store.get([keys.keyRing])
  if (compromised !== undefined && !ring?.keys.some(key => key.kid === compromised))
    throw new Error(
      `There is no signing key ${compromised} in the ring: ${ring?.keys.map(key => key.kid).join(', ')}`,
    )
  const ref = `${randomId('key', random.bytes(16))}.json`
  const signer = await openFileSigner(join(folder, ref), 'ES256')
  const newKey = { kid: signer.kid, alg: signer.alg, jwk: signer.publicJwk, ref }
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
  if (!done.ok) throw new Error('The key ring was changed by somebody else: run it again.')
  return next
}

/** The deployment's own records, made at the first start. */
export async function ensureRing(deps: RingDeps): Promise<void> {
  const { store } = deps
  await store.write({ kind: 'put', key: keys.standing, item: { holds: {}, compromised: {} }, if: itemAbsent })
  const [ring] = await store.get([keys.keyRing])
  if (ring === undefined) await rotateKeys(deps)
}
