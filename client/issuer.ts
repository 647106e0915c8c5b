/** The one gateway that a client talks to: nothing is signed for any other origin. */
export interface Issuer {
  /** Without a slash at its end; resources and base URLs are made by appending a path to it. */
  readonly href: string
  /** Plain http, which is admitted on a loopback host only. */
  readonly insecure: boolean
}

/** Throws a `TypeError` for what cannot be an issuer identifier (RFC 8414 §2), and for http elsewhere. */
export function readIssuer(text: string): Issuer {
  const url = URL.canParse(text) ? new URL(text) : undefined
  // In `href`, because an empty query or fragment shows nowhere else.
  if (url === undefined || /[?#]/.test(url.href) || url.username !== '' || url.password !== '')
    throw new TypeError('The issuer is no URL, or it has a query, a fragment or credentials.')
  const insecure = url.protocol === 'http:' && isLoopback(url.hostname)
  if (url.protocol !== 'https:' && !insecure)
    throw new TypeError('The issuer is an https URL; http is for loopback hosts only.')
  return { href: url.href.replace(/\/+$/, ''), insecure }
}

const isLoopback = (host: string): boolean =>
  host === 'localhost' || host === '[::1]' || /^127(\.\d{1,3}){3}$/.test(host)

/** The resources of RFC 8707 that tokens are for; `issuer` is the `href` above. */
export const apiResource = (issuer: string): string => `${issuer}/api`

export const modelResource = (issuer: string, model: string): string =>
  `${issuer}/models/${encodeURIComponent(model)}`
