/** The characters of a URI (RFC 3986 §2): what a URL parser would repair or skip is refused instead. */
const uri = /^https?:\/\/(?:[A-Za-z0-9\-._~:/?#[\]@!$&'()*+,;=]|%[0-9A-Fa-f]{2})+$/i

/**
 * The form in which `htu` is compared (RFC 9449 §4.3): normalised by RFC 3986 §6.2.2 and §6.2.3, without
 * query and fragment. `undefined` for what is no absolute http(s) URI, or names a user.
 */
export function normaliseHtu(text: string): string | undefined {
  if (!uri.test(text)) return undefined
  const url = URL.parse(text.replace(/%[0-9A-Fa-f]{2}/g, normaliseEscape))
  if (url === null || url.username !== '' || url.password !== '') return undefined
  return `${url.protocol}//${url.host}${url.pathname}`
}

/** §6.2.2.2 unreserved characters stand for themselves; §6.2.2.1 hexadecimal digits in upper case. */
function normaliseEscape(encoded: string): string {
  const character = String.fromCharCode(Number.parseInt(encoded.slice(1), 16))
  return /[A-Za-z0-9\-._~]/.test(character) ? character : encoded.toUpperCase()
}
