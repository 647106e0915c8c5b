import type { APIGatewayProxyEvent } from 'aws-lambda'
import type { Refusal } from '../../shared/domain/refusal.ts'
import { OAuthError } from '../../shared/oauth/oauth-error.ts'
import { StoreUnavailable } from '../../shared/ports/store.ts'
import { health } from '../health.ts'
import { type Handler, json, type Reply } from '../http.ts'
import { answerError } from './answer.ts'
import { discover } from './discovery.ts'
import { issueToken } from './issue.ts'
import { createRate } from './rate.ts'
import { revokeToken } from './revoke.ts'
import type { TokenDeps } from './token-deps.ts'

/** The token service: `/oauth/token`, `/oauth/revoke`, what stands under `/.well-known/`, and `/healthz`. */
export function createToken(deps: TokenDeps): Handler {
  const world = { ...deps, rate: createRate(deps.rateLimit ?? { perSecond: 100, burst: 200 }) }
  const posts = { '/oauth/token': issueToken, '/oauth/revoke': revokeToken } as const

  async function route(event: APIGatewayProxyEvent): Promise<Reply> {
    const { path, httpMethod } = event
    const now = deps.clock.now()
    if (path === '/oauth/token' || path === '/oauth/revoke')
      return httpMethod === 'POST' ? posts[path](world, event, now) : methodRefused('POST')
    if (httpMethod !== 'GET') return methodRefused('GET')
    if (path === '/healthz') return health(deps.store)
    return (await discover(deps, path, now)) ?? answerError(unknownPath)
  }

  async function serve(event: APIGatewayProxyEvent): Promise<Reply> {
    try {
      return await route(event)
    } catch (error) {
      if (error instanceof StoreUnavailable) {
        deps.telemetry.error('the store did not answer', error, { request: event.requestContext.requestId })
        return answerError(storeUnavailable)
      }
      deps.telemetry.error('The token service failed', error, { request: event.requestContext.requestId })
      return answerError(new OAuthError('server_error', 'The request failed here; it can be sent again.'))
    }
  }

  return async event => told(deps, await serve(event), event)
}

function told({ telemetry }: Pick<TokenDeps, 'telemetry'>, reply: Reply, event: APIGatewayProxyEvent): Reply {
  telemetry.count('token_replies', { status: String(reply.status) })
  return { ...reply, headers: { ...reply.headers, 'x-request-id': event.requestContext.requestId } }
}

/** As an error of OAuth (RFC 6749 §5.2); `/healthz` says what it says of everything that is not there. */
export function refusedByToken(
  deps: Pick<TokenDeps, 'telemetry'>,
  { code, facts }: Refusal,
  event: APIGatewayProxyEvent,
): Reply {
  if (event.path === '/healthz')
    return told(deps, json(503, { status: 'unavailable', checks: { keys: 'unavailable' } }), event)
  const error = new OAuthError(
    code === 'internal' ? 'server_error' : 'temporarily_unavailable',
    facts.detail,
    {
      code,
      retryAfter: 1,
    },
  )
  return told(deps, answerError(error), event)
}

const unknownPath = new OAuthError('invalid_request', 'There is no such endpoint.', { status: 404 })

const storeUnavailable = new OAuthError(
  'temporarily_unavailable',
  'The state could not be read or changed.',
  {
    code: 'store_unavailable',
    retryAfter: 1,
  },
)

const methodRefused = (allow: string): Reply =>
  answerError(new OAuthError('invalid_request', `The method is ${allow}.`, { status: 405 }), { allow })
