import type { APIGatewayProxyEvent } from 'aws-lambda'
import { Refusal, refuse } from '../../shared/domain/refusal.ts'
import { parseJson } from '../../shared/upstream/json.ts'
import type { Operation, Request } from '../../shared/upstream/operation.ts'
import { bodyBytes, headerValues } from '../http.ts'

const maxBody = 4 << 20

/** What a caller asks of an operation, by the headers that count and the body. */
export function parseBody(operation: Operation, event: APIGatewayProxyEvent): Request | Refusal {
  const [beta] = headerValues(event, 'anthropic-beta')
  if (beta !== undefined)
    return refuse('field_not_allowed', 'Beta features can cost what the request does not show.', {
      field: 'anthropic-beta',
    })
  const [version] = headerValues(event, 'anthropic-version')
  if (version !== undefined && !/^\d{4}-\d{2}-\d{2}$/.test(version))
    return refuse('field_not_allowed', 'It is a date: 2023-06-01.', { field: 'anthropic-version' })
  const bytes = bodyBytes(event)
  if (bytes.byteLength > maxBody) return refuse('body_too_large', 'The body has more than 4 MB.')
  const json = parseJson(bytes, operation.maxValues)
  return json instanceof Refusal ? json : operation.parse(json.value)
}
