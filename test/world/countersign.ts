/** What comes before each fetch of an export: its reader signs, with the key of their session, that the copy is theirs. */
import { CompactSign, calculateJwkThumbprint, exportJWK, generateKeyPair, type JWK } from 'jose'
import type { PersonGateway } from '../../client/index.ts'
import { textAt } from '../../client/json.ts'

/** As somebody does with a client of their own. Throws where the gateway does not take it. */
export async function countersign(gateway: PersonGateway, id: string): Promise<unknown> {
  const statement = textAt((await gateway.get(`/exports/${id}`)).body, 'statement') ?? ''
  const { status, body } = await gateway.post(`/exports/${id}/countersignature`, {
    signature: await gateway.countersign(statement),
  })
  if (status !== 200) throw new Error(`the copy ${id} is not signed for: ${status} ${JSON.stringify(body)}`)
  return body
}

/** The key of somebody's session, where a test has no session of theirs. */
export interface SessionKey {
  /** RFC 7638 thumbprint. */
  readonly jkt: string
  readonly jwk: JWK
  /** `header` stands in place of what is right. */
  sign(statement: string, header?: Readonly<Record<string, unknown>>): Promise<string>
}

export async function sessionKey(alg: 'ES256' | 'Ed25519' = 'ES256'): Promise<SessionKey> {
  const { privateKey, publicKey } = await generateKeyPair(alg)
  const jwk = await exportJWK(publicKey)
  return {
    jkt: await calculateJwkThumbprint(jwk),
    jwk,
    sign: (statement, header) =>
      new CompactSign(new TextEncoder().encode(statement))
        .setProtectedHeader({ alg, typ: 'sallyport-export+jws', jwk, ...header })
        .sign(privateKey),
  }
}
