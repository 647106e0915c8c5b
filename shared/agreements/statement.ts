/**
 * What this deployment signs, and what is signed with keys of others: compact JWS (RFC 7515 §7.1) over canonical bytes,
 * each with a type of its own (RFC 8725 §3.11), so that none can be taken for another or for a token.
 */
import { decodeBase64url } from '../oauth/base64url.ts'
import { encodeObject, forbiddenParameter, parseCompactJws } from '../oauth/compact-jws.ts'
import { isAlgorithm, readPublicJwk, thumbprint } from '../oauth/public-jwk.ts'
import { verifySignature } from '../oauth/verify-signature.ts'
import type { PublicJwk, Signer } from '../ports/keys.ts'

export const statementTypes = {
  /** A document, by a key of the signatory's own. */
  document: 'sallyport-agreement+jws',
  /** This deployment says who signed a document, and how. */
  attestation: 'sallyport-attestation+jwt',
  /** Whoever registers a key to sign with has it. */
  signatory: 'sallyport-signatory+jwt',
  review: 'sallyport-review+jwt',
  advisory: 'sallyport-advisory+jws',
  /** That an officer took evidence, as one of those who handed it over attests. */
  receipt: 'sallyport-receipt+jwt',
} as const
export type StatementType = (typeof statementTypes)[keyof typeof statementTypes]

/** The private half of a key, wherever it is kept. */
export type StatementSigner = Pick<Signer, 'kid' | 'alg' | 'sign'>

/** `payload` is signed as it stands. Throws what the signer throws. */
export async function signStatement(
  signer: StatementSigner,
  type: StatementType,
  payload: string | Uint8Array,
): Promise<string> {
  const head = encodeObject({ alg: signer.alg, kid: signer.kid, typ: type })
  const body = Buffer.from(payload).toString('base64url')
  const input = `${head}.${body}`
  const signature = await signer.sign(Buffer.from(input, 'latin1'))
  return `${input}.${Buffer.from(signature).toString('base64url')}`
}

export interface Verified {
  /** As it was signed. */
  readonly payload: Buffer
  readonly kid: string
}

/** Characters: a document of 64 KB, in base64url. */
export const statementCap = 100_000

/**
 * The payload, where the signature verifies with this key; else what is wrong with it, as the end of a sentence. A key
 * in the header is never looked at.
 */
export function verifyStatement(jws: string, type: StatementType, jwk: PublicJwk): Verified | string {
  const parsed = parseCompactJws(jws, statementCap)
  const payload = decodeBase64url(jws.split('.')[1] ?? '')
  if (parsed === undefined || payload === undefined) return 'it is no compact JWS over a JSON object'
  const { alg, typ, kid } = parsed.header
  if (typ !== type) return `its typ is not ${type}`
  if (!isAlgorithm(alg)) return 'its alg is none of ES256, ES384, Ed25519'
  const changed = forbiddenParameter(parsed.header, [
    'crit',
    'b64',
    'jku',
    'jwk',
    'x5u',
    'x5c',
    'x5t',
    'x5t#S256',
  ])
  if (changed) return `its header has the parameter ${changed}`
  const known = readPublicJwk(jwk, alg)
  if (known === undefined) return `its alg, ${alg}, is not that of the key`
  const print = thumbprint(known)
  if (kid !== print) return 'its kid is not the thumbprint of the key'
  if (!verifySignature({ alg, jwk: known, thumbprint: print }, parsed.input, parsed.signature))
    return 'its signature does not verify'
  return { payload: Buffer.from(payload), kid: print }
}
