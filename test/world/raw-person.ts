/** A person's requests made by hand with `jose`: every part of them can be wrong, which the product's client does not allow. */
import { createHash, randomUUID, type webcrypto } from 'node:crypto'
import { decodeJwt, exportJWK, SignJWT } from 'jose'
import type { PersonSession } from '../../client/session.ts'

export interface RawPerson {
  readonly token: string
  readonly claims: Readonly<Record<string, unknown>>
  call(method: string, path: string, options?: RawCall): Promise<Response>
}

export interface RawCall {
  readonly token?: string
  /** With another key than the session's. */
  readonly key?: webcrypto.CryptoKeyPair
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
}

/** With the token that came with the sign-in. `path` is below the issuer. */
export function rawPerson({ issuer, proofKey, first }: PersonSession): RawPerson {
  const own = first?.accessToken
  if (own === undefined) throw new Error('a sign-in comes with a token')
  let nonce: string | undefined
  const send = async (method: string, path: string, options: RawCall): Promise<Response> => {
    const { token = own, key = proofKey, body, headers } = options
    const ath = createHash('sha256').update(token).digest('base64url')
    const proof = await new SignJWT({
      htm: method,
      htu: issuer + path.split('?')[0],
      ath,
      jti: randomUUID(),
      ...(nonce !== undefined && { nonce }),
    })
      .setProtectedHeader({ alg: 'ES256', typ: 'dpop+jwt', jwk: await exportJWK(key.publicKey) })
      .setIssuedAt()
      .sign(key.privateKey)
    const response = await fetch(issuer + path, {
      method,
      headers: {
        authorization: `DPoP ${token}`,
        dpop: proof,
        'content-type': 'application/json',
        ...headers,
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    })
    nonce = response.headers.get('dpop-nonce') ?? nonce
    return response
  }
  return {
    token: own,
    claims: decodeJwt(own),
    async call(method, path, options = {}) {
      if (nonce === undefined) await send('GET', '/api/v1/me', {})
      return send(method, path, options)
    },
  }
}
