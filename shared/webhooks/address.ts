/**
 * Where a webhook may point. Its address is chosen by another organisation and called from inside this deployment:
 * without these rules it would reach what trusts its neighbours (CWE-918), as Lambda's own endpoint on loopback or a
 * cloud's metadata on a link-local address. Judged when it is registered, and again before everything that is sent.
 */
import { type Refusal, refuse } from '../domain/refusal.ts'
import { isLoopbackAddress, isPublicAddress } from './ip-range.ts'

const longestUrl = 2_048

/** Names that resolve inside a network, or on the machine itself (RFC 6761, 6762, 8375, and the clouds' own). */
const innerNames = ['localhost', 'local', 'internal', 'intranet', 'lan', 'home.arpa']

/**
 * `https` to a public host; on a deployment whose issuer is on loopback also any address on loopback. The refusal is
 * `body_malformed`, its field `url`, and never repeats the address: it may hold a secret of the receiver's.
 */
export function judgeWebhookUrl(text: string, issuer: string): Refusal | undefined {
  if (text.length > longestUrl) return wrong(`It has more than ${longestUrl} characters.`)
  // What parsers read differently: white space is dropped by some, `\` is `/` to some.
  if (!/^[\x21-\x7e]+$/.test(text) || text.includes('\\'))
    return wrong('Write it in ASCII, without white space and backslashes.')
  const url = URL.parse(text)
  if (url === null) return wrong('It is not an absolute URL.')
  if (authority(text).includes('@')) return wrong('Leave user name and password out.')
  if (text.includes('#')) return wrong('Leave the fragment out: no server ever sees it.')
  const host = hostOf(url)
  const local = isLocal(host)
  if (local && isLoopbackIssuer(issuer) && ['http:', 'https:'].includes(url.protocol)) return undefined
  if (url.protocol !== 'https:') return wrong('It has to be https.')
  if (local) return wrong('It may not be on loopback.')
  if (isLiteral(url.hostname))
    return isPublicAddress(host) ? undefined : wrong('Its address is not one of the public Internet.')
  if (!host.includes('.') || innerNames.some(name => host.endsWith(`.${name}`)))
    return wrong('Its host is not a name of the public Internet.')
  return undefined
}

/**
 * Whether a connection for a webhook may be made to an address that its host has resolved to. A name that was judged
 * well can resolve to anything, and to something else each time, so this is asked about the very address that is used.
 */
export const mayConnect = (hostname: string, address: string, issuer: string): boolean =>
  isPublicAddress(address) ||
  (isLoopbackIssuer(issuer) && isLocal(hostname.toLowerCase()) && isLoopbackAddress(address))

function isLoopbackIssuer(issuer: string): boolean {
  const url = URL.parse(issuer)
  return url !== null && isLocal(hostOf(url))
}

const isLocal = (host: string): boolean =>
  host === 'localhost' || host.endsWith('.localhost') || isLoopbackAddress(host)

/** Without the brackets of IPv6 and the dot of the root; the URL parser has made the rest the same for all spellings. */
const hostOf = ({ hostname }: URL): string => hostname.replace(/^\[|\]$/g, '').replace(/\.$/, '')

/** The parser turns every spelling of IPv4 (`0x7f.1`, `2130706433`) into dotted decimals. */
const isLiteral = (hostname: string): boolean => hostname.startsWith('[') || /^[\d.]+$/.test(hostname)

const authority = (text: string): string => /^[^:]*:\/*([^/?#]*)/.exec(text)?.[1] ?? ''

const wrong = (detail: string): Refusal =>
  refuse('body_malformed', `The address is not taken. ${detail}`, { field: 'url' })
