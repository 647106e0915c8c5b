import * as oauth from 'oauth4webapi'
import type { PrivateJwk } from './client-key.ts'
import { createHttp, discover } from './discovery.ts'
import { readIssuer } from './issuer.ts'
import { readTokenRefusal } from './token-refused.ts'

/** The public clients that people sign in through. */
export type App = 'sallyport-cli' | 'sallyport-console'

/** A person who is signed in. Whoever has the refresh token and the key is that person. */
export interface PersonSession {
  readonly issuer: string
  readonly app: App
  /** The same for the whole session: several tabs use it at once. */
  readonly refreshToken: string
  /** What all tokens of the session are bound to. */
  readonly proofKey: oauth.CryptoKeyPair
  /** A token that it has already: the one that came with the sign-in, or was kept since. */
  readonly first?: AccessToken
}

/** Bound to the key of its session; milliseconds since 1970. */
export interface AccessToken {
  readonly accessToken: string
  readonly endsAt: number
}

/** Where the newest token of a session is kept, for whoever goes on with it later. Neither rejects. */
export interface TokenKeeper {
  keep(token: AccessToken): Promise<void>
  /** The gateway takes it no more. */
  forget(): Promise<void>
}

/** Ends the session at the gateway, and with it all its tokens (RFC 7009). Throws `TokenRefused`, `DiscoveryFailed`, and as
 * `fetch` does. */
export async function endSession(
  { issuer: href, app, refreshToken }: PersonSession,
  fetch: typeof globalThis.fetch = globalThis.fetch,
): Promise<void> {
  const issuer = readIssuer(href)
  const http = createHttp(issuer, (input, init) => fetch(input, init))
  const server = await discover(issuer, http)
  const response = await oauth.revocationRequest(server, { client_id: app }, oauth.None(), refreshToken, http)
  if (response.status !== 200) throw await readTokenRefusal(response)
}

/** As JSON: a secret, for a file that only its owner may read. */
export interface WrittenSession {
  readonly issuer: string
  readonly app: App
  readonly refresh_token: string
  readonly key: PrivateJwk
}

/** Throws where the key cannot be exported: such a session ends with its process. */
export async function writeSession(session: PersonSession): Promise<WrittenSession> {
  const {
    kty = '',
    crv = '',
    x = '',
    y,
    d = '',
  } = await crypto.subtle.exportKey('jwk', session.proofKey.privateKey)
  return {
    issuer: session.issuer,
    app: session.app,
    refresh_token: session.refreshToken,
    key: { kty, crv, x, ...(y !== undefined && { y }), d },
  }
}

/** Throws a `TypeError` that tells nothing of the key where it is none. It can be exported no more. */
export async function readSession(written: WrittenSession): Promise<PersonSession> {
  const { issuer, app, refresh_token: refreshToken, key } = written
  return { issuer, app, refreshToken, proofKey: await readProofKey(key) }
}

async function readProofKey({ kty, crv, x, y, d }: PrivateJwk): Promise<oauth.CryptoKeyPair> {
  const jwk = { kty, crv, x, ...(y !== undefined && { y }) }
  const algorithm = crv === 'Ed25519' ? { name: crv } : { name: 'ECDSA', namedCurve: 'P-256' }
  try {
    return {
      privateKey: await crypto.subtle.importKey('jwk', { ...jwk, d }, algorithm, false, ['sign']),
      publicKey: await crypto.subtle.importKey('jwk', jwk, algorithm, true, ['verify']),
    }
  } catch {
    throw new TypeError('The key of the session is no private JWK of P-256 or Ed25519.')
  }
}
