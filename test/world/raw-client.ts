/**
 * A client made by hand with `jose`, an independent judge: every header and claim can be set, left out or
 * made wrong, which the product's own client does not allow.
 */
import { createHash, randomUUID, type webcrypto } from 'node:crypto'
import { calculateJwkThumbprint, exportJWK, generateKeyPair, importJWK, type JWK, SignJWT } from 'jose'

type Fields = Readonly<Record<string, unknown>>

export interface Attempt {
  /** Set in the payload; `undefined` removes a claim. */
  readonly claims?: Fields
  readonly header?: Fields
}

const assertionType = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'

export function rawClient(
  issuer: string,
  partner: { readonly client_id: string; readonly kid: string; readonly key: object; readonly model: string },
) {
  const keyPair = generateKeyPair('ES256', { extractable: true })
  const clientKey = importJWK(partner.key as JWK, 'ES256')
  const seconds = (): number => Math.floor(Date.now() / 1000)
  let nonce: string | undefined

  async function sign(key: webcrypto.CryptoKey, header: Fields, claims: Fields): Promise<string> {
    const kept = Object.fromEntries(Object.entries(claims).filter(([, value]) => value !== undefined))
    const protectedHeader = Object.fromEntries(
      Object.entries(header).filter(([, value]) => value !== undefined),
    )
    return new SignJWT(kept).setProtectedHeader(protectedHeader as { alg: string }).sign(key)
  }

  const client = {
    get nonce(): string | undefined {
      return nonce
    },
    publicJwk: async (): Promise<JWK> => exportJWK((await keyPair).publicKey),
    thumbprint: async (): Promise<string> => calculateJwkThumbprint(await client.publicJwk()),

    async assertion({ claims, header }: Attempt = {}): Promise<string> {
      const now = seconds()
      const { client_id, kid } = partner
      return sign(
        (await clientKey) as webcrypto.CryptoKey,
        { alg: 'ES256', kid, ...header },
        {
          iss: client_id,
          sub: client_id,
          aud: issuer,
          iat: now,
          exp: now + 60,
          jti: randomUUID(),
          ...claims,
        },
      )
    },

    async proof(
      method: string,
      path: string,
      { claims, header }: Attempt = {},
      token?: string,
    ): Promise<string> {
      const ath = token && createHash('sha256').update(token).digest('base64url')
      return sign(
        (await keyPair).privateKey,
        { alg: 'ES256', typ: 'dpop+jwt', jwk: await client.publicJwk(), ...header },
        { htm: method, htu: issuer + path, iat: seconds(), jti: randomUUID(), nonce, ath, ...claims },
      )
    },

    async post(path: string, form: Readonly<Record<string, string>>, headers: Record<string, string> = {}) {
      const response = await fetch(issuer + path, {
        method: 'POST',
        body: new URLSearchParams(form),
        headers,
      })
      nonce = response.headers.get('dpop-nonce') ?? nonce
      return response
    },

    /** A token request whose parts can be replaced. */
    async tokenRequest(parts: { form?: Record<string, string>; assertion?: string; proof?: string } = {}) {
      if (nonce === undefined && parts.proof === undefined) await client.challenge()
      const form = {
        grant_type: 'client_credentials',
        client_assertion_type: assertionType,
        client_assertion: parts.assertion ?? (await client.assertion()),
        ...parts.form,
      }
      return client.post('/oauth/token', form, {
        dpop: parts.proof ?? (await client.proof('POST', '/oauth/token')),
      })
    },

    /** Fetches a first nonce. */
    async challenge(): Promise<void> {
      const proof = await client.proof('POST', '/oauth/token', { claims: { nonce: undefined } })
      await client.tokenRequest({ proof })
    },

    async token(form: Record<string, string> = {}): Promise<string> {
      const response = await client.tokenRequest({ form })
      const body = (await response.json()) as { access_token?: string }
      if (body.access_token === undefined) throw new Error(`no token: ${JSON.stringify(body)}`)
      return body.access_token
    },

    /** A request to a protected resource, with the token as DPoP asks for it unless headers say otherwise. */
    async call(
      method: string,
      path: string,
      options: {
        token?: string
        proof?: string
        body?: unknown
        headers?: Record<string, string>
        signal?: AbortSignal
      } = {},
    ): Promise<Response> {
      const token = options.token ?? (await client.token())
      const bare = path.split('?')[0] ?? path
      const proof = options.proof ?? (await client.proof(method, bare, {}, token))
      const body = typeof options.body === 'string' ? options.body : JSON.stringify(options.body)
      const response = await fetch(issuer + path, {
        method,
        headers: {
          authorization: `DPoP ${token}`,
          dpop: proof,
          ...(options.body !== undefined && { 'content-type': 'application/json' }),
          ...options.headers,
        },
        ...(options.body !== undefined && { body }),
        ...(options.signal && { signal: options.signal }),
      })
      nonce = response.headers.get('dpop-nonce') ?? nonce
      return response
    },

    chat: (body: object = {}, options: { token?: string; signal?: AbortSignal } = {}): Promise<Response> =>
      client.call('POST', '/openai/v1/chat/completions', { ...options, body: { ...chatBody, ...body } }),

    messages: (
      body: object = {},
      options: { token?: string; signal?: AbortSignal } = {},
    ): Promise<Response> =>
      client.call('POST', '/anthropic/v1/messages', { ...options, body: { ...chatBody, ...body } }),
  }
  return client
}

/** Serves both protocols. */
export const chatBody = {
  model: 'aurora-preview',
  max_tokens: 20,
  messages: [{ role: 'user', content: 'Say something short.' }],
}
