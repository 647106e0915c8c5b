import { calculateThumbprint } from 'dpop'
import type { CryptoKeyPair } from 'oauth4webapi'
import { ApiRefused } from './api.ts'
import { type PrivateJwk, readClientKey } from './client-key.ts'
import { base64url, signCompactJws } from './compact-jws.ts'
import { createHttp, discover } from './discovery.ts'
import { apiResource, readIssuer } from './issuer.ts'
import { readJson, textAt } from './json.ts'

export type KeyAlgorithm = 'ES256' | 'ES384' | 'Ed25519'

export interface EnrolOptions {
  /** Of the gateway: an https URL, or http on a loopback host. */
  readonly issuer: string
  /** The secret that an administrator of the organisation has made for this machine. */
  readonly ticket: string
  /** Only its public half is sent. */
  readonly key: PrivateJwk
  readonly fetch?: typeof globalThis.fetch | undefined
}

/** The client that the key belongs to from now on. */
export interface Enrolled {
  readonly clientId: string
  /** RFC 7638 thumbprint of the public key. */
  readonly kid: string
  readonly organisation: string
  readonly issuer: string
  readonly state: string
  /** RFC 3339. */
  readonly expiresAt: string
}

/** A key for a client, to be kept where nobody else reads it before it is enrolled. */
export async function generateClientKey(algorithm: KeyAlgorithm = 'ES256'): Promise<PrivateJwk> {
  const { privateKey, publicKey } = (await crypto.subtle.generateKey(parameters[algorithm], true, [
    'sign',
    'verify',
  ])) as CryptoKeyPair
  const { kty = '', crv = '', x = '', y, d = '' } = await crypto.subtle.exportKey('jwk', privateKey)
  const kid = await calculateThumbprint(publicKey)
  return { kty, crv, x, ...(y !== undefined && { y }), d, kid }
}

const parameters = {
  ES256: { name: 'ECDSA', namedCurve: 'P-256' },
  ES384: { name: 'ECDSA', namedCurve: 'P-384' },
  Ed25519: { name: 'Ed25519' },
} as const

/**
 * Registers the public half of a key by a ticket: of a new client, or as the next key of one. It can be repeated with the
 * same ticket and key while the ticket lasts. Throws `ApiRefused`, `DiscoveryFailed`, a `TypeError` for an issuer or a
 * key that cannot be used, and what `fetch` throws when nobody answers.
 */
export async function enrol(options: EnrolOptions): Promise<Enrolled> {
  const { ticket, key, fetch = globalThis.fetch } = options
  const issuer = readIssuer(options.issuer)
  const signing = await readClientKey(key)
  // The ticket is a secret: it goes only to who calls itself by this name.
  await discover(
    issuer,
    createHttp(issuer, (input, init) => fetch(input, init)),
  )
  const { kty, crv, x, y } = key
  const claims = await claimsOf(issuer.href, ticket)
  const publicKey = { kty, crv, x, ...(y !== undefined && { y }) }
  const response = await fetch(`${apiResource(issuer.href)}/v1/enrolments`, {
    method: 'POST',
    headers: { accept: 'application/json', 'content-type': 'application/json' },
    redirect: 'manual',
    body: JSON.stringify({
      ticket,
      public_key: publicKey,
      proof: await signCompactJws(
        signing.key,
        { typ: 'sallyport-enrolment+jwt' },
        new TextEncoder().encode(JSON.stringify(claims)),
      ),
    }),
  })
  const body = await readJson(response)
  if (response.status !== 201) throw new ApiRefused(response, body)
  const [clientId, kid, organisation, state, expiresAt] = [
    textAt(body, 'client_id'),
    textAt(body, 'kid'),
    textAt(body, 'organisation'),
    textAt(body, 'state'),
    textAt(body, 'expires_at'),
  ]
  if (!clientId || !kid || !organisation || !state || !expiresAt)
    throw new Error('The gateway said that the key is registered, and not for which client.')
  return { clientId, kid, organisation, issuer: issuer.href, state, expiresAt }
}

const claimsOf = async (issuer: string, ticket: string): Promise<object> => ({
  aud: issuer,
  iat: Math.floor(Date.now() / 1000),
  jti: crypto.randomUUID(),
  ticket_hash: base64url(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(ticket))),
})
