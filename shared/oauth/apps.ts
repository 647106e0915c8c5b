import { type App, apps } from '../domain/parties.ts'

export const isApp = (id: string | undefined): id is App => apps.some(app => app === id)

/**
 * Where a provider sends people back to. One that does not name itself in its answer (RFC 9207) has an address of its
 * organisation's own: a code that comes there can be no other provider's (RFC 9700 §4.4.2, mix-up).
 */
export const callbackUrl = (issuer: string, organisation?: string): string =>
  `${issuer}/oauth/callback${organisation === undefined ? '' : `/${organisation}`}`

export const isCallback = (path: string): boolean => /^\/oauth\/callback(\/|$)/.test(path)

/** RFC 8252 §7.3: a loopback address by number, never `localhost`, at whatever port was free. */
const loopback = /^http:\/\/(?:127\.0\.0\.1|\[::1\]):([1-9][0-9]{0,4})\/callback$/

/**
 * Whether an app of this deployment may be sent back to `uri`: letter by letter (RFC 6749 §3.1.2.3, RFC 9700 §2.1), but
 * for the port of the CLI. What a URL parser would repair is another address.
 */
export function acceptsRedirect(issuer: string, app: App, uri: string): boolean {
  if (app === 'sallyport-console') return uri === `${issuer}/console/callback`
  const port = loopback.exec(uri)?.[1]
  return port !== undefined && Number(port) <= 65_535
}
