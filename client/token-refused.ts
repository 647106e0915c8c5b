import { at, readJson, textAt } from './json.ts'

interface TokenRefusal {
  readonly status: number
  /** OAuth's error code (RFC 6749 §5.2, RFC 8707 §2, RFC 9449 §5). */
  readonly error: string
  /** Sallyport's own code where the answer names one, else OAuth's. */
  readonly code: string
  readonly description: string
  /** What can be done now. */
  readonly next?: string | undefined
  readonly requestId?: string | undefined
  /** Seconds, as the header says it. */
  readonly retryAfter?: string | undefined
  /** What it rests on, as the service tells it: the version of the approval rules, a clause and its agreement. */
  readonly grounds?: Readonly<Record<string, unknown>>
}

/** The authorization server gave no token. */
export class TokenRefused extends Error implements TokenRefusal {
  override readonly name = 'TokenRefused'
  readonly status: number
  readonly error: string
  readonly code: string
  readonly description: string
  readonly next: string | undefined
  readonly requestId: string | undefined
  readonly retryAfter: string | undefined
  readonly grounds: Readonly<Record<string, unknown>>

  constructor(refusal: TokenRefusal) {
    super(refusal.description)
    this.status = refusal.status
    this.error = refusal.error
    this.code = refusal.code
    this.description = refusal.description
    this.next = refusal.next
    this.requestId = refusal.requestId
    this.retryAfter = refusal.retryAfter
    this.grounds = refusal.grounds ?? {}
  }
}

export async function readTokenRefusal(response: Response): Promise<TokenRefused> {
  const body = await readJson(response)
  const error = textAt(body, 'error') ?? 'server_error'
  return new TokenRefused({
    status: response.status,
    error,
    code: textAt(body, 'sallyport', 'code') ?? error,
    description: textAt(body, 'error_description') ?? `The authorization server answered ${response.status}.`,
    next: textAt(body, 'sallyport', 'next'),
    requestId: response.headers.get('x-request-id') ?? undefined,
    retryAfter: response.headers.get('retry-after') ?? undefined,
    grounds: groundsOf(body),
  })
}

const groundsOf = (body: unknown) =>
  Object.fromEntries(
    ['clause', 'agreement', 'rules']
      .map((name): [string, unknown] => [name, at(body, 'sallyport', name)])
      .filter(([, told]) => told !== undefined),
  )

/**
 * The refusal as the gate would have said it, in one body that the errors of both providers' SDKs are made
 * of. The request was authenticated badly (401), may not be made (403), or was made too early (429, 5xx).
 */
export function refusalResponse(refused: TokenRefused): Response {
  const { error, code, description, next, requestId, retryAfter, grounds } = refused
  const status = answerStatus(refused)
  const headers = new Headers({ 'content-type': 'application/json' })
  if (status < 429) headers.set('x-should-retry', 'false')
  if (retryAfter !== undefined) headers.set('retry-after', retryAfter)
  // OpenAI's SDK reads the one header, Anthropic's the other.
  if (requestId !== undefined) for (const name of ['x-request-id', 'request-id']) headers.set(name, requestId)
  const body = {
    type: 'error',
    error: {
      type: errorType(status),
      message: next === undefined ? description : `${description} ${next}`,
      code,
      param: null,
      sallyport: { code, next, oauth: error, ...grounds },
    },
    request_id: requestId ?? null,
  }
  return new Response(JSON.stringify(body), { status, headers })
}

/**
 * The refusal in problem details (RFC 9457), as the API would have said it. An ended session is a 401, a person who may
 * not act a 403: OAuth has one error for both.
 */
export function problemResponse(refused: TokenRefused): Response {
  const { error, description, next, requestId, retryAfter } = refused
  const code = refused.code === 'invalid_grant' ? 'session_ended' : refused.code
  const status = error === 'invalid_grant' && code === 'session_ended' ? 401 : answerStatus(refused)
  const headers = new Headers({ 'content-type': 'application/problem+json' })
  if (retryAfter !== undefined) headers.set('retry-after', retryAfter)
  if (requestId !== undefined) headers.set('x-request-id', requestId)
  const { rules } = refused.grounds
  const body = { type: 'about:blank', title: description, status, code, next, request_id: requestId, rules }
  return new Response(JSON.stringify(body), { status, headers })
}

function answerStatus({ status }: TokenRefused): number {
  return status === 401 || status === 429 || status >= 500 ? status : 403
}

function errorType(status: number): string {
  if (status === 401) return 'authentication_error'
  if (status === 403) return 'permission_error'
  return status === 429 ? 'rate_limit_error' : 'api_error'
}
