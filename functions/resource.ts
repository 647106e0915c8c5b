/** What every protected resource does with a request before it looks at it. */
import type { APIGatewayProxyEvent } from 'aws-lambda'
import { authoriseCaller, type Caller, type CallerAuthority } from '../shared/domain/authority.ts'
import { keys } from '../shared/domain/keys.ts'
import { Refusal, refuse } from '../shared/domain/refusal.ts'
import { rulesInForce } from '../shared/domain/rules.ts'
import { issueNonce } from '../shared/oauth/nonce.ts'
import { type VerifiedRequest, verifyResourceRequest } from '../shared/oauth/resource.ts'
import type { Store } from '../shared/ports/store.ts'
import type { Clock } from '../shared/ports/world.ts'
import { headerValues } from './http.ts'
import type { RingReader } from './ring.ts'
import { inTime, spend } from './spend.ts'

export interface ResourceDeps {
  readonly store: Store
  readonly clock: Clock
  /** Configured, never taken from a request: proofs and tokens are compared with it. */
  readonly issuer: string
  readonly nonceKey: Uint8Array
  readonly ring: RingReader
}

/** Step 1: token, proof and nonce, without touching anything but the cached public keys. */
export async function verify(
  { clock, issuer, nonceKey, ring }: ResourceDeps,
  event: APIGatewayProxyEvent,
  audience: (aud: string) => boolean,
): Promise<VerifiedRequest | Refusal> {
  const authorization = headerValues(event, 'authorization')
  return verifyResourceRequest({
    method: event.httpMethod,
    url: issuer + event.path,
    authorization,
    dpop: headerValues(event, 'dpop'),
    ring: await ring(kidOf(authorization[0])),
    issuer,
    nonceKey,
    now: clock.now(),
    audience,
  })
}

/**
 * A proof is accepted once: of any number of concurrent requests with it, one puts its id. `now` is the time
 * at which it was verified, or soon after.
 */
export async function spendProof(
  { store, clock }: ResourceDeps,
  { proof }: VerifiedRequest,
  request: string,
  now: number,
): Promise<Refusal | undefined> {
  const written = await store.write(spend(keys.proof(proof.jkt, proof.jtiHash), proof.exp, request, now))
  if (!written.ok) return refuse('proof_replayed', 'Its jti was seen before.')
  if (inTime(proof.exp, clock.now())) return undefined
  return refuse('store_unavailable', 'The proof could not be spent in time.', { retryAfter: 1 })
}

/** Who bears a verified token, by its claims. */
export const callerOf = ({ claims, kid }: VerifiedRequest): Caller => ({
  client: claims.client_id,
  organisation: claims.organisation,
  tokenId: claims.jti,
  signedBy: kid,
  scopes: claims.scope.split(' '),
})

export interface Authorised {
  readonly authority: CallerAuthority
  /** The version of the approval rules, for what is refused later. */
  readonly rules: number | undefined
}

/** The authority of a caller where no model is involved, and its proof spent: one round trip. */
export async function authorise(
  deps: ResourceDeps,
  verified: VerifiedRequest,
  request: string,
): Promise<Authorised | Refusal> {
  const { store, clock } = deps
  const caller = callerOf(verified)
  const now = clock.now()
  const [[standing, client, organisation, revokedToken], replayed] = await Promise.all([
    store.get([
      keys.standing,
      keys.client(caller.client),
      keys.organisation(caller.organisation),
      keys.revokedToken(caller.tokenId),
    ]),
    spendProof(deps, verified, request, now),
  ])
  const rules = rulesInForce(standing)
  const records = { standing, client, organisation, revokedToken }
  const authority = replayed ?? authoriseCaller(caller, records, now)
  return authority instanceof Refusal ? authority.under({ rules }) : { authority, rules }
}

export const nonceHeader = ({ nonceKey, clock }: ResourceDeps): { 'dpop-nonce': string } => ({
  'dpop-nonce': issueNonce(nonceKey, clock.now()),
})

/** Unverified: it only chooses which public key is looked up. */
function kidOf(authorization: string | undefined): string | undefined {
  const header = authorization?.slice(authorization.indexOf(' ') + 1).split('.', 1)[0]
  if (!header || header.length > 1024) return undefined
  try {
    const { kid } = JSON.parse(Buffer.from(header, 'base64url').toString('utf8'))
    return typeof kid === 'string' ? kid : undefined
  } catch {
    return undefined
  }
}
