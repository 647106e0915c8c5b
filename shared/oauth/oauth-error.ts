import { type Grounds, grounded, type InForce, type RefusalCode, refusals } from '../domain/refusal.ts'

/** RFC 6749 §5.2 and §4.1.2.1, RFC 8707 §2, RFC 9449 §5 and §8. */
export type OAuthErrorCode =
  | 'invalid_request'
  | 'invalid_client'
  | 'unauthorized_client'
  | 'invalid_grant'
  | 'unsupported_grant_type'
  | 'unsupported_response_type'
  | 'access_denied'
  | 'invalid_scope'
  | 'invalid_target'
  | 'invalid_dpop_proof'
  | 'use_dpop_nonce'
  | 'temporarily_unavailable'
  | 'server_error'

interface Further {
  /** Our own reason, where one of the closed union says it. */
  readonly code?: RefusalCode
  /** What can be done now, where it is more exact than what is said of the code. */
  readonly next?: string | undefined
  /** Seconds. */
  readonly retryAfter?: number
  /** Where it is not the status of the code. */
  readonly status?: number
  readonly grounds?: Grounds
}

/** What the token service answers instead of a token: a value, returned and never thrown. */
export class OAuthError {
  readonly error: OAuthErrorCode
  readonly description: string
  readonly code: RefusalCode | undefined
  readonly next: string
  readonly retryAfter: number | undefined
  readonly status: number
  readonly grounds: Grounds

  constructor(error: OAuthErrorCode, description: string, further: Further = {}) {
    this.error = error
    this.description = description.slice(0, maxDescription).replace(outsideDescription, '?')
    this.code = further.code
    this.next = further.next ?? (further.code ? refusals[further.code].next : nextSteps[error])
    this.retryAfter = further.retryAfter
    this.status = further.status ?? statuses[error] ?? 400
    this.grounds = further.grounds ?? {}
  }

  /** The same, with what was in force when it was made. */
  under(inForce: InForce): OAuthError {
    const { error, description, code, next, retryAfter, status } = this
    return new OAuthError(error, description, {
      status,
      next,
      ...(code && { code }),
      ...(retryAfter !== undefined && { retryAfter }),
      grounds: grounded(this.grounds, inForce),
    })
  }

  /** RFC 6749 §5.2, with our code, where there is one, the next step, and what it rests on beside it. */
  get body(): object {
    const { error, description, code, next, grounds } = this
    const sallyport = { code: code ?? error, next, ...grounds }
    return { error, error_description: description, sallyport }
  }
}

const nextSteps: Readonly<Record<OAuthErrorCode, string>> = {
  invalid_request: 'Correct what the description names and send the request again.',
  invalid_client: 'Check the client id, the registered key and its kid, the issuer and the clock.',
  unauthorized_client: 'Ask the partner-admin of your organisation.',
  invalid_grant: 'Sign in again: sallyport auth login',
  unsupported_grant_type: 'Workloads use client_credentials.',
  unsupported_response_type: 'Ask for a code.',
  access_denied: 'Do what the description says, or ask the administrator of your organisation.',
  invalid_scope: 'Ask for scopes of the list, separated by one space, or leave scope out.',
  invalid_target: 'See the models you may use: sallyport model list',
  invalid_dpop_proof: 'Make a fresh proof for this method and URL (RFC 9449).',
  use_dpop_nonce: 'Put the nonce of the DPoP-Nonce header into a fresh proof and send the request again.',
  temporarily_unavailable: 'Send the request again after Retry-After.',
  server_error: 'Send the request again; the log names it by its x-request-id.',
}

const statuses: Readonly<Partial<Record<OAuthErrorCode, number>>> = {
  invalid_client: 401,
  server_error: 500,
  temporarily_unavailable: 503,
}

/** A description can name what a caller sent; it also stands in the entry. */
const maxDescription = 300

/** RFC 6749 §5.2 admits printable ASCII without `"` and `\`; the names of organisations know no such bounds. */
const outsideDescription = /[^\x20-\x21\x23-\x5b\x5d-\x7e]/g
