/** `/api/v1`: what a workload may ask about itself. Tokens are for the resource `<issuer>/api`. */
import type { APIGatewayProxyEvent } from 'aws-lambda'
import type { CallerAuthority } from '../../shared/domain/authority.ts'
import { protocols } from '../../shared/domain/records.ts'
import { Refusal, refuse } from '../../shared/domain/refusal.ts'
import { challenge } from '../../shared/oauth/challenge.ts'
import { apiResource, type apiScopes } from '../../shared/oauth/metadata.ts'
import { StoreUnavailable } from '../../shared/ports/store.ts'
import type { Telemetry } from '../../shared/ports/world.ts'
import { grantsOf } from '../grants.ts'
import { type Handler, json, type Reply } from '../http.ts'
import { problem } from '../problem.ts'
import { authorise, nonceHeader, type ResourceDeps, verify } from '../resource.ts'
import { getEntry, listEntries } from './entries.ts'
import { quotasOf } from './quota.ts'

export interface ApiDeps extends ResourceDeps {
  readonly telemetry: Telemetry
}

type Scope = (typeof apiScopes)[number]

interface Route {
  readonly path: RegExp
  readonly scope: Scope
  answer(
    deps: ApiDeps,
    authority: CallerAuthority,
    event: APIGatewayProxyEvent,
    id: string,
  ): Promise<object | Refusal>
}

const routes: readonly Route[] = [
  {
    path: /^\/api\/v1\/me$/,
    scope: 'quota:read',
    answer: async ({ store, clock }, { client, organisation }) => ({
      client: { id: client.id, name: client.name, kind: client.kind, organisation: client.organisation },
      organisation: {
        id: organisation.id,
        name: organisation.name,
        kind: organisation.kind,
        state: organisation.kind === 'partner' ? organisation.partner : organisation.state,
      },
      quota: await quotasOf(store, organisation, clock.now()),
    }),
  },
  {
    path: /^\/api\/v1\/models$/,
    scope: 'quota:read',
    answer: async ({ store, clock }, { organisation }) => {
      const granted = await grantsOf(store, organisation, clock.now())
      const items = granted.map(({ model, open }) => ({
        id: model.id,
        name: model.name,
        state: model.killed ? 'killed' : model.state,
        open,
        developer: model.developer,
        protocols: protocols.filter(protocol => model.upstreams[protocol]),
      }))
      return { items, next: null }
    },
  },
  {
    path: /^\/api\/v1\/entries$/,
    scope: 'log:own',
    answer: ({ store }, { organisation }, event) =>
      listEntries(store, organisation.id, event.queryStringParameters ?? {}),
  },
  {
    path: /^\/api\/v1\/entries\/([a-z0-9_.]+)$/,
    scope: 'log:own',
    answer: ({ store }, { organisation }, _, id) => getEntry(store, organisation.id, id),
  },
]

export function createApi(deps: ApiDeps): Handler {
  return async event => {
    const request = event.requestContext.requestId
    const answer = await serve(deps, event).catch((error: unknown) => {
      if (!(error instanceof StoreUnavailable)) throw error
      deps.telemetry.error('the store did not answer', error, { request })
      return refuse('store_unavailable', 'The store did not answer.')
    })
    const headers = nonceHeader(deps)
    if (!(answer instanceof Refusal))
      return json(200, answer, { ...headers, 'x-request-id': request, 'cache-control': 'no-store' })
    return refusedByApi(deps, answer, event, headers)
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

async function serve(deps: ApiDeps, event: APIGatewayProxyEvent): Promise<object | Refusal> {
  const verified = await verify(deps, event, aud => aud === apiResource(deps.issuer))
  if (verified instanceof Refusal) return verified
  const authority = await authorise(deps, verified, event.requestContext.requestId)
  if (authority instanceof Refusal) return authority

  for (const { path, scope, answer } of routes) {
    const match = event.httpMethod === 'GET' ? path.exec(event.path) : null
    if (!match) continue
    if (!verified.claims.scope.split(' ').includes(scope))
      return refuse('scope_missing', `This needs the scope ${scope}.`)
    return answer(deps, authority, event, match[1] ?? '')
  }
  return refuse('path_not_offered', `${event.httpMethod} ${event.path.slice(0, 200)} is not offered.`)
}
