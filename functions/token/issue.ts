import type { APIGatewayProxyEvent } from 'aws-lambda'
import { authoriseCaller } from '../../shared/domain/authority.ts'
import { randomId } from '../../shared/domain/id.ts'
import { keys } from '../../shared/domain/keys.ts'
import type { Client } from '../../shared/domain/records.ts'
import { Refusal } from '../../shared/domain/refusal.ts'
import { rulesInForce } from '../../shared/domain/rules.ts'
import { putEntry } from '../../shared/entries/put.ts'
import { issuanceEntry } from '../../shared/entries/token.ts'
import type { AccessTokenClaims } from '../../shared/oauth/access-token.ts'
import { signingKey } from '../../shared/oauth/key-ring.ts'
import { issueNonce } from '../../shared/oauth/nonce.ts'
import { OAuthError } from '../../shared/oauth/oauth-error.ts'
import { headerValues, type Reply } from '../http.ts'
import type { Rate } from '../rate.ts'
import { inTime, spend } from '../spend.ts'
import { answer, answerError } from './answer.ts'
import { type Authenticated, assertionReplayed, authenticate, spendAssertion } from './authenticate.ts'
import { isForPerson, issueToPerson } from './person.ts'
import { proofReplayed, prove, refused, spentTooLate } from './prove.ts'
import { readForm } from './read-form.ts'
import { recordRefusal } from './record.ts'
import { markSeen } from './seen.ts'
import { noSigningKey, sign } from './sign.ts'
import { chooseTarget, type Target } from './target.ts'
import type { TokenDeps } from './token-deps.ts'
import type { Issuance, TokenRequest } from './token-request.ts'

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

  const request = { id: event.requestContext.requestId, form, proofs, now }
  if (isForPerson(form)) return issueToPerson(deps, event, request)

  // B, C, D. Assertion, client, signature and claims
  const authenticated = await authenticate(deps, form, request)
  if (authenticated instanceof OAuthError) return answerError(authenticated)

  const nonce = { 'dpop-nonce': issueNonce(deps.nonceKey, now) }
  const rules = rulesInForce(authenticated.standing)
  const issuance = await consume(deps, authenticated, request, rules)
  if (issuance instanceof OAuthError) {
    const refusal = issuance.under({ rules })
    // A challenge for a nonce is a step of the protocol; the same assertion comes again with an answer.
    if (refusal.error !== 'use_dpop_nonce') await recordRefusal(deps, authenticated, refusal, request)
    return answerError(refusal, nonce)
  }

  // I. Sign
  const token = await sign(deps, issuance)
  if (token instanceof OAuthError) {
    await recordRefusal(deps, authenticated, token, request)
    return answerError(token, nonce)
  }

  // J. Answer (RFC 6749 §5.1, RFC 9449 §5)
  const { claims, lifetime } = issuance
  const body = { access_token: token, token_type: 'DPoP', expires_in: lifetime, scope: claims.scope }
  return answer(body, nonce)
}

/** The rest of D, then E to H: ends with the ids spent and the issuance recorded, or with nothing done. */
async function consume(
  deps: TokenDeps,
  authenticated: Authenticated,
  request: TokenRequest,
  rules: number | undefined,
): Promise<Issuance | OAuthError> {
  const { store, issuer, random, clock } = deps
  const { id, form, now } = request
  // D. The state of the client, told only to whoever holds its key
  const { client, standing, ring } = authenticated
  const key = signingKey(ring, now, standing.compromised)
  if (key === undefined) return noSigningKey()
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
  // Of a model that is released, its developer alone decides: whether it is one shows once the target is known.
  const stopped = authority instanceof Refusal ? authority : undefined
  if (stopped && !mayBeOverridden(stopped)) return refused('unauthorized_client', stopped)

  // E, F. Proof and nonce
  const proof = prove(
    deps,
    request,
    client.keys.map(({ jwk }) => jwk),
  )
  if (proof instanceof OAuthError) return proof

  // G. Authorisation
  const target = await chooseTarget(
    { store, issuer },
    { caller, records, ...(stopped && { stopped }) },
    form,
    now,
  )
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
    ...markSeen(client, now),
  ])
  if (consumed.ok) {
    const exp = Math.min(authenticated.assertion.exp, proof.exp)
    if (inTime(exp, clock.now())) return { claims, key, lifetime: target.lifetime, rules }
    return spentTooLate('assertion')
  }
  if (consumed.failed.has(0)) return assertionReplayed()
  if (consumed.failed.has(1)) return proofReplayed()
  if (consumed.failed.has(3)) {
    // A decision about the client came in between; it is told as if it had been read.
    const decided = consumed.failed.get(3) as Client | undefined
    const judged = authoriseCaller(caller, { ...records, client: decided }, now)
    if (judged instanceof Refusal) return refused('unauthorized_client', judged)
  }
  throw new Error(`the entry ${entry.eid} exists`)
}

/** Codes of stops that others than its own organisation can have put on a client. */
const mayBeOverridden = ({ code }: Refusal): boolean => code === 'client_suspended' || code === 'hold_active'

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
