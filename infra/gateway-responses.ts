import { ResponseType, type RestApi } from 'aws-cdk-lib/aws-apigateway'
import { type RefusalCode, refusals } from '../shared/domain/refusal.ts'

/** What API Gateway refuses by itself, before any function is asked: in the same words as everything else. */
export const gatewayRefusals: readonly {
  readonly type: ResponseType
  readonly code: RefusalCode
  readonly detail: string
}[] = [
  // Its name for a method and path that no route has.
  {
    type: ResponseType.MISSING_AUTHENTICATION_TOKEN,
    code: 'path_not_offered',
    detail: 'No route has this path.',
  },
  { type: ResponseType.RESOURCE_NOT_FOUND, code: 'path_not_offered', detail: 'No route has this path.' },
  {
    type: ResponseType.REQUEST_TOO_LARGE,
    code: 'body_too_large',
    detail: 'It is larger than API Gateway takes.',
  },
  {
    type: ResponseType.THROTTLED,
    code: 'rate_limited',
    detail: 'All callers together send too many requests.',
  },
  {
    type: ResponseType.WAF_FILTERED,
    code: 'request_malformed',
    detail: 'The firewall took it for an attack.',
  },
  { type: ResponseType.DEFAULT_4XX, code: 'request_malformed', detail: 'API Gateway could not take it.' },
  { type: ResponseType.DEFAULT_5XX, code: 'internal', detail: 'No function could answer.' },
]

/** A refusal's body (RFC 9457) but for the request's id, which only the request has. */
export function fixedProblem(code: RefusalCode, detail: string): object {
  const { status, title, next } = refusals[code]
  return { type: `urn:sallyport:refusal:${code}`, title, status, code, detail, next }
}

export function addGatewayResponses(api: RestApi): void {
  for (const { type, code, detail } of gatewayRefusals) {
    const { status, retry } = refusals[code]
    api.addGatewayResponse(type.responseType, {
      type,
      statusCode: String(status),
      responseHeaders: {
        'Content-Type': "'application/problem+json'",
        'cache-control': "'no-store'",
        'x-request-id': 'context.extendedRequestId',
        ...(retry && { 'retry-after': "'1'" }),
      },
      templates: {
        // The one variable in it is API Gateway’s own: `requestId` could be the caller’s, and break out of the string.
        'application/json': `${JSON.stringify(fixedProblem(code, detail)).slice(0, -1)},"request_id":"$context.extendedRequestId"}`,
      },
    })
  }
}
