/**
 * A machine registers the public half of a key that it has made. It holds a ticket, and proves that the key is its own by
 * a compact JWS that this very key has signed. Everything here is judged before the ticket is looked up.
 */
import { hash } from 'node:crypto'
import { base32, stamp } from '../domain/id.ts'
import { type Refusal, refuse } from '../domain/refusal.ts'
import type { PublicJwk, SigningAlgorithm } from '../ports/keys.ts'
import { type CompactJws, forbiddenParameter, parseCompactJws } from './compact-jws.ts'
import { algorithms, isAlgorithm, readPublicJwk, thumbprint } from './public-jwk.ts'
import { verifySignature } from './verify-signature.ts'

/** RFC 8725 §3.11: no other token of this key's can be taken for a proof, and no proof for another token. */
export const enrolmentType = 'sallyport-enrolment+jwt'

/** Characters; a proof with a P-384 key and the key in its header has about 700. */
const proofCap = 4096
/** Seconds. */
const pastWindow = 60
const futureWindow = 10

/** As it was sent. */
export interface EnrolmentRequest {
  readonly ticket: string
  readonly publicKey: unknown
  readonly proof: string
}

/** Whoever sent it has the private key. Whether the ticket is one is not judged yet. */
export interface Enrolment {
  readonly ticketHash: string
  readonly alg: SigningAlgorithm
  readonly jwk: PublicJwk
  /** RFC 7638 thumbprint of `jwk`. */
  readonly kid: string
}

/** Under which a ticket is kept: SHA-256 of its text, base64url. */
export const ticketHash = (ticket: string): string => hash('sha256', ticket, 'base64url')

/**
 * The id of the client that a ticket is for: made of its hash, so that it is known when the ticket is made and the same
 * however often the enrolment is repeated. A UUIDv8 (RFC 9562 §5.8); it tells nothing of the ticket.
 */
export const enrolledClientId = (hashOfTicket: string): string =>
  `client_${base32(stamp(hash('sha256', `client ${hashOfTicket}`, 'buffer'), 8))}`

/** `issuer` is the only audience; `now` is in milliseconds. Refusals are `body_malformed` and name the field. */
export function verifyEnrolment(
  { ticket, publicKey, proof }: EnrolmentRequest,
  issuer: string,
  now: number,
): Enrolment | Refusal {
  const jws = parseCompactJws(proof, proofCap)
  if (jws === undefined) return malformed('proof', 'The proof is not a compact JWT.')
  const { alg, typ } = jws.header
  if (typ !== enrolmentType) return malformed('proof', `The typ of the proof is not ${enrolmentType}.`)
  if (!isAlgorithm(alg))
    return malformed('proof', `The alg of the proof is none of ${algorithms.join(', ')}.`)
  const jwk = readPublicJwk(publicKey, alg)
  if (jwk === undefined)
    return malformed(
      'public_key',
      'The public_key is no public JWK for the alg of the proof, or it is private.',
    )
  const kid = thumbprint(jwk)
  const hashOfTicket = ticketHash(ticket)
  const refused = judgeHeader(jws, alg, kid) ?? judgeClaims(jws, issuer, hashOfTicket, now / 1000)
  if (refused) return refused
  if (!verifySignature({ alg, jwk, thumbprint: kid }, jws.input, jws.signature))
    return malformed('proof', 'The signature of the proof does not verify with the public_key.')
  return { ticketHash: hashOfTicket, alg, jwk, kid }
}

/** A key in the header, or its name, may stand there if it is the key that is registered: no other is ever looked at. */
function judgeHeader({ header }: CompactJws, alg: SigningAlgorithm, kid: string): Refusal | undefined {
  const changed = forbiddenParameter(header, ['crit', 'b64', 'jku', 'x5u', 'x5c', 'x5t', 'x5t#S256'])
  if (changed) return malformed('proof', `The header of the proof has the parameter ${changed}.`)
  if (header.kid !== undefined && header.kid !== kid)
    return malformed('proof', 'The kid of the proof is not the thumbprint of the public_key.')
  if (!Object.hasOwn(header, 'jwk')) return undefined
  const embedded = readPublicJwk(header.jwk, alg)
  return embedded && thumbprint(embedded) === kid
    ? undefined
    : malformed('proof', 'The jwk of the proof is not the public_key.')
}

/**
 * The `jti` is not spent: a proof is good for one ticket alone, by `ticket_hash`, and that is good once. `seconds` is now.
 */
function judgeClaims(
  { payload }: CompactJws,
  issuer: string,
  hashOfTicket: string,
  seconds: number,
): Refusal | undefined {
  const { aud, iat, exp, nbf, jti, ticket_hash } = payload
  if (aud !== issuer) return malformed('proof', `The aud of the proof is ${issuer}, one string.`)
  if (ticket_hash !== hashOfTicket)
    return malformed('proof', 'The ticket_hash of the proof is not the SHA-256 of this ticket, base64url.')
  if (typeof jti !== 'string' || jti.length < 16 || jti.length > 128)
    return malformed('proof', 'The jti of the proof has 16 to 128 characters.')
  if (typeof iat !== 'number') return malformed('proof', 'The iat of the proof is not a number.')
  if (seconds - iat > pastWindow) return malformed('proof', `The proof is older than ${pastWindow} s.`)
  if (iat - seconds > futureWindow)
    return malformed('proof', `The iat of the proof is more than ${futureWindow} s ahead.`)
  // RFC 7519 §4.1.4, §4.1.5: not asked for, and obeyed where they stand.
  if (exp !== undefined && (typeof exp !== 'number' || exp <= seconds))
    return malformed('proof', 'The proof has expired.')
  if (nbf !== undefined && (typeof nbf !== 'number' || nbf > seconds + futureWindow))
    return malformed('proof', `The nbf of the proof is more than ${futureWindow} s ahead.`)
  return undefined
}

const malformed = (field: 'proof' | 'public_key', detail: string): Refusal =>
  refuse('body_malformed', detail, { field })
