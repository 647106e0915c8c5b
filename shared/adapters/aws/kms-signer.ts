import { createPublicKey, hash } from 'node:crypto'
import { GetPublicKeyCommand, SignCommand, type SigningAlgorithmSpec } from '@aws-sdk/client-kms'
import { ecdsaRaw } from '../../oauth/ecdsa-signature.ts'
import { curves, readPublicJwk, thumbprint } from '../../oauth/public-jwk.ts'
import { type PublicJwk, type Signer, SignerUnavailable, type SigningAlgorithm } from '../../ports/keys.ts'
import { askKms, type Kms, type KmsPace } from './kms.ts'

/** The public half of a key that stands in KMS, for instance as the key ring holds it. */
export interface KmsKey {
  /** Its ARN or id. Not an alias, which can be made to lead to another key. */
  readonly ref: string
  readonly kid: string
  readonly alg: SigningAlgorithm
  readonly jwk: PublicJwk
}

/** The one algorithm of RFC 7518 §3.4 or RFC 8037 §3.1 for each curve. KMS may know more of them, and an emulator takes any. */
const bySpec: Readonly<Record<string, SigningAlgorithm>> = {
  ECC_NIST_P256: 'ES256',
  ECC_NIST_P384: 'ES384',
  ECC_NIST_EDWARDS25519: 'Ed25519',
}
/** For the last curve KMS also has `ED25519_PH_SHA_512`, whose signatures no verifier of ours takes. */
const kmsNames: Readonly<Record<SigningAlgorithm, SigningAlgorithmSpec>> = {
  ES256: 'ECDSA_SHA_256',
  ES384: 'ECDSA_SHA_384',
  Ed25519: 'ED25519_SHA_512',
}

/** What KMS hashes itself; of anything longer it takes the digest, which Ed25519 does not have (RFC 8032 §5.1). Bytes. */
export const longestMessage = 4096

/**
 * Signs with a key whose public half KMS is asked for once. The algorithm is the one of the key's curve. Throws
 * `SignerUnavailable` where KMS does not answer and where the key is no P-256, P-384 or Ed25519 key to sign with.
 */
export async function openKmsSigner(client: Kms, keyId: string, pace: KmsPace): Promise<Signer> {
  const answer = await askKms(pace, 'GetPublicKey', SignerUnavailable, abortSignal =>
    client.send(new GetPublicKeyCommand({ KeyId: keyId }), { abortSignal }),
  )
  const { KeyId, KeySpec = '', KeyUsage, PublicKey, SigningAlgorithms = [] } = answer
  const alg = bySpec[KeySpec]
  const name = alg && kmsNames[alg]
  if (!KeyId || !PublicKey || KeyUsage !== 'SIGN_VERIFY' || !name || !SigningAlgorithms.includes(name))
    throw new SignerUnavailable(`The KMS key is none for ES256, ES384 or Ed25519: ${KeySpec} ${KeyUsage}`)
  const jwk = readPublicJwk(jwkOf(PublicKey), alg)
  if (jwk === undefined) throw new SignerUnavailable(`The KMS key has not the curve of ${KeySpec}`)
  // The ARN that was answered: what was asked for may be an alias.
  return kmsSigner(client, { ref: KeyId, kid: thumbprint(jwk), alg, jwk }, pace)
}

/**
 * Opens the private halves of a key ring's keys, each once. Their public halves are known, so KMS is not asked for
 * them, and the role needs no right to it.
 */
export function createKmsSigners(client: Kms, pace: KmsPace): (key: KmsKey) => Promise<Signer> {
  const open = new Map<string, Signer>()
  return async key => {
    const signer = open.get(key.ref) ?? kmsSigner(client, key, pace)
    open.set(key.ref, signer)
    return signer
  }
}

function kmsSigner(client: Kms, { ref, kid, alg, jwk }: KmsKey, pace: KmsPace): Signer {
  const SigningAlgorithm = kmsNames[alg]
  const { crv, size, digest } = curves[alg]
  if (jwk.crv !== crv) throw new SignerUnavailable(`A KMS key for ${alg} has not the curve ${jwk.crv}`)
  return {
    kid,
    alg,
    publicJwk: jwk,
    async sign(bytes) {
      const command = new SignCommand({ KeyId: ref, SigningAlgorithm, ...messageOf(bytes, digest) })
      const answer = await askKms(pace, 'Sign', SignerUnavailable, abortSignal =>
        client.send(command, { abortSignal }),
      )
      const { Signature } = answer
      if (Signature === undefined || answer.SigningAlgorithm !== SigningAlgorithm)
        throw new SignerUnavailable('KMS: Sign was answered without a signature of the algorithm asked for')
      if (alg !== 'Ed25519') return ecdsaRaw(Signature, size)
      // As RFC 8032 has it, and not in DER.
      if (Signature.length !== 2 * size)
        throw new SignerUnavailable('KMS: Sign was answered with what is no signature of Ed25519')
      return Signature
    },
  }
}

function messageOf(bytes: Uint8Array, digest: 'sha256' | 'sha384' | undefined) {
  if (bytes.length <= longestMessage) return { Message: bytes, MessageType: 'RAW' } as const
  if (digest === undefined)
    throw new TypeError(`KMS signs at most ${longestMessage} bytes with a key that takes no digest`)
  return { Message: hash(digest, bytes, 'buffer'), MessageType: 'DIGEST' } as const
}

function jwkOf(spki: Uint8Array): unknown {
  try {
    return createPublicKey({ key: Buffer.from(spki), format: 'der', type: 'spki' }).export({ format: 'jwk' })
  } catch (cause) {
    throw new SignerUnavailable('KMS: the public key is no key', { cause })
  }
}
