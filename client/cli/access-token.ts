import {
  createRemoteJWKSet,
  customFetch,
  decodeJwt,
  decodeProtectedHeader,
  errors,
  type JWTPayload,
  jwtVerify,
  type ProtectedHeaderParameters,
} from 'jose'
import { createHttp, discover } from '../discovery.ts'
import { readIssuer } from '../issuer.ts'
import { exit, Failure } from './failure.ts'

interface Decoded {
  readonly header: ProtectedHeaderParameters
  readonly claims: JWTPayload
}

/** What a token says, by nobody's word yet. Throws a `Failure` of usage for what is no signed JWT. */
export function decodeToken(text: string): Decoded {
  try {
    return { header: decodeProtectedHeader(text), claims: decodeJwt(text) }
  } catch {
    throw new Failure(exit.usage, 'What was given is not a signed JWT.', {
      code: 'token_malformed',
      next: 'Give the access_token of: sallyport token issue',
    })
  }
}

/**
 * Against the keys of the configured issuer: the one that a token names may be anybody. Tells whether its
 * time is over by the clock here, and throws a `Failure` where it is none of the issuer's tokens at all.
 */
export async function verifyToken(
  text: string,
  issuer: string,
  fetch: typeof globalThis.fetch,
): Promise<'valid' | 'expired'> {
  const given = readIssuer(issuer)
  await discover(given, createHttp(given, fetch))
  const keys = createRemoteJWKSet(new URL(`${issuer}/.well-known/jwks.json`), {
    [customFetch]: (url, init) => fetch(url, init),
  })
  await keys.reload().catch((error: unknown) => {
    throw failed(error, 'keys_unreadable', `The keys of ${issuer} could not be read`, 'Try again later.')
  })
  try {
    await jwtVerify(text, keys, { issuer, typ: 'at+jwt', algorithms: ['ES256', 'ES384', 'Ed25519'] })
    return 'valid'
  } catch (error) {
    if (error instanceof errors.JWTExpired) return 'expired'
    throw failed(error, 'token_invalid', 'The token is not valid', 'Request a token: sallyport token issue')
  }
}

const failed = (error: unknown, code: string, what: string, next: string): unknown =>
  error instanceof errors.JOSEError
    ? new Failure(exit.failed, `${what}: ${error.message}.`, { code, next })
    : error
