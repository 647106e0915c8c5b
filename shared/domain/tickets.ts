/** What is good once and for minutes: each is kept under the hash of a secret, and `exp` is in seconds. */
import type { App } from './parties.ts'

/** A person on the way to their provider and back. */
export interface SignIn {
  readonly exp: number
  readonly app: App
  readonly organisation: string
  readonly redirectUri: string
  /** The app's own `state`, given back to it. */
  readonly state?: string
  /** RFC 7636, S256. */
  readonly codeChallenge: string
  /** RFC 9449 §10. */
  readonly dpopJkt: string
  /** Seconds; the provider is asked to authenticate anew where the last time is longer ago. */
  readonly maxAge?: number
  /** SHA-256 of the cookie of the browser that acknowledged the notice, base64url. */
  readonly browser: string
  /** Where the provider sends the browser back to: an answer that comes elsewhere is not to this. */
  readonly callback: string
  /** Towards the provider. */
  readonly nonce: string
  readonly codeVerifier: string
  /** SHA-256 of the use notice that was acknowledged, base64url. */
  readonly notice: string
}

/** Waits to be exchanged for a session (RFC 6749 §4.1.2). */
export interface AuthorizationCode {
  readonly exp: number
  /** `sessionsFrom` of the organisation as its provider was chosen; absent: it had none. */
  readonly sessionsFrom?: number
  readonly app: App
  readonly redirectUri: string
  readonly codeChallenge: string
  readonly dpopJkt: string
  readonly person: string
  readonly organisation: string
  /** Milliseconds. */
  readonly authTime: number
  readonly acr?: string
  readonly notice: string
  /** The session that it was exchanged for: a second use ends that (RFC 6749 §4.1.2). */
  readonly session?: string
}

/** Lets a machine register the public half of a key that it has made. */
export interface Ticket {
  readonly exp: number
  readonly organisation: string
  /** Who made it. */
  readonly person: string
  readonly for:
    | {
        readonly kind: 'enrol'
        readonly name: string
        readonly client: 'workload' | 'agent'
        readonly operator?: string
        /** The person who answers for a contractor's. */
        readonly sponsor?: string
        /** Of the client, milliseconds. */
        readonly expiresAt: number
      }
    | { readonly kind: 'rotate'; readonly client: string; readonly overlapMs: number }
  /** The client that it was used for. */
  readonly used?: string
}

/** Seconds. */
export const ticketLifetimes = { signIn: 600, code: 60, enrolment: 900 } as const
