/** An OpenID provider of an organisation, in the process: it signs real ID tokens, and can do all of it wrong. */
import { createHash } from 'node:crypto'
import { decodeProtectedHeader, importJWK, jwtVerify } from 'jose'
import type { Provider } from '../../../shared/domain/parties.ts'
import type { PublicJwk } from '../../../shared/ports/keys.ts'
import { joseKey, joseSign } from '../oauth/jose-keys.ts'

export type Fault = 'down' | 'slow' | 'stalls' | 'garbage' | 'huge' | 'redirect' | 'error'

export type FakeProvider = Awaited<ReturnType<typeof fakeProvider>>

interface Pending {
  readonly challenge: string
  readonly nonce: string
  readonly claims: object
}

export async function fakeProvider({
  record,
  relyingParty,
  seconds,
  onHang,
}: {
  readonly record: Provider
  readonly relyingParty: PublicJwk
  readonly seconds: () => number
  readonly onHang: () => void
}) {
  const key = await joseKey()
  const stranger = await joseKey()
  const pending = new Map<string, Pending>()
  const faults = new Map<string, Fault>()
  const asked: string[] = []
  const assertions: { readonly header: object; readonly payload: object }[] = []
  let metadata: object = {}
  let signer = key
  let serial = 0

  async function token(body: URLSearchParams): Promise<Response> {
    const found = pending.get(body.get('code') ?? '')
    const verifier = createHash('sha256')
      .update(body.get('code_verifier') ?? '')
      .digest('base64url')
    if (found === undefined || found.challenge !== verifier) return json({ error: 'invalid_grant' }, 400)
    const assertion = body.get('client_assertion')
    if (assertion !== null) {
      const { payload } = await jwtVerify(assertion, await importJWK({ ...relyingParty }, 'ES256'), {
        audience: record.issuer,
        issuer: record.clientId,
        currentDate: new Date(seconds() * 1000),
      })
      assertions.push({ header: decodeProtectedHeader(assertion), payload })
    }
    const claims = {
      iss: record.issuer,
      sub: 'ada',
      aud: record.clientId,
      iat: seconds(),
      exp: seconds() + 300,
      auth_time: seconds(),
      nonce: found.nonce,
      acr: 'phr',
      ...found.claims,
    }
    const idToken = await joseSign(signer, { typ: 'JWT', kid: key.kid }, claims)
    return json({ access_token: 'at', token_type: 'bearer', id_token: idToken })
  }

  async function serve(path: string, body: URLSearchParams): Promise<Response> {
    if (path === '/.well-known/openid-configuration')
      return json({
        issuer: record.issuer,
        authorization_endpoint: `${record.issuer}/authorize`,
        token_endpoint: `${record.issuer}/token`,
        jwks_uri: `${record.issuer}/jwks`,
        id_token_signing_alg_values_supported: ['ES256'],
        authorization_response_iss_parameter_supported: true,
        ...metadata,
      })
    if (path === '/jwks') return json({ keys: [{ ...key.jwk, kid: key.kid, alg: 'ES256', use: 'sig' }] })
    return path === '/token' ? token(body) : json({}, 404)
  }

  const ask: typeof fetch = async (input, init) => {
    const url = new URL(String(input))
    asked.push(url.pathname)
    if (init?.redirect !== 'manual') throw new Error('redirects are followed')
    const fault = faults.get(url.pathname)
    if (fault === 'slow' || fault === 'stalls') onHang()
    switch (fault) {
      case 'down':
        throw new TypeError('fetch failed')
      case 'slow':
        return new Promise(() => {})
      case 'stalls':
        return new Response(
          new ReadableStream({ start: stream => stream.enqueue(Buffer.from('{"issuer":')) }),
        )
      case 'garbage':
        return new Response('<html>', { headers: { 'content-type': 'application/json' } })
      case 'huge':
        return new Response(endless(), { headers: { 'content-type': 'application/json' } })
      case 'redirect':
        return new Response(null, { status: 302, headers: { location: 'https://evil.example/' } })
      case 'error':
        return json({ error: 'invalid_client' }, 401)
      default:
        return serve(url.pathname, new URLSearchParams(String(init?.body ?? '')))
    }
  }

  return {
    fetch: ask,
    asked,
    assertions,
    /** What a path does from now on. */
    fail: (path: string, fault: Fault) => void faults.set(path, fault),
    heal: () => faults.clear(),
    describe: (change: object) => {
      metadata = change
    },
    /** From now on another key signs, under the same name. */
    signAsStranger: () => {
      signer = stranger
    },
    /** What it sends the browser back with, once somebody has signed in. */
    answer(location: URL, claims: object = {}): { code: string; state: string; iss: string } {
      const sent = location.searchParams
      const code = `code-${++serial}`
      pending.set(code, {
        challenge: sent.get('code_challenge') ?? '',
        nonce: sent.get('nonce') ?? '',
        claims,
      })
      return { code, state: sent.get('state') ?? '', iss: record.issuer }
    },
  }
}

const json = (body: object, status = 200): Response =>
  new Response(JSON.stringify(body), { status, headers: { 'content-type': 'application/json' } })

const endless = (): ReadableStream =>
  new ReadableStream({ pull: stream => stream.enqueue(Buffer.alloc(64 << 10, ' ')) })
