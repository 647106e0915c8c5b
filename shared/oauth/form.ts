import { OAuthError } from './oauth-error.ts'

/** Parameters that have a value, by name. */
export type Form = ReadonlyMap<string, string>

/** Bytes of a request body. */
const bodyCap = 16 * 1024

/**
 * The parameters of a request to the token service (RFC 6749 §3.2 and Appendix B). None may come twice,
 * not even without a value: two readers of one request must not see two requests.
 */
export function parseForm(contentType: readonly string[], body: Uint8Array): Form | OAuthError {
  if (contentType.length !== 1 || !formType.test(contentType[0] ?? ''))
    return malformed('The content type is application/x-www-form-urlencoded.')
  if (body.length > bodyCap) return malformed(`The body has at most ${bodyCap} bytes.`)

  const seen = new Set<string>()
  const form = new Map<string, string>()
  for (const pair of latin1.decode(body).split('&')) {
    if (pair === '') continue
    const equals = pair.indexOf('=')
    const name = decode(equals < 0 ? pair : pair.slice(0, equals))
    const value = decode(equals < 0 ? '' : pair.slice(equals + 1))
    if (name === undefined || value === undefined) return malformed('The body is not well-formed.')
    if (seen.has(name)) return malformed('A parameter is sent twice.')
    seen.add(name)
    if (value !== '') form.set(name, value)
  }
  return form
}

const formType = /^application\/x-www-form-urlencoded *(; *charset="?utf-8"? *)?$/i

const malformed = (description: string): OAuthError => new OAuthError('invalid_request', description)

const latin1 = new TextDecoder('latin1')
const printable = /^[\x21-\x7e]*$/

/** A serialiser leaves nothing beyond printable ASCII: what else stands there has no agreed meaning. */
function decode(text: string): string | undefined {
  if (!printable.test(text)) return undefined
  try {
    return decodeURIComponent(text.replaceAll('+', ' '))
  } catch {
    return undefined
  }
}
