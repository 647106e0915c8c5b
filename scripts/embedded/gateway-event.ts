/** `node:http` as API Gateway shows it to a function, so that the embedded default runs the same handlers. */
import { once } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { APIGatewayProxyEvent } from 'aws-lambda'
import type { Reply } from '../../functions/http.ts'
import { Refusal } from '../../shared/domain/refusal.ts'
import { type BodyPool, readBody } from './read-body.ts'

/** One byte beyond what any handler accepts: it sees that the body is too large and says so itself. */
const maxBody = (4 << 20) + 1

/** What comes without credentials is refused unread, or it is a form: nobody may fill the memory with it. */
const maxAnonymousBody = 64 << 10

/** A client that takes nothing for so long has gone without a word. Milliseconds. */
const maxStall = 120_000

/**
 * The path is the target's own, letter by letter: what was compared with a proof and what a proxy in front has
 * seen must be what is routed. Reads the body, cut where no handler would accept it. Rejects when the client
 * goes before it ends.
 */
export async function toEvent(
  request: IncomingMessage,
  requestId: string,
  pool: BodyPool,
): Promise<APIGatewayProxyEvent | Refusal> {
  const [path = '', ...rest] = (request.url ?? '').split('?')
  const searchParams = new URLSearchParams(rest.join('?'))
  // A caller chooses the names: on an ordinary object some of them mean something else.
  const headers: Record<string, string> = Object.create(null)
  const multiValueHeaders: Record<string, string[]> = Object.create(null)
  for (let i = 0; i < request.rawHeaders.length; i += 2) {
    const name = request.rawHeaders[i] ?? ''
    const value = request.rawHeaders[i + 1] ?? ''
    headers[name] = value
    multiValueHeaders[name] ??= []
    multiValueHeaders[name].push(value)
  }
  const body = await readBody(request, request.headers.authorization ? maxBody : maxAnonymousBody, pool)
  if (body instanceof Refusal) return body
  return {
    httpMethod: request.method ?? 'GET',
    path,
    resource: '/{proxy+}',
    headers,
    multiValueHeaders,
    queryStringParameters: Object.fromEntries(searchParams),
    multiValueQueryStringParameters: Object.fromEntries(
      [...searchParams.keys()].map(name => [name, searchParams.getAll(name)]),
    ),
    pathParameters: null,
    stageVariables: null,
    body: body.toString('base64'),
    isBase64Encoded: true,
    requestContext: context(request, path, requestId),
  }
}

/** Back-pressure both ways: the next chunk is asked for once the one before has gone into the socket. */
export async function writeReply(response: ServerResponse, reply: Reply): Promise<void> {
  const headers = reply.headers as Record<string, string | string[]>
  if (typeof reply.body === 'string' || reply.body instanceof Uint8Array) {
    response.writeHead(reply.status, { ...headers, 'content-length': Buffer.byteLength(reply.body) })
    response.end(reply.body)
    return
  }
  response.writeHead(reply.status, headers)
  response.flushHeaders()
  response.setTimeout(maxStall, () => response.destroy())
  const gone = new AbortController()
  response.once('close', () => gone.abort('closed'))
  for await (const chunk of reply.body) {
    if (response.destroyed) break
    if (!response.write(chunk)) await once(response, 'drain', { signal: gone.signal }).catch(() => undefined)
  }
  response.end()
}

/** API Gateway's context, as far as a request on loopback has one. */
function context(
  request: IncomingMessage,
  path: string,
  requestId: string,
): APIGatewayProxyEvent['requestContext'] {
  return {
    accountId: '',
    apiId: 'embedded',
    authorizer: undefined,
    protocol: `HTTP/${request.httpVersion}`,
    httpMethod: request.method ?? 'GET',
    identity: {
      accessKey: null,
      accountId: null,
      apiKey: null,
      apiKeyId: null,
      caller: null,
      clientCert: null,
      cognitoAuthenticationProvider: null,
      cognitoAuthenticationType: null,
      cognitoIdentityId: null,
      cognitoIdentityPoolId: null,
      principalOrgId: null,
      sourceIp: request.socket.remoteAddress ?? '',
      user: null,
      userAgent: request.headers['user-agent'] ?? null,
      userArn: null,
    },
    path,
    stage: 'embedded',
    requestId,
    requestTimeEpoch: Date.now(),
    resourceId: '',
    resourcePath: '/{proxy+}',
  }
}
