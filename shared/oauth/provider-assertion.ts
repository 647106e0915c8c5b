import type { Signer } from '../ports/keys.ts'
import { encodeBase64url } from './base64url.ts'
import { encodeObject } from './compact-jws.ts'

/** Seconds. */
const lifetime = 60

/**
 * This deployment's own `private_key_jwt` (RFC 7523 §3) at a provider of an organisation, which finds the key in our
 * JWKS. Its one audience is the provider's issuer (RFC 10070): no other server can use it. `now` in milliseconds.
 * Throws what the signer throws.
 */
export async function signProviderAssertion(
  { clientId, audience, jti }: { readonly clientId: string; readonly audience: string; readonly jti: string },
  signer: Signer,
  now: number,
): Promise<string> {
  const iat = Math.floor(now / 1000)
  const header = { typ: 'client-authentication+jwt', alg: signer.alg, kid: signer.kid }
  const claims = { iss: clientId, sub: clientId, aud: audience, jti, iat, exp: iat + lifetime }
  const input = `${encodeObject(header)}.${encodeObject(claims)}`
  return `${input}.${encodeBase64url(await signer.sign(Buffer.from(input)))}`
}
