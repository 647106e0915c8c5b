import type { APIGatewayProxyEvent } from 'aws-lambda'
import { authoriseCaller } from '../../shared/domain/authority.ts'
import { randomId } from '../../shared/domain/id.ts'
import { keys } from '../../shared/domain/keys.ts'
import type { SigningKey } from '../../shared/domain/records.ts'
import { Refusal } from '../../shared/domain/refusal.ts'
import { putEntry } from '../../shared/entries/put.ts'
import { issuanceEntry } from '../../shared/entries/token.ts'
import { type AccessTokenClaims, signAccessToken } from '../../shared/oauth/access-token.ts'
import { verifyProof } from '../../shared/oauth/dpop-proof.ts'
import type { Form } from '../../shared/oauth/form.ts'
import { signingKey } from '../../shared/oauth/key-ring.ts'
import { tokenUrl } from '../../shared/oauth/metadata.ts'
import { issueNonce, requireNonce } from '../../shared/oauth/nonce.ts'
import { OAuthError, type OAuthErrorCode } from '../../shared/oauth/oauth-error.ts'
import { thumbprint } from '../../shared/oauth/public-jwk.ts'
import { headerValues, type Reply } from '../http.ts'
import { inTime, spend } from '../spend.ts'
import { answer, answerError } from './answer.ts'
import { type Authenticated, assertionReplayed, authenticate, spendAssertion } from './authenticate.ts'
import type { Rate } from './rate.ts'
import { readForm } from './read-form.ts'
import { recordRefusal } from './record.ts'
import { chooseTarget, type Target } from './target.ts'
import type { TokenDeps } from './token-deps.ts'

interface TokenRequest {
  readonly id: string
  readonly form: Form
  readonly proofs: readonly string[]
  /** Milliseconds: every step judges at the same time. */
  readonly now: number
}

/** What is signed and told, once everything is decided. */
interface Issuance {
  readonly claims: AccessTokenClaims
  readonly key: SigningKey
  readonly lifetime: number
}

/**
 * The token endpoint (RFC 6749 §4.4 with RFC 7523, 8707 and 9449). The steps stand in this order so that
 * an id is spent only when nothing else can be wrong, and a token exists only when its entry does.
 */
export async function issueToken(
  deps: TokenDeps & { readonly rate: Rate },
  event: APIGatewayProxyEvent,
  now: number,
): Promise<Reply> {
  // A. HTTP
  const form = readForm(event)
  if (form instanceof OAuthError) return answerError(form)
  const proofs = headerValues(event, 'dpop')
  if (proofs.length !== 1)
    return answerError(
      new OAuthError('invalid_dpop_proof', 'Send exactly one DPoP header.', { code: 'proof_invalid' }),
    )

  // B, C, D. Assertion, client, signature and claims
  const authenticated = await authenticate(deps, form, now)
  if (authenticated instanceof OAuthError) return answerError(authenticated)

  const request = { id: event.requestContext.requestId, form, proofs, now }
  const nonce = { 'dpop-nonce': issueNonce(deps.nonceKey, now) }
  const issuance = await consume(deps, authenticated, request)
  if (issuance instanceof OAuthError) {
    // A challenge for a nonce is a step of the protocol; the same assertion comes again with an answer.
    if (issuance.error !== 'use_dpop_nonce') await recordRefusal(deps, authenticated, issuance, request)
    return answerError(issuance, nonce)
  }

  // I. Sign
  const { claims, key, lifetime } = issuance
  let token: string
  try {
    token = await signAccessToken(claims, await deps.signers(key))
  } catch (error) {
    deps.telemetry.error('A token could not be signed', error, { kid: key.kid })
    const failure = new OAuthError('temporarily_unavailable', 'The token could not be signed.', {
      code: 'signer_unavailable',
      retryAfter: 1,
    })
    await recordRefusal(deps, authenticated, failure, request)
    return answerError(failure, nonce)
  }

  // J. Answer (RFC 6749 §5.1, RFC 9449 §5)
  const body = { access_token: token, token_type: 'DPoP', expires_in: lifetime, scope: claims.scope }
  return answer(body, nonce)
}

/** The rest of D, then E to H: ends with the ids spent and the issuance recorded, or with nothing done. */
async function consume(
  { store, issuer, nonceKey, random, clock }: TokenDeps,
  authenticated: Authenticated,
  { id, form, proofs, now }: TokenRequest,
): Promise<Issuance | OAuthError> {
  // D. The state of the client, told only to whoever holds its key
  const { client, standing, ring } = authenticated
  const key = signingKey(ring, now, standing.compromised)
  if (key === undefined)
    return new OAuthError('temporarily_unavailable', 'No key is there to sign with.', {
      code: 'signer_unavailable',
      retryAfter: 60,
    })
  const [organisation] = await store.get([keys.organisation(client.organisation)])
  const caller = {
    client: client.id,
    organisation: client.organisation,
    tokenId: randomId('token', random.bytes(16)),
    signedBy: key.kid,
    scopes: [],
  }
  const records = { standing, client, organisation, revokedToken: undefined }
  const authority = authoriseCaller(caller, records, now)
  if (authority instanceof Refusal) return refused('unauthorized_client', authority)

  // E. Proof. With the client's own key, whoever can make assertions could make proofs as well.
  const proof = verifyProof(proofs, { method: 'POST', url: tokenUrl(issuer) }, now)
  if (proof instanceof Refusal) return refused('invalid_dpop_proof', proof)
  if (client.keys.some(({ jwk }) => thumbprint(jwk) === proof.jkt))
    return new OAuthError(
      'invalid_dpop_proof',
      'The proof is made with a key that authenticates the client.',
      {
        code: 'proof_invalid',
      },
    )

  // F. Nonce, before anything is consumed
  const challenge = requireNonce(proof.nonce, nonceKey, now)
  if (challenge) return refused('use_dpop_nonce', challenge)

  // G. Authorisation
  const target = await chooseTarget({ store, issuer }, { caller, records }, form, now)
  if (target instanceof OAuthError) return target

  // H. Consume and record, in one transaction
  const claims = makeClaims(issuer, authenticated, caller.tokenId, proof.jkt, target, now)
  const entry = issuanceEntry({
    now,
    random: random.bytes(16),
    request: id,
    issuer,
    organisation: client.organisation,
    client,
    keyThumbprint: proof.jkt,
    tokenId: claims.jti,
    audience: claims.aud,
    scope: claims.scope,
    lifetime: target.lifetime,
    signingKid: key.kid,
    ...target.model,
  })
  const consumed = await store.transact([
    spendAssertion(authenticated, id, now),
    spend(keys.proof(proof.jkt, proof.jtiHash), proof.exp, id, now),
    putEntry(entry),
  ])
  if (consumed.ok) {
    const exp = Math.min(authenticated.assertion.exp, proof.exp)
    if (inTime(exp, clock.now())) return { claims, key, lifetime: target.lifetime }
    return new OAuthError('temporarily_unavailable', 'The assertion could not be spent in time.', {
      code: 'store_unavailable',
      retryAfter: 1,
    })
  }
  if (consumed.failed.has(0)) return assertionReplayed()
  if (consumed.failed.has(1))
    return new OAuthError('invalid_dpop_proof', 'The proof was used before.', { code: 'proof_replayed' })
  throw new Error(`the entry ${entry.eid} exists`)
}

function makeClaims(
  issuer: string,
  { client }: Authenticated,
  jti: string,
  jkt: string,
  target: Target,
  now: number,
): AccessTokenClaims {
  const iat = Math.floor(now / 1000)
  return {
    iss: issuer,
    sub: client.id,
    client_id: client.id,
    aud: target.audience,
    scope: target.scope.join(' '),
    iat,
    exp: iat + target.lifetime,
    jti,
    cnf: { jkt },
    organisation: client.organisation,
    ...(client.operator !== undefined && { operator: client.operator }),
    ...target.model,
  }
}

const refused = (error: OAuthErrorCode, { code, facts }: Refusal): OAuthError =>
  new OAuthError(error, facts.detail, { code })
