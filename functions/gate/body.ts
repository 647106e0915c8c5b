import type { APIGatewayProxyEvent } from 'aws-lambda'
import { Refusal, refuse } from '../../shared/domain/refusal.ts'
import { parseJson } from '../../shared/upstream/json.ts'
import type { Operation, Request } from '../../shared/upstream/operation.ts'
import { bodyBytes, headerValues } from '../http.ts'

const maxBody = 4 << 20

/** What a caller asks of an operation, by the headers that count and the body. */
export function parseBody(operation: Operation, event: APIGatewayProxyEvent): Request | Refusal {
  const fault = headerFault(event) ?? queryFault(event)
  if (fault) return fault
  const bytes = bodyBytes(event)
  if (bytes.byteLength > maxBody) return refuse('body_too_large', 'The body has more than 4 MB.')
  const json = parseJson(bytes, operation.maxValues)
  return json instanceof Refusal ? json : operation.parse(json.value)
}

interface Rule {
  readonly header: string
  readonly allowed: RegExp
  readonly otherwise: string
  /** Without it the header may be left out. */
  readonly required?: true
}

/** Each comes once: of two values another reader of the same request might believe the other. */
const rules: readonly Rule[] = [
  {
    header: 'content-type',
    allowed: /^application\/json *(; *charset="?utf-8"? *)?$/i,
    otherwise: 'The content type is application/json, in UTF-8.',
    required: true,
  },
  { header: 'content-encoding', allowed: /^identity$/i, otherwise: 'The body is sent uncompressed.' },
  {
    header: 'anthropic-beta',
    // SDKs send these with ordinary requests; what they stand for is in the request or costs nothing.
    allowed:
      /^((token-counting-2024-11-01|structured-outputs-2025-12-15|fine-grained-tool-streaming-2025-05-14)(, *(?=\w)|$))+$/,
    otherwise: 'Beta features can cost what the request does not show.',
  },
  { header: 'anthropic-version', allowed: /^\d{4}-\d{2}-\d{2}$/, otherwise: 'It is a date: 2023-06-01.' },
]

function headerFault(event: APIGatewayProxyEvent): Refusal | undefined {
  for (const { header, allowed, otherwise, required } of rules) {
    const values = headerValues(event, header)
    const fits = values.length === 0 ? !required : values.length === 1 && allowed.test(values[0] ?? '')
    if (!fits) return refuse('field_not_allowed', `${header}: ${otherwise}`, { field: header })
  }
  return undefined
}

/** What one of them asks for would be dropped in silence. `beta=true` goes with the header, which is judged. */
function queryFault({ queryStringParameters }: APIGatewayProxyEvent): Refusal | undefined {
  const [name] = Object.entries(queryStringParameters ?? {})
    .filter(([name, value]) => name !== 'beta' || value !== 'true')
    .map(([name]) => name.slice(0, 64))
  if (name === undefined) return undefined
  return refuse('field_not_allowed', `${name}: this path takes no query parameters.`, { field: name })
}
