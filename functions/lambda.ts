/** What API Gateway and Lambda hand to a function and take from it, around a `Handler` that knows of neither. */
import { pipeline } from 'node:stream/promises'
import type { APIGatewayProxyEvent, APIGatewayProxyResult, Context } from 'aws-lambda'
import { type Refusal, refuse } from '../shared/domain/refusal.ts'
import { SecretsUnavailable, SignerUnavailable } from '../shared/ports/keys.ts'
import type { Telemetry } from '../shared/ports/world.ts'
import type { Handler, Reply } from './http.ts'

export interface Opening {
  /** Called with the first request, and again while it fails; its handler serves all that follow. */
  readonly open: () => Promise<Handler>
  /** A refusal in the shape of what this function serves, where there is no handler to make it. */
  readonly refused: (refusal: Refusal, event: APIGatewayProxyEvent) => Reply
  readonly telemetry: Telemetry
}

/** Time before the function's own end to write outcomes and to say why, of a function that has so long. Milliseconds. */
const farewellMs = 10_000

/** Of that, for a caller who takes nothing any more: then the reply is broken off. */
const lastWordsMs = 5_000

/** Answers once the whole reply is there. */
export function buffered(
  opening: Opening,
): (event: APIGatewayProxyEvent, context: Context) => Promise<APIGatewayProxyResult> {
  const answer = answering(opening)
  return (event, context) =>
    withinItsTime(context, async signal => {
      const reply = await answer(event, context, signal)
      if (reply.body instanceof Uint8Array)
        return { ...head(reply), body: Buffer.from(reply.body).toString('base64'), isBase64Encoded: true }
      return { ...head(reply), body: await text(reply.body) }
    })
}

/**
 * Answers as the reply comes, through Lambda's response streaming. That does not tell when a client has gone: a
 * write that fails does, and ends the body and with it the call.
 */
export function streaming(opening: Opening): unknown {
  const answer = answering(opening)
  return awslambda.streamifyResponse((event, stream, context) =>
    withinItsTime(context, async signal => {
      const reply = await answer(event, context, signal)
      const body =
        typeof reply.body === 'string' || reply.body instanceof Uint8Array
          ? [Buffer.from(reply.body)]
          : reply.body
      const out = awslambda.HttpResponseStream.from(stream, head(reply))
      let timer: NodeJS.Timeout | undefined
      signal.addEventListener('abort', () => {
        timer = setTimeout(() => out.destroy(), lastWordsMs)
      })
      await pipeline(body, out).catch(() => opening.telemetry.count('replies_broken_off'))
      clearTimeout(timer)
    }),
  )
}

function answering({ open, refused, telemetry }: Opening) {
  let opened: Promise<Handler> | undefined
  return async (event: APIGatewayProxyEvent, context: Context, signal: AbortSignal): Promise<Reply> => {
    const request = context.awsRequestId
    try {
      opened ??= open().catch((error: unknown) => {
        opened = undefined
        throw error
      })
      const handle = await opened
      const reply = await handle(named(event, request), signal)
      // An answer to HEAD ends with its head (RFC 9110 §9.3.2).
      return event.httpMethod === 'HEAD' ? { ...reply, body: '' } : reply
    } catch (error) {
      telemetry.error('a request failed', error, { request })
      const refusal =
        error instanceof SignerUnavailable || error instanceof SecretsUnavailable
          ? refuse('signer_unavailable', 'A key did not answer.')
          : refuse('internal', 'It was an error of ours.')
      return refused(refusal, named(event, request))
    }
  }
}

/**
 * A caller can choose the request id of API Gateway, and two requests of one id would pass for one and its retry,
 * which is how a replay looks. Lambda's own id is made anew for each.
 */
const named = (event: APIGatewayProxyEvent, requestId: string): APIGatewayProxyEvent => ({
  ...event,
  requestContext: { ...event.requestContext, requestId },
})

async function withinItsTime<T>(context: Context, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const over = new AbortController()
  const left = context.getRemainingTimeInMillis()
  const timer = setTimeout(
    () => over.abort(refuse('stopping', 'A call lasts no longer than its function.')),
    left - Math.min(farewellMs, left / 10),
  )
  return work(over.signal).finally(() => clearTimeout(timer))
}

/** A header of several values goes by another name than one of a single value. */
function head({ status, headers }: Reply) {
  const entries = Object.entries(headers)
  return {
    statusCode: status,
    headers: Object.fromEntries(
      entries.filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
    ),
    multiValueHeaders: Object.fromEntries(
      entries.flatMap(([name, value]) => (typeof value === 'string' ? [] : [[name, [...value]]])),
    ),
  }
}

async function text(body: Exclude<Reply['body'], Uint8Array>): Promise<string> {
  if (typeof body === 'string') return body
  const chunks: Uint8Array[] = []
  for await (const chunk of body) chunks.push(chunk)
  return Buffer.concat(chunks).toString('utf8')
}
