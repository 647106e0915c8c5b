/**
 * A malformed request as it is kept: its exact bytes, one character each (latin1), with placeholders for what
 * changes from run to run. `{{token}}`, `{{api_token}}`, `{{proof}}` and `{{assertion}}` are credentials,
 * `{{length}}` the bytes of the body, `<<a*9>>` nine times an `a`.
 */
export interface Malformed {
  readonly name: string
  readonly part: Part
  readonly request: string
  /** The status of each answer in turn; none where the connection is closed without a word. */
  readonly statuses: readonly number[]
  /** One of these is in the body of the last answer. */
  readonly codes: readonly string[]
  /** The caller proves who it is, so the refusal has an entry. */
  readonly authenticated: boolean
  readonly token?: Mangling
  readonly proof?: Mangling
  readonly assertion?: Mangling
}

export type Part =
  | 'http'
  | 'headers'
  | 'json'
  | 'chat'
  | 'messages'
  | 'responses'
  | 'embeddings'
  | 'count_tokens'
  | 'proof'
  | 'token'
  | 'assertion'
  | 'form'
  | 'api'

/** How a well-formed JWT is changed, and then signed; an access token keeps the signature it had. */
export interface Mangling {
  readonly header?: Readonly<Record<string, unknown>>
  readonly claims?: Readonly<Record<string, unknown>>
  /** Header parameters and claims to leave out. */
  readonly without?: readonly string[]
  /** Claims that are so many seconds from now. */
  readonly fromNow?: Readonly<Record<string, number>>
  /** JSON text instead of the header or the payload. */
  readonly rawHeader?: string
  readonly rawPayload?: string
  /** The text of it, from its three parts: `{h}.{p}.{s}`. */
  readonly as?: string
}

export const paths = {
  chat: '/openai/v1/chat/completions',
  responses: '/openai/v1/responses',
  embeddings: '/openai/v1/embeddings',
  messages: '/anthropic/v1/messages',
  count_tokens: '/anthropic/v1/messages/count_tokens',
} as const

export type OperationPart = keyof typeof paths

type Case = Partial<Pick<Malformed, 'statuses' | 'codes' | 'authenticated' | 'token' | 'proof' | 'assertion'>>

/**
 * An authenticated request to one of the gate's operations, refused for its body or its headers. The lines
 * replace the usual `Content-Type`.
 */
export function call(
  part: Part,
  name: string,
  body: string | Uint8Array,
  options: Case & {
    readonly path?: string
    readonly query?: string
    readonly lines?: readonly string[]
  } = {},
): Malformed {
  const { path = paths.chat, query, lines = ['Content-Type: application/json'], ...rest } = options
  const target = query === undefined ? path : `${path}?${query}`
  return {
    name,
    part,
    request: post(target, ['Authorization: DPoP {{token}}', 'DPoP: {{proof}}', ...lines], body),
    statuses: [400],
    codes: ['body_malformed', 'field_not_allowed'],
    authenticated: true,
    ...rest,
  }
}

export const post = (path: string, lines: readonly string[], body: string | Uint8Array): string =>
  `${[`POST ${path} HTTP/1.1`, 'Host: x', 'Connection: close', ...lines, 'Content-Length: {{length}}'].join(
    '\r\n',
  )}\r\n\r\n${Buffer.from(body as string).toString('latin1')}`
