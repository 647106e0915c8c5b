import type { APIGatewayProxyEvent } from 'aws-lambda'

/** What a function answers: the event's counterpart, with a body that may still be coming. */
export interface Reply {
  readonly status: number
  readonly headers: Readonly<Record<string, string | readonly string[]>>
  /** Text, or bytes that are no text, or what comes bit by bit: leaving that early ends the call that feeds it. */
  readonly body: string | Uint8Array | AsyncIterable<Uint8Array>
}

/**
 * `signal` is aborted when the client has gone, or with a `Refusal` as its reason when the call is broken off: by a
 * server that stops, or shortly before a function ends. Lambda does not tell of clients.
 */
export type Handler = (event: APIGatewayProxyEvent, signal: AbortSignal) => Promise<Reply>

/**
 * Every value of a header, one for each time it was sent. API Gateway keeps the case that the client
 * used, and only `multiValueHeaders` shows that a header came twice.
 */
export function headerValues(event: APIGatewayProxyEvent, name: string): readonly string[] {
  const values: string[] = []
  for (const [key, sent] of Object.entries(event.multiValueHeaders ?? {}))
    if (key.toLowerCase() === name && sent !== undefined) values.push(...sent)
  if (values.length > 0) return values
  for (const [key, sent] of Object.entries(event.headers ?? {}))
    if (key.toLowerCase() === name && sent !== undefined) values.push(sent)
  return values
}

export function bodyBytes(event: APIGatewayProxyEvent): Uint8Array {
  return Buffer.from(event.body ?? '', event.isBase64Encoded ? 'base64' : 'utf8')
}

export function json(status: number, body: unknown, headers: Reply['headers'] = {}): Reply {
  return { status, headers: { 'content-type': 'application/json', ...headers }, body: JSON.stringify(body) }
}
