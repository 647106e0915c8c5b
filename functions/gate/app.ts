/**
 * The gate: the providers' own protocols in front of a covered model. Paths are those of the lists below;
 * any other is refused by name and never passed on.
 */
import type { APIGatewayProxyEvent } from 'aws-lambda'
import type { Meter } from '../../shared/domain/meter.ts'
import type { Protocol } from '../../shared/domain/records.ts'
import { Refusal, refuse } from '../../shared/domain/refusal.ts'
import { challenge } from '../../shared/oauth/challenge.ts'
import { resourceModel } from '../../shared/oauth/metadata.ts'
import { StoreUnavailable } from '../../shared/ports/store.ts'
import { errorBody, errorHeaders, rateHeaders } from '../../shared/upstream/answer.ts'
import { anthropicCountTokens } from '../../shared/upstream/anthropic-count-tokens.ts'
import { anthropicMessages } from '../../shared/upstream/anthropic-messages.ts'
import { openaiChat } from '../../shared/upstream/openai-chat.ts'
import { openaiEmbeddings } from '../../shared/upstream/openai-embeddings.ts'
import { openaiResponses } from '../../shared/upstream/openai-responses.ts'
import type { Operation } from '../../shared/upstream/operation.ts'
import { type Handler, headerValues, json, type Reply } from '../http.ts'
import { nonceHeader, verify } from '../resource.ts'
import { admit } from './admit.ts'
import { parseBody } from './body.ts'
import { type ExchangeDeps, exchange } from './exchange.ts'
import { listModels } from './models.ts'

export type GateDeps = Omit<ExchangeDeps, 'idleMs'> & Partial<Pick<ExchangeDeps, 'idleMs'>>

const defaultIdleMs = { stream: 120_000, json: 600_000 }

const operations: readonly Operation[] = [
  openaiChat,
  openaiResponses,
  openaiEmbeddings,
  anthropicMessages,
  anthropicCountTokens,
]

/** Where each protocol stands behind the issuer, and its list of models below that. */
const bases = { openai: '/openai/v1', anthropic: '/anthropic' } as const
const modelPaths = { openai: '/openai/v1/models', anthropic: '/anthropic/v1/models' } as const

export function createGate({ idleMs = defaultIdleMs, ...rest }: GateDeps): Handler {
  const deps: ExchangeDeps = { ...rest, idleMs }
  return async (event, signal) => {
    const protocol = protocolOf(event)
    const request = event.requestContext.requestId
    const { answer, headers } = await serve(deps, event, signal, protocol).catch(
      (error: unknown): Answered => {
        if (!(error instanceof StoreUnavailable)) throw error
        deps.telemetry.error('the store did not answer', error, { request })
        return { answer: refuse('store_unavailable', 'The store did not answer.') }
      },
    )
    const always = { ...headers, ...nonceHeader(deps) }
    if (answer instanceof Refusal) return refusedByGate(deps, answer, event, always)
    return { ...answer, headers: { ...answer.headers, ...always, ...requestIds(protocol, request) } }
  }
}

const protocolOf = ({ path }: APIGatewayProxyEvent): Protocol =>
  path.startsWith('/anthropic/') ? 'anthropic' : 'openai'

const requestIds = (protocol: Protocol, request: string): Record<string, string> => ({
  'x-request-id': request,
  ...(protocol === 'anthropic' && { 'request-id': request }),
})

/** As an error of the protocol that the caller speaks. */
export function refusedByGate(
  { telemetry }: Pick<GateDeps, 'telemetry'>,
  refusal: Refusal,
  event: APIGatewayProxyEvent,
  headers: Reply['headers'] = {},
): Reply {
  const protocol = protocolOf(event)
  const request = event.requestContext.requestId
  telemetry.count('refusal', { code: refusal.code })
  return json(refusal.kind.status, errorBody(protocol, refusal, request), {
    ...headers,
    ...requestIds(protocol, request),
    ...errorHeaders(refusal),
    ...challenge(refusal),
    'cache-control': 'no-store',
  })
}

interface Answered {
  readonly answer: Reply | Refusal
  readonly headers?: Readonly<Record<string, string>>
}

async function serve(
  deps: ExchangeDeps,
  event: APIGatewayProxyEvent,
  signal: AbortSignal,
  protocol: Protocol,
): Promise<Answered> {
  const route = findRoute(event, protocol)
  if (route instanceof Refusal) return { answer: route }
  const verified = await verify(deps, event, aud => resourceModel(deps.issuer, aud) !== undefined)
  if (verified instanceof Refusal) return { answer: verified }

  const request = event.requestContext.requestId
  if ('models' in route)
    return { answer: await listModels(deps, verified, request, { protocol, id: route.models.id }) }

  const { operation } = route
  const admitted = await admit(deps, verified, {
    request,
    address: event.requestContext.identity.sourceIp,
    operation,
    parse: () => parseBody(operation, event),
  })
  const rates = (meters: readonly Meter[]) => rateHeaders(protocol, meters, deps.clock.now())
  if ('refusal' in admitted) return { answer: admitted.refusal, headers: rates(admitted.meters) }

  const [version] = headerValues(event, 'anthropic-version')
  const answer = await exchange(deps, admitted, { request, operation, version }, signal)
  const { allow, call } = admitted
  const { outputLimit } = allow.ask
  const headers = {
    ...rates(call.meters),
    ...(outputLimit !== undefined && { 'x-sallyport-output-limit': String(outputLimit) }),
    'x-sallyport-entry': call.eid,
  }
  return { answer, headers }
}

type Route = { readonly operation: Operation } | { readonly models: { readonly id: string | undefined } }

function findRoute({ httpMethod, path }: APIGatewayProxyEvent, protocol: Protocol): Route | Refusal {
  if (httpMethod === 'POST') {
    const operation = operations.find(one => one.protocol === protocol && bases[protocol] + one.path === path)
    if (operation) return { operation }
  }
  if (httpMethod === 'GET') {
    const models = modelPaths[protocol]
    if (path === models) return { models: { id: undefined } }
    if (path.startsWith(`${models}/`)) return { models: { id: decoded(path.slice(models.length + 1)) } }
  }
  return refuse('path_not_offered', `${httpMethod} ${path.slice(0, 200)} is not offered.`)
}

/** A path segment; one that is badly encoded names nothing. */
function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment)
  } catch {
    return ''
  }
}
