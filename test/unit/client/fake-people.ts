/** The side of the fake gateway that people sign in at: strict about what a client must send, and free with sessions. */
import { createHash, randomUUID } from 'node:crypto'
import type { JWTPayload } from 'jose'
import type { Answer } from './fake-gateway.ts'

interface Code {
  readonly query: URLSearchParams
  readonly used: boolean
}

interface Session {
  readonly jkt: string
  readonly app: string
  state: 'active' | 'ended'
}

export class FakePeople {
  /** `iss` of the authorization response, in place of the issuer's own; empty leaves it out. */
  iss: string | undefined
  /** In place of a code. */
  error: string | undefined
  /** Seconds that a person's token lives. */
  expiresIn = 900
  readonly authorized: URLSearchParams[] = []
  /** The forms of refreshes that got a token. */
  readonly refreshed: URLSearchParams[] = []
  readonly sessions = new Map<string, Session>()
  readonly #codes = new Map<string, Code>()
  readonly #issuer: () => string
  readonly #sign: (claims: JWTPayload) => Promise<string>

  constructor(issuer: () => string, sign: (claims: JWTPayload) => Promise<string>) {
    this.#issuer = issuer
    this.#sign = sign
  }

  /** Sends the browser straight back to the application. */
  authorize(query: URLSearchParams): Answer {
    for (const name of ['client_id', 'redirect_uri', 'state', 'code_challenge', 'dpop_jkt'])
      if (!query.get(name)) throw new Error(name)
    if (query.get('response_type') !== 'code' || query.get('code_challenge_method') !== 'S256')
      throw new Error('flow')
    if (query.get('resource') !== `${this.#issuer()}/api`) throw new Error('resource')
    this.authorized.push(query)
    const back = new URL(query.get('redirect_uri') ?? '')
    back.searchParams.set('state', query.get('state') ?? '')
    if (this.iss !== '') back.searchParams.set('iss', this.iss ?? this.#issuer())
    if (this.error) {
      back.searchParams.set('error', this.error)
      back.searchParams.set('error_description', 'Your sign-in could be phished.')
    } else {
      const code = randomUUID()
      this.#codes.set(code, { query, used: false })
      back.searchParams.set('code', code)
    }
    return { status: 303, headers: { location: back.href }, body: {} }
  }

  /** `undefined` for a grant that is no person's. */
  async token(form: URLSearchParams, jkt: string): Promise<Answer | undefined> {
    if (form.has('client_assertion')) return undefined
    if (form.get('grant_type') === 'authorization_code') return this.#exchange(form, jkt)
    if (form.get('grant_type') === 'refresh_token') return this.#refresh(form, jkt)
    return undefined
  }

  /** Whether the session with this key was ended. */
  hasEnded(jkt: string): boolean {
    return [...this.sessions.values()].some(one => one.jkt === jkt && one.state === 'ended')
  }

  /** Whether it was a refresh token. */
  revoke(form: URLSearchParams): boolean {
    const session = this.sessions.get(form.get('token') ?? '')
    if (session?.app !== form.get('client_id')) return false
    if (session) session.state = 'ended'
    return session !== undefined
  }

  async #exchange(form: URLSearchParams, jkt: string): Promise<Answer> {
    const code = this.#codes.get(form.get('code') ?? '')
    if (code === undefined || code.used) return denied('code')
    this.#codes.set(form.get('code') ?? '', { ...code, used: true })
    const challenge = createHash('sha256')
      .update(form.get('code_verifier') ?? '')
      .digest('base64url')
    if (code.query.get('code_challenge') !== challenge) return denied('code_verifier')
    if (code.query.get('dpop_jkt') !== jkt) return denied('dpop_jkt')
    for (const name of ['client_id', 'redirect_uri'])
      if (code.query.get(name) !== form.get(name)) return denied(name)
    const refreshToken = `rt_${randomUUID()}`
    this.sessions.set(refreshToken, { jkt, app: form.get('client_id') ?? '', state: 'active' })
    return this.#issue(jkt, { refresh_token: refreshToken })
  }

  async #refresh(form: URLSearchParams, jkt: string): Promise<Answer> {
    const session = this.sessions.get(form.get('refresh_token') ?? '')
    if (session?.state !== 'active') return denied('the session has ended', 'session_ended')
    if (session.jkt !== jkt || session.app !== form.get('client_id')) return denied('key')
    this.refreshed.push(form)
    return this.#issue(jkt, {})
  }

  async #issue(jkt: string, more: object): Promise<Answer> {
    const claims = {
      sub: 'person_1',
      organisation: 'halcyon',
      session: 'session_1',
      auth_time: Math.floor(Date.now() / 1000),
      aud: `${this.#issuer()}/api`,
      cnf: { jkt },
    }
    const token = await this.#sign(claims)
    return { body: { access_token: token, token_type: 'DPoP', expires_in: this.expiresIn, ...more } }
  }
}

const denied = (description: string, code?: string): Answer => ({
  status: 400,
  body: {
    error: 'invalid_grant',
    error_description: description,
    ...(code && { sallyport: { code, next: 'Sign in again.' } }),
  },
})
