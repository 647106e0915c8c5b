/** `node:http` as API Gateway shows it to a function, so that the embedded default runs the same handlers. */
import { once } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { APIGatewayProxyEvent } from 'aws-lambda'
import type { Reply } from '../../functions/http.ts'

/** One byte beyond what any handler accepts: it sees that the body is too large and says so itself. */
const maxBody = (4 << 20) + 1

/** Reads the body, cut where no handler would accept it. Rejects when the client goes before it ends. */
export async function toEvent(request: IncomingMessage, requestId: string): Promise<APIGatewayProxyEvent> {
  const { pathname, searchParams } = new URL(request.url ?? '/', 'http://localhost')
  const headers: Record<string, string> = {}
  const multiValueHeaders: Record<string, string[]> = {}
  for (let i = 0; i < request.rawHeaders.length; i += 2) {
    const name = request.rawHeaders[i] ?? ''
    const value = request.rawHeaders[i + 1] ?? ''
    headers[name] = value
    multiValueHeaders[name] = [...(multiValueHeaders[name] ?? []), value]
  }
  const body = await readBody(request)
  return {
    httpMethod: request.method ?? 'GET',
    path: pathname,
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
    requestContext: context(request, pathname, requestId),
  }
}

/** Back-pressure both ways: the next chunk is asked for once the one before has gone into the socket. */
export async function writeReply(response: ServerResponse, reply: Reply): Promise<void> {
  response.writeHead(reply.status, reply.headers as Record<string, string | string[]>)
  if (typeof reply.body === 'string') {
    response.end(reply.body)
    return
  }
  response.flushHeaders()
  const gone = new AbortController()
  response.once('close', () => gone.abort())
  for await (const chunk of reply.body) {
    if (response.destroyed) break
    if (!response.write(chunk)) await once(response, 'drain', { signal: gone.signal }).catch(() => undefined)
  }
  response.end()
}

async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    chunks.push(chunk)
    size += chunk.length
    if (size >= maxBody) break
  }
  return Buffer.concat(chunks).subarray(0, maxBody)
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
