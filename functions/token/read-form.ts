import type { APIGatewayProxyEvent } from 'aws-lambda'
import { type Form, parseForm } from '../../shared/oauth/form.ts'
import { OAuthError } from '../../shared/oauth/oauth-error.ts'
import { bodyBytes, headerValues } from '../http.ts'

/** Step A, but for the method and the proof. What stands in a URL ends up in logs (RFC 6749 §2.3.1). */
export function readForm(event: APIGatewayProxyEvent): Form | OAuthError {
  const query = event.multiValueQueryStringParameters ?? event.queryStringParameters ?? {}
  if (Object.keys(query).length > 0)
    return new OAuthError('invalid_request', 'Parameters belong into the body, not into the URL.')
  if (headerValues(event, 'content-encoding').some(coding => coding.toLowerCase() !== 'identity'))
    return new OAuthError('invalid_request', 'The body is sent uncompressed.')
  const form = parseForm(headerValues(event, 'content-type'), bodyBytes(event))
  if (form instanceof OAuthError) return form
  // RFC 6749 §2.3: one method of authentication in a request.
  if (headerValues(event, 'authorization').length > 0 || form.has('client_secret'))
    return new OAuthError('invalid_request', 'A client authenticates by its assertion alone.')
  return form
}
