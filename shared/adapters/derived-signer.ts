import { createPrivateKey, createPublicKey, sign } from 'node:crypto'
import { readPublicJwk, thumbprint } from '../oauth/public-jwk.ts'
import type { Secrets, Signer } from '../ports/keys.ts'

/** All of a private key of Ed25519 in PKCS#8 (RFC 8410 §7) but its seed. */
const head = Buffer.from('302e020100300506032b657004220420', 'hex')

/**
 * Signs with the Ed25519 key whose seed is `derive('log', 'checkpoint')`, for a target whose KMS has no such keys. The
 * seed is nowhere stored: whoever may derive it has the key, and it is the same for as long as its root is. Throws
 * `SecretsUnavailable`.
 */
export async function openDerivedSigner(secrets: Pick<Secrets, 'derive'>): Promise<Signer> {
  const seed = await secrets.derive('log', 'checkpoint')
  const der = Buffer.concat([head, seed])
  const key = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' })
  seed.fill(0)
  der.fill(0)
  const publicJwk = readPublicJwk(createPublicKey(key).export({ format: 'jwk' }), 'Ed25519')
  if (publicJwk === undefined) throw new TypeError('what was derived is no seed of Ed25519')
  return {
    kid: thumbprint(publicJwk),
    alg: 'Ed25519',
    publicJwk,
    sign: async bytes => sign(null, bytes, key),
  }
}
