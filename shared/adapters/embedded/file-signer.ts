import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import { calculateJwkThumbprint } from 'jose'
import { ecdsaRaw } from '../../oauth/ecdsa-signature.ts'
import { curves } from '../../oauth/public-jwk.ts'
import type { PublicJwk, Signer, SigningAlgorithm } from '../../ports/keys.ts'
import { openPrivateFile } from './private-file.ts'

/** Ed25519 hashes by itself (RFC 8032 §5.1.6). */
const algorithms: Readonly<Record<SigningAlgorithm, { crv: string; hash: string | null }>> = {
  ES256: { crv: 'P-256', hash: 'sha256' },
  ES384: { crv: 'P-384', hash: 'sha384' },
  Ed25519: { crv: 'Ed25519', hash: null },
}

/**
 * Signs with the private JWK in a file of mode 0600, which is made when it is not there; of several that
 * make it at once, all get the same key. Throws on a file that others can read or of another algorithm.
 */
export async function openFileSigner(path: string, alg: SigningAlgorithm): Promise<Signer> {
  const key = parsed(path, await openPrivateFile(path, () => generate(alg)))
  const publicJwk = publicPart(key)
  if (publicJwk.crv !== algorithms[alg].crv) throw new Error(`${path} holds no key for ${alg}`)
  return {
    kid: await calculateJwkThumbprint(publicJwk),
    alg,
    publicJwk,
    sign: async bytes => {
      const signature = sign(algorithms[alg].hash, bytes, key)
      // Asked for R‖S, Node takes twice as long as OpenSSL does for its DER.
      return alg === 'Ed25519' ? signature : ecdsaRaw(signature, curves[alg].size)
    },
  }
}

function generate(alg: SigningAlgorithm): Buffer {
  const { privateKey } =
    alg === 'Ed25519'
      ? generateKeyPairSync('ed25519')
      : generateKeyPairSync('ec', { namedCurve: algorithms[alg].crv })
  return Buffer.from(`${JSON.stringify(privateKey.export({ format: 'jwk' }))}\n`)
}

function parsed(path: string, bytes: Buffer): KeyObject {
  try {
    return createPrivateKey({ key: JSON.parse(bytes.toString()), format: 'jwk' })
  } catch {
    // The cause is left out: a parser's message may quote the file.
    throw new Error(`${path} holds no private key in JWK form`)
  }
}

function publicPart(key: KeyObject): PublicJwk {
  const { kty, crv, x, y } = createPublicKey(key).export({ format: 'jwk' })
  if ((kty !== 'EC' && kty !== 'OKP') || crv === undefined || x === undefined)
    throw new Error('Only elliptic-curve keys sign here')
  return { kty, crv, x, ...(y !== undefined && { y }) }
}
