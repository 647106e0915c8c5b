import type { APIGatewayProxyEvent } from 'aws-lambda'
import { ticketLifetimes } from '../../shared/domain/tickets.ts'
import { decodeBase64url } from '../../shared/oauth/base64url.ts'
import { headerValues } from '../http.ts'

/** `__Host-` and `Secure` need TLS; on a plain loopback issuer some browsers drop such a cookie. */
const isSecure = (issuer: string): boolean => issuer.startsWith('https:')
const nameAt = (issuer: string): string => `${isSecure(issuer) ? '__Host-' : ''}sallyport-sign-in`

/**
 * Says at the callback that it is the browser in which the notice was acknowledged: otherwise somebody could have
 * another sign in as them (RFC 9700 §4.7). `Lax`, because the way back from the provider comes from another site.
 */
export function browserCookie(issuer: string, value: string): string {
  const secure = isSecure(issuer) ? '; Secure' : ''
  return `${nameAt(issuer)}=${value}; Path=/; Max-Age=${ticketLifetimes.signIn}; HttpOnly; SameSite=Lax${secure}`
}

/** Its value: 32 bytes in base64url. Two of them are none: one was put there by somebody else. */
export function readBrowserCookie(issuer: string, event: APIGatewayProxyEvent): string | undefined {
  const prefix = `${nameAt(issuer)}=`
  const values = headerValues(event, 'cookie')
    .flatMap(header => header.split(';'))
    .map(pair => pair.trim())
    .filter(pair => pair.startsWith(prefix))
    .map(pair => pair.slice(prefix.length))
  const [value] = values
  if (value === undefined || values.length > 1) return undefined
  return decodeBase64url(value)?.length === 32 ? value : undefined
}
