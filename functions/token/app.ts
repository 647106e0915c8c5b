import type { APIGatewayProxyEvent } from 'aws-lambda'
import type { Refusal } from '../../shared/domain/refusal.ts'
import { isCallback } from '../../shared/oauth/apps.ts'
import { OAuthError } from '../../shared/oauth/oauth-error.ts'
import { StoreUnavailable } from '../../shared/ports/store.ts'
import { addressOf } from '../address.ts'
import { health } from '../health.ts'
import { type Handler, json, type Reply } from '../http.ts'
import { createRate } from '../rate.ts'
import { answerError } from './answer.ts'
import { beginSignIn, showSignIn } from './authorize.ts'
import { endSignIn } from './callback.ts'
import { discover } from './discovery.ts'
import { issueToken } from './issue.ts'
import { createProviders } from './provider.ts'
import { revokeToken } from './revoke.ts'
import { faultPage } from './sign-in-page.ts'
import type { TokenDeps } from './token-deps.ts'

/** The token service: what stands under `/oauth/` for workloads and for people, what stands under `/.well-known/`, and `/healthz`. */
export function createToken(deps: TokenDeps): Handler {
  const { issuer, clock, telemetry } = deps
  const world = {
    ...deps,
    rate: createRate(deps.rateLimit ?? { perSecond: 100, burst: 200 }),
    providers: createProviders({ issuer, clock, telemetry, ask: deps.providerFetch }),
  }
  const pageRate = createRate(deps.pageRateLimit ?? { perSecond: 10, burst: 60 })
  const posts = { '/oauth/token': issueToken, '/oauth/revoke': revokeToken } as const

  async function route(event: APIGatewayProxyEvent): Promise<Reply> {
    const { path, httpMethod } = event
    const now = deps.clock.now()
    if (path === '/oauth/token' || path === '/oauth/revoke')
      return httpMethod === 'POST' ? posts[path](world, event, now) : methodRefused('POST')
    if (isPage(event)) return servePage(event, now)
    if (httpMethod !== 'GET') return methodRefused('GET')
    if (path === '/healthz') return health(deps.store)
    return (await discover(deps, path, now)) ?? answerError(unknownPath)
  }

  async function servePage(event: APIGatewayProxyEvent, now: number): Promise<Reply> {
    const { path, httpMethod } = event
    const posts = path === '/oauth/authorize'
    if (httpMethod !== 'GET' && !(posts && httpMethod === 'POST'))
      return faultPage(405, 'There is no such request.', { allow: posts ? 'GET, POST' : 'GET' })
    // Whoever asks here has proved nothing, and what is asked may reach out to a provider.
    const wait = pageRate(addressOf(event), now)
    if (wait > 0)
      return faultPage(429, 'Too many requests come from your address.', { 'retry-after': String(wait) })
    if (isCallback(path)) return endSignIn(world, event, now)
    return httpMethod === 'POST' ? beginSignIn(world, event, now) : showSignIn(world, event)
  }

  async function serve(event: APIGatewayProxyEvent): Promise<Reply> {
    try {
      return await route(event)
    } catch (error) {
      if (error instanceof StoreUnavailable) {
        deps.telemetry.error('the store did not answer', error, { request: event.requestContext.requestId })
        return isPage(event)
          ? faultPage(503, tryAgain, { 'retry-after': '1' })
          : answerError(storeUnavailable)
      }
      deps.telemetry.error('The token service failed', error, { request: event.requestContext.requestId })
      if (isPage(event)) return faultPage(500, tryAgain)
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

const isPage = ({ path }: APIGatewayProxyEvent): boolean => path === '/oauth/authorize' || isCallback(path)

const tryAgain = 'The request failed here. Nothing was done; try it again in a moment.'

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
