/**
 * The cryptography that the exchange cannot go without, and no more: two signatures verified, the ids and the
 * key hashed, one signature made. Nothing is judged and nothing is kept, so it is no token endpoint.
 */
import { createPrivateKey, createPublicKey, hash, type KeyObject, randomBytes } from 'node:crypto'
import { thumbprint } from '../../../shared/oauth/public-jwk.ts'
import type { PublicJwk } from '../../../shared/ports/keys.ts'
import { signEs256, verifyEs256 } from './ecdsa.ts'
import { type Issued, publicPart, resourceOf, type Setting } from './setting.ts'

/** From an assertion and a proof to an access token. Throws where a signature does not verify. */
export type Exchange = (assertion: string, proof: string) => string

export function createExchange({ signingKey, clients }: Setting, issued: Issued, issuer: string): Exchange {
  const signer = createPrivateKey({ key: { ...signingKey }, format: 'jwk' })
  const kid = thumbprint(publicPart(signingKey))
  const registered = new Map(clients.map(({ id, jwk }) => [id, imported(jwk)]))
  const bound = new Map<string, KeyObject>()
  const header = encode({ typ: 'at+jwt', alg: 'ES256', kid })
  const { scope, lifetime, claims } = issued
  const aud = resourceOf(issuer)

  return (assertion, proof) => {
    const client = parse(assertion)
    const clientId = String(client.payload.sub)
    verifyOrThrow(client, registered.get(clientId))
    hash('sha256', String(client.payload.jti), 'base64url')

    const possession = parse(proof)
    const jwk = possession.header.jwk as PublicJwk
    const jkt = thumbprint(jwk)
    const key = bound.get(jkt) ?? imported(jwk)
    bound.set(jkt, key)
    verifyOrThrow(possession, key)
    hash('sha256', String(possession.payload.jti), 'base64url')

    const iat = Math.floor(Date.now() / 1000)
    const payload = encode({
      iss: issuer,
      sub: clientId,
      client_id: clientId,
      aud,
      scope,
      iat,
      exp: iat + lifetime,
      jti: `token_${randomBytes(13).toString('hex')}`,
      cnf: { jkt },
      ...claims,
    })
    const input = `${header}.${payload}`
    return `${input}.${signEs256(Buffer.from(input, 'latin1'), signer).toString('base64url')}`
  }
}

interface Parsed {
  readonly header: Readonly<Record<string, unknown>>
  readonly payload: Readonly<Record<string, unknown>>
  readonly input: Buffer
  readonly signature: Buffer
}

function parse(jwt: string): Parsed {
  const [header = '', payload = '', signature = ''] = jwt.split('.')
  return {
    header: JSON.parse(Buffer.from(header, 'base64url').toString()),
    payload: JSON.parse(Buffer.from(payload, 'base64url').toString()),
    input: Buffer.from(`${header}.${payload}`, 'latin1'),
    signature: Buffer.from(signature, 'base64url'),
  }
}

function verifyOrThrow({ input, signature }: Parsed, key: KeyObject | undefined): void {
  if (key === undefined || !verifyEs256(input, signature, key)) throw new Error('a signature does not verify')
}

const imported = (jwk: PublicJwk): KeyObject => createPublicKey({ key: { ...jwk }, format: 'jwk' })

const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')
