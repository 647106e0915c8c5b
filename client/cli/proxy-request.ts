/** What the local proxy lets in, and what of it goes on. */
import { createHash, timingSafeEqual } from 'node:crypto'

/** As a tool sent it. A header that came twice has both values, with a comma between. */
export interface RequestHead {
  readonly method: string
  /** As the request line has it: a path, where the tool takes the proxy for a server. */
  readonly target: string
  readonly headers: Headers
}

/** An answer of the proxy's own, in words of its user. */
export interface ProxyRefusal {
  readonly status: number
  readonly code: string
  readonly message: string
  /** What can be done now. */
  readonly next: string
}

export interface ProxyRules {
  /** `address:port`, all that may stand in a Host header. */
  readonly hosts: readonly string[]
  readonly key: string
  /** The gateway's base URLs, which the paths of the proxy stand for. */
  readonly issuer: string
}

/** Bytes; the gateway takes no more either. */
export const maxBody = 4 << 20

/** Where the request goes at the gateway, or why it does not. */
export function judgeRequest(
  { method, target, headers }: RequestHead,
  rules: ProxyRules,
): URL | ProxyRefusal {
  // DNS rebinding: the name of a page can resolve to this address, and then it stands here. A Host that is
  // given twice fits nothing either.
  if (!rules.hosts.includes(headers.get('host')?.toLowerCase() ?? '')) return hostForeign
  // Browsers name the page that a request comes from; the tools that this is for are none.
  if (headers.has('origin')) return originForeign
  if (!holdsKey(headers, rules.key)) return keyWrong

  const url = target.startsWith('/') ? parse(rules.issuer + target) : undefined
  const offered = method === 'GET' || method === 'POST'
  // Of the URL as it was parsed: by then `..` in all its spellings is gone, and /api cannot be reached.
  if (url !== undefined && offered && bases.some(base => url.href.startsWith(rules.issuer + base))) return url
  return pathNotOffered(method, target)
}

const bases = ['/openai/v1/', '/anthropic/v1/']

const parse = (url: string): URL | undefined => (URL.canParse(url) ? new URL(url) : undefined)

/** OpenAI's clients send the one header, Anthropic's the other, or both where they hold a token too. */
function holdsKey(headers: Headers, key: string): boolean {
  const bearer = /^Bearer +(.*)$/i.exec(headers.get('authorization') ?? '')?.[1]
  return [bearer, headers.get('x-api-key')].some(given => given != null && equal(given, key))
}

/** Takes as long for every text that is not the key: digests are of one length. */
const equal = (given: string, key: string): boolean => timingSafeEqual(digest(given), digest(key))

const digest = (text: string): Buffer => createHash('sha256').update(text).digest()

/** For this connection alone (RFC 9110 §7.6.1), and what `fetch` makes itself. */
const hop = [
  'connection',
  'content-length',
  'host',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]

/** A tool's credentials are for the proxy; where it is and whom it passed are nobody's business. */
const personal = ['api-key', 'authorization', 'cookie', 'dpop', 'forwarded', 'via', 'x-api-key', 'x-real-ip']

/** `fetch` asks for the encodings that it can undo, and knows no way to wait for a 100. */
const negotiated = ['accept-encoding', 'expect']

export const headersOnward = (headers: Headers): Headers =>
  without(headers, [...hop, ...personal, ...negotiated], /^x-(forwarded|sallyport)/)

/** `fetch` has undone the encoding. The nonce is for the proof that the proxy makes. */
export const headersBack = (headers: Headers): Headers =>
  without(headers, [...hop, 'content-encoding', 'dpop-nonce', 'set-cookie'])

function without(headers: Headers, names: readonly string[], pattern?: RegExp): Headers {
  const left = new Set([...names, ...listed(headers.get('connection'))])
  const kept = [...headers].filter(([name]) => !left.has(name) && !pattern?.test(name))
  return new Headers(kept)
}

/** A sender may name further headers that end at this hop. */
const listed = (connection: string | null): string[] =>
  (connection ?? '').split(',').map(name => name.trim().toLowerCase())

const hostForeign: ProxyRefusal = {
  status: 403,
  code: 'host_foreign',
  message: 'The Host header does not name the address that this proxy listens at.',
  next: 'Use the base URL that sallyport proxy printed.',
}

const originForeign: ProxyRefusal = {
  status: 403,
  code: 'origin_foreign',
  message: 'The request has an Origin header: it comes from a web page.',
  next: 'Send it from a program.',
}

const keyWrong: ProxyRefusal = {
  status: 401,
  code: 'proxy_key_wrong',
  message: 'The API key is not that of this proxy.',
  next: 'Use the key that sallyport proxy printed: every start makes another.',
}

const pathNotOffered = (method: string, target: string): ProxyRefusal => ({
  status: 404,
  code: 'path_not_offered',
  message: `${method} ${target.slice(0, 200)} is not offered.`,
  next: 'Use the base URL that sallyport proxy printed: GET and POST of /openai/v1/ and /anthropic/v1/ pass.',
})

export const bodyTooLarge: ProxyRefusal = {
  status: 413,
  code: 'body_too_large',
  message: 'The body has more than 4 MB.',
  next: 'Send at most 4 MB.',
}
