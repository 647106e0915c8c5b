import { type RefusalCode, refusals } from '../domain/refusal.ts'

/** RFC 6749 §5.2 and §4.1.2.1, RFC 8707 §2, RFC 9449 §5 and §8. */
export type OAuthErrorCode =
  | 'invalid_request'
  | 'invalid_client'
  | 'unauthorized_client'
  | 'unsupported_grant_type'
  | 'invalid_scope'
  | 'invalid_target'
  | 'invalid_dpop_proof'
  | 'use_dpop_nonce'
  | 'temporarily_unavailable'
  | 'server_error'

interface Further {
  /** Our own reason, where one of the closed union says it. */
  readonly code?: RefusalCode
  /** Seconds. */
  readonly retryAfter?: number
  /** Where it is not the status of the code. */
  readonly status?: number
}

/** What the token service answers instead of a token: a value, returned and never thrown. */
export class OAuthError {
  readonly error: OAuthErrorCode
  readonly description: string
  readonly code: RefusalCode | undefined
  readonly retryAfter: number | undefined
  readonly status: number

  constructor(error: OAuthErrorCode, description: string, further: Further = {}) {
    this.error = error
    this.description = description.replace(outsideDescription, '?')
    this.code = further.code
    this.retryAfter = further.retryAfter
    this.status = further.status ?? statuses[error] ?? 400
  }

  /** RFC 6749 §5.2, with our code and the next step beside it. */
  get body(): object {
    const { error, description, code } = this
    return {
      error,
      error_description: description,
      ...(code && { sallyport: { code, next: refusals[code].next } }),
    }
  }
}

const statuses: Readonly<Partial<Record<OAuthErrorCode, number>>> = {
  invalid_client: 401,
  server_error: 500,
  temporarily_unavailable: 503,
}

/** RFC 6749 §5.2 admits printable ASCII without `"` and `\`; the names of organisations know no such bounds. */
const outsideDescription = /[^\x20-\x21\x23-\x5b\x5d-\x7e]/g
