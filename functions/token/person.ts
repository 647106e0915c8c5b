import type { APIGatewayProxyEvent } from 'aws-lambda'
import type { App, Person } from '../../shared/domain/parties.ts'
import { isApp } from '../../shared/oauth/apps.ts'
import type { Form } from '../../shared/oauth/form.ts'
import { issueNonce } from '../../shared/oauth/nonce.ts'
import { OAuthError } from '../../shared/oauth/oauth-error.ts'
import { addressOf } from '../address.ts'
import type { Reply } from '../http.ts'
import type { Rate } from '../rate.ts'
import { answer, answerError } from './answer.ts'
import { prove } from './prove.ts'
import { recordPersonRefusal } from './record.ts'
import { redeemCode } from './redeem-code.ts'
import { refreshSession } from './refresh-session.ts'
import { sign, tooMany } from './sign.ts'
import type { TokenDeps } from './token-deps.ts'
import type { TokenRequest } from './token-request.ts'

const grants = { authorization_code: redeemCode, refresh_token: refreshSession } as const

/** A refusal of somebody who is known by then, so that it is recorded. */
export interface KnownRefusal {
  readonly refusal: OAuthError
  readonly person: Person
  readonly app: App
  readonly session?: string
}

/**
 * Whether a request is for a person's token. Apps are public clients: one that authenticates is none of them, and is
 * judged, and refused, as a workload.
 */
export const isForPerson = (form: Form): boolean =>
  Object.hasOwn(grants, form.get('grant_type') ?? '') &&
  !form.has('client_assertion') &&
  !form.has('client_assertion_type')

/** The token endpoint for people (RFC 6749 §4.1.3 and §6, RFC 7636, RFC 9449 §5 and §10), from step B on. */
export async function issueToPerson(
  deps: TokenDeps & { readonly rate: Rate },
  event: APIGatewayProxyEvent,
  request: TokenRequest,
): Promise<Reply> {
  const { form, now } = request
  const wait = deps.rate(addressOf(event), deps.clock.now())
  if (wait > 0) return answerError(tooMany('This address', wait))
  const app = form.get('client_id')
  if (!isApp(app))
    return answerError(new OAuthError('invalid_client', 'The client_id is none of an application here.'))

  // E, F
  const nonce = { 'dpop-nonce': issueNonce(deps.nonceKey, now) }
  const proof = prove(deps, request)
  if (proof instanceof OAuthError) return answerError(proof, nonce)

  // G, H
  const grant = form.get('grant_type') === 'refresh_token' ? grants.refresh_token : grants.authorization_code
  const issuance = await grant(deps, request, app, proof)
  if (issuance instanceof OAuthError) return answerError(issuance, nonce)
  if ('refusal' in issuance) {
    await recordPersonRefusal(deps, issuance, request)
    return answerError(issuance.refusal, nonce)
  }

  // I
  const token = await sign(deps, issuance)
  if (token instanceof OAuthError) {
    const { person, session } = issuance
    await recordPersonRefusal(deps, { refusal: token, person, app, session: session.id }, request)
    return answerError(token, nonce)
  }

  // J
  const { claims, lifetime, refreshToken } = issuance
  const body = {
    access_token: token,
    token_type: 'DPoP',
    expires_in: lifetime,
    refresh_token: refreshToken,
    scope: claims.scope,
  }
  return answer(body, nonce)
}
