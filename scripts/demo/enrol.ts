import { hash, randomUUID } from 'node:crypto'
import { importJWK, SignJWT } from 'jose'
import { textAt } from '../../client/json.ts'
import type { PrivateEcJwk } from './credentials.ts'

export interface Enrolling {
  readonly issuer: string
  readonly ticket: string
  readonly kid: string
  readonly key: PrivateEcJwk
}

/** Registers the public half of a workload's key with proof of possession; its private half stays here. */
export async function enrolWith({ issuer, ticket, kid, key }: Enrolling): Promise<string> {
  const { kty, crv, x, y } = key
  const proof = await new SignJWT({ ticket_hash: hash('sha256', ticket, 'base64url') })
    .setProtectedHeader({ alg: 'ES256', typ: 'sallyport-enrolment+jwt', kid })
    .setAudience(issuer)
    .setIssuedAt()
    .setJti(randomUUID())
    .sign(await importJWK({ ...key }, 'ES256'))
  const response = await fetch(`${issuer}/api/v1/enrolments`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ ticket, public_key: { kty, crv, x, y }, proof }),
  })
  const body: unknown = await response.json()
  const id = textAt(body, 'client_id')
  if (id === undefined)
    throw new Error(`the enrolment was refused: ${textAt(body, 'code')}: ${textAt(body, 'detail')}`)
  return id
}
