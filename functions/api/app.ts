/** `/api/v1`: governance for people, and what a workload may ask about itself. Tokens are for `<issuer>/api`. */
import type { APIGatewayProxyEvent } from 'aws-lambda'
import { Refusal, refuse } from '../../shared/domain/refusal.ts'
import { challenge } from '../../shared/oauth/challenge.ts'
import type { Secrets, Signer } from '../../shared/ports/keys.ts'
import { ObjectsUnavailable } from '../../shared/ports/objects.ts'
import { StoreUnavailable } from '../../shared/ports/store.ts'
import type { Random, Telemetry } from '../../shared/ports/world.ts'
import { addressOf } from '../address.ts'
import { type Handler, json, type Reply } from '../http.ts'
import type { LogView } from '../log/open.ts'
import { problem } from '../problem.ts'
import { createRate, type Rate, type RateLimit } from '../rate.ts'
import { nonceHeader, type ResourceDeps } from '../resource.ts'
import { type Caller, identify } from './caller.ts'
import { type CursorOf, openCursor, sealCursor } from './list-cursor.ts'
import type { Answer, Context, Operation } from './operation.ts'
import { operations } from './operations.ts'
import { readRequest } from './request.ts'

export interface ApiDeps extends ResourceDeps {
  readonly random: Random
  readonly telemetry: Telemetry
  /** The secrets of webhooks are derived, and shown to whoever registers one. */
  readonly secrets: Pick<Secrets, 'derive'>
  /** Signs what this deployment states: attestations, certificates, advisories. Never a token. */
  readonly statements: Signer
  readonly log: LogView
  /** `GovernanceDeps.retentionMs` */
  readonly retentionMs?: number
  /** Of an address that has proved nothing yet: whoever has a ticket. */
  readonly strangerRateLimit?: RateLimit
}

export const base = '/api/v1'

export function createApi(deps: ApiDeps): Handler {
  const rate = createRate(deps.strangerRateLimit ?? { perSecond: 10, burst: 60 })
  return async event => {
    const request = event.requestContext.requestId
    const answer = await serve(deps, rate, event).catch((error: unknown) => {
      if (!(error instanceof StoreUnavailable) && !(error instanceof ObjectsUnavailable)) throw error
      deps.telemetry.error('the store did not answer', error, { request })
      return refuse('store_unavailable', 'The store did not answer.')
    })
    const headers = nonceHeader(deps)
    if (answer instanceof Refusal) return refusedByApi(deps, answer, event, headers)
    const all = {
      ...headers,
      'x-request-id': request,
      'cache-control': answer.maxAge === undefined ? 'no-store' : `public, max-age=${answer.maxAge}`,
      ...(answer.rev !== undefined && { etag: `"${answer.rev}"` }),
      ...(answer.location !== undefined && { location: base + answer.location }),
      ...answer.headers,
    }
    return answer.content
      ? {
          status: answer.status,
          headers: { 'x-content-type-options': 'nosniff', ...all },
          body: answer.content,
        }
      : json(answer.status, answer.body, all)
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
  /** The same with anything in place of an id. */
  readonly loose: RegExp
}

/** `{name}` is one segment of unreserved characters (RFC 3986 §2.3), which ids are made of. */
const routes: readonly Route[] = operations.map(operation => ({
  operation,
  pattern: patternOf(operation, '[A-Za-z0-9._~-]{1,200}'),
  loose: patternOf(operation, '[^/]+'),
}))

function patternOf({ path }: Operation, segment: string): RegExp {
  const named = path.replaceAll('.', '\\.').replace(/\{(\w+)\}/g, `(?<$1>${segment})`)
  return new RegExp(`^${base}${named}$`)
}

async function serve(deps: ApiDeps, rate: Rate, event: APIGatewayProxyEvent): Promise<Answer | Refusal> {
  const found = findRoute(event)
  // Strangers learn of no path but those that are everyone's.
  if (found?.operation.by === 'everyone') return serveStranger(deps, rate, event, found)
  const identified = await identify(deps, event)
  if (identified instanceof Refusal) return identified
  const { caller, rules } = identified
  const answer = await serveCaller(deps, event, caller, found)
  return answer instanceof Refusal ? answer.under({ rules }) : answer
}

async function serveStranger(
  deps: ApiDeps,
  rate: Rate,
  event: APIGatewayProxyEvent,
  { operation, path }: Found,
): Promise<Answer | Refusal> {
  // What reads nothing costs nothing.
  const wait = operation.body === undefined ? 0 : rate(addressOf(event), deps.clock.now())
  if (wait > 0)
    return refuse('rate_limited', 'Too many requests come from your address.', { retryAfter: wait })
  const read = readRequest(operation, event, '')
  if (read instanceof Refusal) return read
  // Without a caller: what is for everyone is written to take none.
  const context = { deps, path, request: event.requestContext.requestId, ...read }
  return operation.answer(context as Context)
}

async function serveCaller(
  deps: ApiDeps,
  event: APIGatewayProxyEvent,
  caller: Caller,
  found: Found | undefined,
): Promise<Answer | Refusal> {
  if (found === undefined) return notFound(event, caller)
  const { operation, path } = found
  const refused = judgeCaller(operation, caller)
  if (refused) return refused
  const id = caller.kind === 'person' ? caller.person.id : caller.client.id
  const read = readRequest(operation, event, id)
  if (read instanceof Refusal) return read
  const of = { caller: id, operation: `${operation.id} ${event.path}` }
  const query = openAfter(deps, of, read.query)
  if (query instanceof Refusal) return query
  const answer = await operation.answer({
    ...{ deps, caller, path, request: event.requestContext.requestId },
    ...read,
    query,
  })
  return answer instanceof Refusal || operation.query?.shape.after === undefined
    ? answer
    : { ...answer, body: sealNext(deps, of, answer.body) }
}

function openAfter({ nonceKey }: ApiDeps, of: CursorOf, query: unknown): unknown {
  const { after } = (query ?? {}) as { readonly after?: string }
  if (after === undefined) return query
  const opened = openCursor(nonceKey, of, after)
  return opened instanceof Refusal ? opened : { ...(query as object), after: opened }
}

function sealNext({ nonceKey }: ApiDeps, of: CursorOf, body: object): object {
  const { next } = body as { readonly next?: string | null }
  return typeof next === 'string' ? { ...body, next: sealCursor(nonceKey, of, next) } : body
}

/** A name where an id is asked for leads to no path: what is said of it is said of the record. */
function notFound({ httpMethod, path }: APIGatewayProxyEvent, caller: Caller): Refusal {
  const meant = routes.find(({ operation, loose }) => operation.method === httpMethod && loose.test(path))
  if (meant === undefined)
    return refuse('path_not_offered', `${httpMethod} ${path.slice(0, 200)} is not offered.`)
  const refused = judgeCaller(meant.operation, caller)
  return refused ?? refuse('record_unknown', 'What the path names is no id: of letters, digits, and . _ ~ -')
}

function judgeCaller({ by, scope }: Operation, caller: Caller): Refusal | undefined {
  if (caller.kind === 'person') return undefined
  if (by === 'people') return refuse('scope_missing', 'This is for people: sallyport auth login')
  if (scope !== undefined && !caller.scopes.includes(scope))
    return refuse('scope_missing', `This needs the scope ${scope}.`)
  return undefined
}

interface Found {
  readonly operation: Operation
  readonly path: Readonly<Record<string, string>>
}

function findRoute({ httpMethod, path }: APIGatewayProxyEvent): Found | undefined {
  for (const { operation, pattern } of routes) {
    const match = operation.method === httpMethod ? pattern.exec(path) : null
    if (match) return { operation, path: match.groups ?? {} }
  }
  return undefined
}
