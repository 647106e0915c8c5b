/** A client of the token service and the resources whose every header, claim and parameter can be wrong. */
import { createHash, createPrivateKey, type KeyObject, randomUUID } from 'node:crypto'
import type { Partner } from '../world/world.ts'
import { compactJws, ecKeys, type Fields, publicJwk } from './jws.ts'

/** What differs from a good JWS; `undefined` leaves a member out. */
export interface Parts {
  readonly header?: Fields
  readonly claims?: Fields
  readonly key?: KeyObject
}

export type Form = Readonly<Record<string, string | undefined>>

export type ProtocolClient = Awaited<ReturnType<typeof openClient>>

export const seconds = (): number => Math.floor(Date.now() / 1000)

/** It has a nonce. `origin` is where the issuer listens, if it stands behind another address. */
export async function openClient(issuer: string, partner: Partner, origin = issuer) {
  const { client_id: id, kid } = partner
  const clientKey = createPrivateKey({ format: 'jwk', key: { ...partner.key } })
  const proofKeys = ecKeys()
  let nonce: string | undefined

  const client = {
    id,
    clientKey,
    proofJwk: publicJwk(proofKeys.publicKey),

    assertion: ({ header, claims, key = clientKey }: Parts = {}): string =>
      compactJws(
        { alg: 'ES256', kid, ...header },
        {
          iss: id,
          sub: id,
          aud: issuer,
          iat: seconds(),
          exp: seconds() + 60,
          jti: randomUUID(),
          ...claims,
        },
        key,
      ),

    proof(method: string, path: string, parts: Parts = {}, token?: string): string {
      const { header, claims, key = proofKeys.privateKey } = parts
      const ath = token && createHash('sha256').update(token).digest('base64url')
      return compactJws(
        { alg: 'ES256', typ: 'dpop+jwt', jwk: client.proofJwk, ...header },
        { htm: method, htu: issuer + path, iat: seconds(), jti: randomUUID(), nonce, ath, ...claims },
        key,
      )
    },

    async send(method: string, path: string, headers: Form = {}, body?: Form): Promise<Response> {
      const response = await fetch(origin + path, {
        method,
        headers: present(headers),
        ...(body && { body: new URLSearchParams(present(body)) }),
      })
      nonce = response.headers.get('dpop-nonce') ?? nonce
      return response
    },

    /** A good token request but for `form` and `dpop`; a parameter that is `undefined` is left out. */
    tokenRequest: (form: Form = {}, dpop: string = client.proof('POST', '/oauth/token')): Promise<Response> =>
      client.send('POST', '/oauth/token', { dpop }, { ...client.authentication(), ...form }),

    authentication: (): Form => ({
      grant_type: 'client_credentials',
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
      client_assertion: client.assertion(),
    }),

    async token(form: Form = {}, dpop?: string): Promise<string> {
      const response = await client.tokenRequest(form, dpop)
      const { access_token: token } = (await response.json()) as { access_token?: string }
      if (token === undefined) throw new Error('no token')
      return token
    },

    /** A good request to a resource but for `headers`. */
    call: (method: string, path: string, token: string, headers: Form = {}): Promise<Response> =>
      client.send(method, path, {
        authorization: `DPoP ${token}`,
        dpop: client.proof(method, path, {}, token),
        ...headers,
      }),

    revoke: (token: string, form: Form = {}): Promise<Response> =>
      client.send('POST', '/oauth/revoke', {}, { ...client.authentication(), token, ...form }),
  }
  await client.tokenRequest()
  return client
}

const present = (fields: Form): Record<string, string> =>
  Object.fromEntries(
    Object.entries(fields).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  )
