/**
 * The gate: the providers' own protocols in front of a covered model. Paths are those of the lists below;
 * any other is refused by name and never passed on.
 */
import type { APIGatewayProxyEvent } from 'aws-lambda'
import type { Protocol } from '../../shared/domain/records.ts'
import { Refusal, refuse } from '../../shared/domain/refusal.ts'
import { challenge } from '../../shared/oauth/challenge.ts'
import { StoreUnavailable } from '../../shared/ports/store.ts'
import { errorBody, errorHeaders, rateHeaders } from '../../shared/upstream/answer.ts'
import { anthropicMessages } from '../../shared/upstream/anthropic-messages.ts'
import { openaiChat } from '../../shared/upstream/openai-chat.ts'
import type { Operation, Request } from '../../shared/upstream/operation.ts'
import { bodyBytes, type Handler, headerValues, json, type Reply } from '../http.ts'
import { nonceHeader, verify } from '../resource.ts'
import { admit } from './admit.ts'
import { modelPrefix } from './authority.ts'
import { type ExchangeDeps, exchange } from './exchange.ts'
import { listModels } from './models.ts'

export type GateDeps = Omit<ExchangeDeps, 'idleMs'> & Partial<Pick<ExchangeDeps, 'idleMs'>>

const defaultIdleMs = { stream: 120_000, json: 600_000 }

const operations: readonly Operation[] = [openaiChat, anthropicMessages]

const maxBody = 4 << 20

/** Where each protocol stands behind the issuer, and its list of models below that. */
const bases = { openai: '/openai/v1', anthropic: '/anthropic' } as const
const modelPaths = { openai: '/openai/v1/models', anthropic: '/anthropic/v1/models' } as const

export function createGate({ idleMs = defaultIdleMs, ...rest }: GateDeps): Handler {
  const deps: ExchangeDeps = { ...rest, idleMs }
  return async (event, signal) => {
    const protocol: Protocol = event.path.startsWith('/anthropic/') ? 'anthropic' : 'openai'
    const request = event.requestContext.requestId
    const answer = await serve(deps, event, signal, protocol).catch((error: unknown) => {
      if (!(error instanceof StoreUnavailable)) throw error
      deps.telemetry.error('the store did not answer', error, { request })
      return refuse('store_unavailable', 'The store did not answer.')
    })
    const named = { 'x-request-id': request, ...(protocol === 'anthropic' && { 'request-id': request }) }
    if (answer instanceof Refusal) {
      deps.telemetry.count('refusal', { code: answer.code })
      return json(answer.kind.status, errorBody(protocol, answer, request), {
        ...named,
        ...nonceHeader(deps),
        ...errorHeaders(answer),
        ...challenge(answer),
        'cache-control': 'no-store',
      })
    }
    return { ...answer, headers: { ...answer.headers, ...named, ...nonceHeader(deps) } }
  }
}

async function serve(
  deps: ExchangeDeps,
  event: APIGatewayProxyEvent,
  signal: AbortSignal,
  protocol: Protocol,
): Promise<Reply | Refusal> {
  const route = findRoute(event, protocol)
  if (route instanceof Refusal) return route
  const verified = await verify(deps, event, aud => aud.startsWith(modelPrefix(deps.issuer)))
  if (verified instanceof Refusal) return verified

  const request = event.requestContext.requestId
  if ('models' in route) return listModels(deps, verified, request, { protocol, id: route.models.id })

  const { operation } = route
  const admitted = await admit(deps, verified, {
    request,
    address: event.requestContext.identity.sourceIp,
    operation,
    parse: () => parseBody(operation, event),
  })
  if (admitted instanceof Refusal) return admitted

  const [version] = headerValues(event, 'anthropic-version')
  const reply = await exchange(deps, admitted, { request, operation, version }, signal)
  if (reply instanceof Refusal) return reply
  const { allow, call } = admitted
  const [meter] = call.meters
  const { outputLimit } = allow.ask
  return {
    ...reply,
    headers: {
      ...reply.headers,
      ...(meter && rateHeaders(protocol, meter, deps.clock.now())),
      ...(outputLimit !== undefined && { 'x-sallyport-output-limit': String(outputLimit) }),
      'x-sallyport-entry': call.eid,
    },
  }
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
    if (path.startsWith(`${models}/`))
      return { models: { id: decodeURIComponent(path.slice(models.length + 1)) } }
  }
  return refuse('path_not_offered', `${httpMethod} ${path.slice(0, 200)} is not offered.`)
}

function parseBody(operation: Operation, event: APIGatewayProxyEvent): Request | Refusal {
  const [beta] = headerValues(event, 'anthropic-beta')
  if (beta !== undefined)
    return refuse('field_not_allowed', 'Beta features can cost what the request does not show.', {
      field: 'anthropic-beta',
    })
  const bytes = bodyBytes(event)
  if (bytes.byteLength > maxBody) return refuse('body_too_large', 'The body has more than 4 MB.')
  let value: unknown
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch {
    return refuse('body_malformed', 'The body is not JSON in UTF-8.')
  }
  return operation.parse(value)
}
