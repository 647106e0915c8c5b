import type { APIGatewayProxyEvent } from 'aws-lambda'
import type { Reply } from '../../functions/http.ts'

/** Another signature of the same length. */
export function broken(jws: string): string {
  const at = jws.lastIndexOf('.') + 1
  return jws.slice(0, at) + (jws[at] === 'A' ? 'B' : 'A') + jws.slice(at + 1)
}

export function codeOf({ status, body }: Reply): string | undefined {
  if (status === 200 || typeof body !== 'string') return undefined
  const told = JSON.parse(body) as { error?: { sallyport?: { code: string } }; sallyport?: { code: string } }
  return told.error?.sallyport?.code ?? told.sallyport?.code
}

export function makeEvent(
  path: string,
  headers: Readonly<Record<string, string>>,
  body: string,
  requestId: string,
): APIGatewayProxyEvent {
  return {
    httpMethod: 'POST',
    path,
    headers,
    body,
    isBase64Encoded: false,
    requestContext: { requestId, identity: { sourceIp: '192.0.2.1' } },
  } as unknown as APIGatewayProxyEvent
}
