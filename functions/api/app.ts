/** `/api/v1`: governance for people, and what a workload may ask about itself. Tokens are for `<issuer>/api`. */
import type { APIGatewayProxyEvent } from 'aws-lambda'
import { Refusal, refuse } from '../../shared/domain/refusal.ts'
import { challenge } from '../../shared/oauth/challenge.ts'
import type { Secrets } from '../../shared/ports/keys.ts'
import { StoreUnavailable } from '../../shared/ports/store.ts'
import type { Random, Telemetry } from '../../shared/ports/world.ts'
import { type Handler, json, type Reply } from '../http.ts'
import { problem } from '../problem.ts'
import { nonceHeader, type ResourceDeps } from '../resource.ts'
import { identify } from './caller.ts'
import type { Answer, Operation } from './operation.ts'
import { operations } from './operations.ts'
import { readRequest } from './request.ts'

export interface ApiDeps extends ResourceDeps {
  readonly random: Random
  readonly telemetry: Telemetry
  /** The secrets of webhooks are derived, and shown to whoever registers one. */
  readonly secrets: Pick<Secrets, 'derive'>
}

export const base = '/api/v1'

export function createApi(deps: ApiDeps): Handler {
  return async event => {
    const request = event.requestContext.requestId
    const answer = await serve(deps, event).catch((error: unknown) => {
      if (!(error instanceof StoreUnavailable)) throw error
      deps.telemetry.error('the store did not answer', error, { request })
      return refuse('store_unavailable', 'The store did not answer.')
    })
    const headers = nonceHeader(deps)
    if (answer instanceof Refusal) return refusedByApi(deps, answer, event, headers)
    return json(answer.status, answer.body, {
      ...headers,
      'x-request-id': request,
      'cache-control': answer.maxAge === undefined ? 'no-store' : `public, max-age=${answer.maxAge}`,
      ...(answer.rev !== undefined && { etag: `"${answer.rev}"` }),
      ...(answer.location !== undefined && { location: base + answer.location }),
    })
  }
}

/** As problem details (RFC 9457). */
export function refusedByApi(
  { telemetry }: Pick<ApiDeps, 'telemetry'>,
  refusal: Refusal,
  event: APIGatewayProxyEvent,
  headers: Reply['headers'] = {},
): Reply {
  telemetry.count('refusal', { code: refusal.code })
  return problem(refusal, event.requestContext.requestId, { ...headers, ...challenge(refusal) })
}

interface Route {
  readonly operation: Operation
  readonly pattern: RegExp
}

/** `{name}` is one segment of unreserved characters (RFC 3986 §2.3), which ids are made of. */
const routes: readonly Route[] = operations.map(operation => ({
  operation,
  pattern: new RegExp(
    `^${base}${operation.path.replaceAll('.', '\\.').replace(/\{(\w+)\}/g, '(?<$1>[A-Za-z0-9._~-]{1,200})')}$`,
  ),
}))

async function serve(deps: ApiDeps, event: APIGatewayProxyEvent): Promise<Answer | Refusal> {
  const found = findRoute(event)
  // Strangers learn of no path but those that are everyone's.
  if (found?.operation.by === 'everyone') {
    const read = readRequest(found.operation, event, '')
    if (read instanceof Refusal) return read
    return found.operation.answer({
      deps,
      ...read,
      path: found.path,
      request: event.requestContext.requestId,
    } as never)
  }
  const caller = await identify(deps, event)
  if (caller instanceof Refusal) return caller
  if (found === undefined)
    return refuse('path_not_offered', `${event.httpMethod} ${event.path.slice(0, 200)} is not offered.`)
  const { operation, path } = found
  const refused = judgeCaller(operation, caller)
  if (refused) return refused
  const read = readRequest(operation, event, caller.kind === 'person' ? caller.person.id : caller.client.id)
  if (read instanceof Refusal) return read
  return operation.answer({ deps, caller, path, request: event.requestContext.requestId, ...read })
}

function judgeCaller(
  { by, scope }: Operation,
  caller: { readonly kind: 'person' } | { readonly kind: 'workload'; readonly scopes: readonly string[] },
): Refusal | undefined {
  if (caller.kind === 'person')
    return by === 'workloads' ? refuse('scope_missing', 'This is for workloads.') : undefined
  if (by === 'people') return refuse('scope_missing', 'This is for people: sallyport auth login')
  if (scope !== undefined && !caller.scopes.includes(scope))
    return refuse('scope_missing', `This needs the scope ${scope}.`)
  return undefined
}

function findRoute({ httpMethod, path }: APIGatewayProxyEvent) {
  for (const { operation, pattern } of routes) {
    const match = operation.method === httpMethod ? pattern.exec(path) : null
    if (match) return { operation, path: match.groups ?? {} }
  }
  return undefined
}
