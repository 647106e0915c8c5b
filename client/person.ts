import * as oauth from 'oauth4webapi'
import { countersignatureType } from '../shared/bundle/countersignature.ts'
import { signCompactJws } from './compact-jws.ts'
import { createHttp, discover } from './discovery.ts'
import { apiResource, readIssuer } from './issuer.ts'
import { readJson, textAt } from './json.ts'
import { once } from './once.ts'
import { createProver } from './prover.ts'
import { endSession, type PersonSession, type TokenKeeper } from './session.ts'
import { createSignedFetch } from './signed-fetch.ts'
import { createTokenCache } from './token-cache.ts'
import { problemResponse, TokenRefused } from './token-refused.ts'
import { boundToken, requestToken, type TokenResponse, tokenEndpoint } from './token-request.ts'

export interface PersonGatewayOptions {
  /** Of the gateway; it must be the session's. */
  readonly issuer: string
  readonly session: PersonSession
  /** Without one a token ends with this object. */
  readonly keeper?: TokenKeeper | undefined
  readonly fetch?: typeof globalThis.fetch | undefined
}

/** What the API said; `body` is `undefined` where that is no JSON. */
export interface Answer {
  readonly status: number
  readonly body: unknown
  readonly headers: Headers
}

export interface CallOptions {
  /** The version of the record that the change was decided on. */
  readonly ifMatch?: string | number | undefined
  /** Of a request that creates: the same key makes it once. Random unless given. */
  readonly idempotencyKey?: string | undefined
  readonly headers?: Readonly<Record<string, string>> | undefined
  readonly signal?: AbortSignal | undefined
}

export interface PersonGateway {
  /** Without a slash at its end. */
  readonly issuer: string
  /**
   * Signs for the API of the gateway's own origin; rejects with a `TypeError` for anything else before it is sent.
   * Where the session gives no token it resolves with problem details, as the API would: 401 when it has ended.
   */
  readonly fetch: typeof globalThis.fetch
  /** `path` is that below `/api/v1`, and begins with a slash. They resolve whatever the API says; else as `fetch`. */
  get(path: string, options?: CallOptions): Promise<Answer>
  post(path: string, body?: unknown, options?: CallOptions): Promise<Answer>
  patch(path: string, body?: unknown, options?: CallOptions): Promise<Answer>
  delete(path: string, options?: CallOptions): Promise<Answer>
  /**
   * Signs, with the key of the session, the `statement` of an export: that the copy is the person's. It is for
   * `POST /exports/{export}/countersignature`, and without it nobody is given the file. Nothing is sent.
   */
  countersign(statement: string): Promise<string>
  /** Ends the session. Throws `TokenRefused`, `DiscoveryFailed`. */
  end(): Promise<void>
}

/** Throws a `TypeError` for an issuer that cannot be used, or is another than the session's; nothing is sent yet. */
export function createPersonGateway(options: PersonGatewayOptions): PersonGateway {
  const { session, keeper, fetch = (input, init) => globalThis.fetch(input, init) } = options
  const issuer = readIssuer(options.issuer)
  if (issuer.href !== readIssuer(session.issuer).href)
    throw new TypeError(`The session is of ${session.issuer}, not of ${issuer.href}.`)
  const http = createHttp(issuer, fetch)
  const discovery = once(() => discover(issuer, http))
  const client: oauth.Client = { client_id: session.app }
  const prover = createProver(session.proofKey)
  const api = apiResource(issuer.href)

  async function refresh(): Promise<TokenResponse> {
    const server = await discovery()
    const askedAt = Date.now()
    const response = await requestToken(prover, tokenEndpoint(server, issuer), headers =>
      oauth.refreshTokenGrantRequest(server, client, oauth.None(), session.refreshToken, {
        ...http,
        headers,
        additionalParameters: { resource: api },
      }),
    )
    const token = boundToken(await oauth.processRefreshTokenResponse(server, client, response))
    await keeper?.keep({ accessToken: token.access_token, endsAt: askedAt + token.expires_in * 1000 })
    return token
  }

  let first = session.first
  const tokens = createTokenCache(
    async () => {
      const kept = first
      first = undefined
      const left = kept === undefined ? 0 : (kept.endsAt - Date.now()) / 1000
      return kept && left > 0
        ? { access_token: kept.accessToken, token_type: 'DPoP', expires_in: left }
        : refresh()
    },
    () => Date.now(),
  )
  const signed = createSignedFetch({
    issuer,
    tokens: { parts: ['api'], get: () => tokens.get(api), drop: tokens.drop },
    prover,
    fetch,
  })
  const send: typeof globalThis.fetch = async (input, init) => {
    const response = await signed(input, init).catch((error: unknown) => {
      if (error instanceof TokenRefused) return problemResponse(error)
      throw error
    })
    if (keeper && response.status === 401 && (await isOfToken(response))) await keeper.forget()
    return response
  }

  async function call(
    method: string,
    path: string,
    body: unknown,
    options: CallOptions = {},
  ): Promise<Answer> {
    const headers = new Headers({ accept: 'application/json', ...options.headers })
    if (body !== undefined) headers.set('content-type', 'application/json')
    if (options.ifMatch !== undefined) headers.set('if-match', entityTag(options.ifMatch))
    if (method === 'POST') headers.set('idempotency-key', options.idempotencyKey ?? crypto.randomUUID())
    const response = await send(`${api}/v1${path}`, {
      method,
      headers,
      ...(body !== undefined && { body: JSON.stringify(body) }),
      ...(options.signal && { signal: options.signal }),
    })
    return { status: response.status, body: await readJson(response), headers: response.headers }
  }

  return {
    issuer: issuer.href,
    fetch: send,
    get: (path, options) => call('GET', path, undefined, options),
    post: (path, body, options) => call('POST', path, body, options),
    patch: (path, body, options) => call('PATCH', path, body, options),
    delete: (path, options) => call('DELETE', path, undefined, options),
    countersign: statement => countersign(session, statement),
    end: () => endSession(session, fetch),
  }
}

/** With the key itself, since the log tells its thumbprint alone. */
async function countersign(
  { proofKey: { privateKey, publicKey } }: PersonSession,
  statement: string,
): Promise<string> {
  const { kty, crv, x, y } = await crypto.subtle.exportKey('jwk', publicKey)
  const jwk = { kty, crv, x, ...(y !== undefined && { y }) }
  return signCompactJws(privateKey, { typ: countersignatureType, jwk }, new TextEncoder().encode(statement))
}

/** Refusals of a request with 401 that say nothing against its token. */
const besideToken: readonly (string | undefined)[] = ['nonce_required', 'fresh_sign_in_required']

const isOfToken = async (response: Response): Promise<boolean> =>
  !besideToken.includes(textAt(await readJson(response.clone()), 'code'))

/** RFC 9110 §8.8.3: quoted. A number is a record's `rev`; what is quoted already, or `*`, stays as it is. */
const entityTag = (value: string | number): string =>
  typeof value === 'string' && /^(\*|(W\/)?".*")$/.test(value) ? value : `"${value}"`
