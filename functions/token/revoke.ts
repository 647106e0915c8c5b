import type { APIGatewayProxyEvent } from 'aws-lambda'
import { keys } from '../../shared/domain/keys.ts'
import { Refusal } from '../../shared/domain/refusal.ts'
import { rulesInForce } from '../../shared/domain/rules.ts'
import { putEntry } from '../../shared/entries/put.ts'
import { revocationEntry } from '../../shared/entries/token.ts'
import { verifyAccessToken } from '../../shared/oauth/access-token.ts'
import { isApp } from '../../shared/oauth/apps.ts'
import { OAuthError } from '../../shared/oauth/oauth-error.ts'
import { keptBeyond } from '../../shared/oauth/spent-id.ts'
import type { Put } from '../../shared/ports/store.ts'
import { addressOf } from '../address.ts'
import type { Reply } from '../http.ts'
import type { Rate } from '../rate.ts'
import { answer, answerError } from './answer.ts'
import { type Authenticated, assertionReplayed, authenticate, spendAssertion } from './authenticate.ts'
import { readForm } from './read-form.ts'
import { revokePersonToken } from './revoke-person.ts'
import { tooMany } from './sign.ts'
import type { TokenDeps } from './token-deps.ts'

/**
 * RFC 7009. A client gives up a token of its own, whatever the client's state: giving up needs no standing.
 * A token that is unknown, expired or another's is answered like one that was revoked (§2.2).
 */
export async function revokeToken(
  deps: Pick<TokenDeps, 'store' | 'issuer' | 'clock' | 'random'> & { readonly rate: Rate },
  event: APIGatewayProxyEvent,
  now: number,
): Promise<Reply> {
  const form = readForm(event)
  if (form instanceof OAuthError) return answerError(form)
  const token = form.get('token')
  const request = event.requestContext.requestId
  const app = form.get('client_id')
  // An app is public: one that authenticates is none.
  if (isApp(app) && !form.has('client_assertion') && !form.has('client_assertion_type')) {
    const wait = deps.rate(addressOf(event), deps.clock.now())
    if (wait > 0) return answerError(tooMany('This address', wait))
    if (token === undefined) return answerError(tokenMissing())
    await revokePersonToken(deps, { app, token, request, now })
    return answer({})
  }
  const authenticated = await authenticate(deps, form, { id: request, now })
  if (authenticated instanceof OAuthError) return answerError(authenticated)
  const known = { rules: rulesInForce(authenticated.standing) }
  if (token === undefined) return answerError(tokenMissing().under(known))

  const consumed = await deps.store.transact([
    spendAssertion(authenticated, request, now),
    ...revocation(deps, authenticated, token, request, now),
  ])
  return consumed.ok ? answer({}) : answerError(assertionReplayed().under(known))
}

const tokenMissing = (): OAuthError => new OAuthError('invalid_request', 'The token is missing.')

function revocation(
  { issuer, random }: Pick<TokenDeps, 'issuer' | 'random'>,
  { client, ring }: Authenticated,
  text: string,
  by: string,
  now: number,
): readonly Put[] {
  const token = verifyAccessToken(text, { ring, issuer, audience: () => true }, now)
  if (token instanceof Refusal || token.claims.client_id !== client.id) return []
  const { jti, exp, aud } = token.claims
  const entry = revocationEntry({
    now,
    random: random.bytes(16),
    request: by,
    issuer,
    organisation: client.organisation,
    client,
    audience: aud,
    tokenId: jti,
  })
  return [{ kind: 'put', key: keys.revokedToken(jti), item: { by, exp: exp + keptBeyond } }, putEntry(entry)]
}
