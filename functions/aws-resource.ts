import { createKmsClient } from '../shared/adapters/aws/clients.ts'
import { createKmsSecrets } from '../shared/adapters/aws/kms-secrets.ts'
import type { Secrets } from '../shared/ports/keys.ts'
import { environment, world } from './aws.ts'
import type { ResourceDeps } from './resource.ts'
import { createRingReader } from './ring.ts'

export const kms = createKmsClient()

const ring = createRingReader(world.store, world.clock)

/** For functions that check proofs: the key of their nonces is derived once. Throws while KMS does not answer. */
export async function openResource(): Promise<ResourceDeps & typeof world & { readonly secrets: Secrets }> {
  const { clock, random } = world
  const { macKeys, wrappingKey } = environment
  const secrets = createKmsSecrets({ client: kms, macKeys, wrappingKey, clock, random })
  const nonceKey = await secrets.derive('nonce', 'dpop')
  return { ...world, issuer: environment.issuer, nonceKey, ring, secrets }
}
