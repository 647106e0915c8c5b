/** What is no HTTP, or HTTP that two readers could understand differently (RFC 9112 §11.2). */
import type { Malformed } from './malformed.ts'

const host = 'Host: x\r\nConnection: close\r\n'
const get = (line: string): string => `${line}\r\n${host}\r\n`
const head = (...lines: string[]): string =>
  `POST /openai/v1/chat/completions HTTP/1.1\r\n${host}${lines.map(line => `${line}\r\n`).join('')}\r\n`
const many = (headers: number): string => `GET /openai/v1/models HTTP/1.1\r\n${host}<<a:\r\n*${headers}>>\r\n`
const chunked = (body: string): string => `${head('Transfer-Encoding: chunked')}${body}`
const smuggled = 'GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n'
const next = get('GET /openai/v1/models HTTP/1.1')

/** Refused before anything of it counts. */
const broken: readonly (readonly [name: string, request: string])[] = [
  ['no HTTP at all', 'HELLO\r\n\r\n'],
  ['nothing but NULs', '\0\0\0\0'],
  ['a TLS hello', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03'],
  ['HTTP/2 with prior knowledge', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
  ['HTTP/0.9', 'GET /healthz\r\n\r\n'],
  ['HTTP/1.2', get('GET /healthz HTTP/1.2')],
  ['HTTP/2.0 in the request line', get('GET /healthz HTTP/2.0')],
  ['the version in small letters', get('GET /healthz http/1.1')],
  ['no version', get('GET /healthz')],
  ['a method that is not known', get('FOO / HTTP/1.1')],
  ['a method in small letters', get('get /healthz HTTP/1.1')],
  ['a method of 20,000 letters', `<<A*20000>> / HTTP/1.1\r\n\r\n`],
  ['a blank before the method', get(' GET /healthz HTTP/1.1')],
  ['a tab in the request line', get('GET\t/healthz HTTP/1.1')],
  ['a target with a blank', get('GET /a b HTTP/1.1')],
  ['a target with a NUL', get('GET /a\0b HTTP/1.1')],
  ['a target with a tab', get('GET /a\tb HTTP/1.1')],
  ['a target in Latin-1', get('GET /\xe9 HTTP/1.1')],
  ['a target in UTF-8', get('GET /\xc3\xa9 HTTP/1.1')],
  ['authority form', get('GET x:80 HTTP/1.1')],
  ['a relative target', get('GET healthz HTTP/1.1')],
  ['lines that end in LF', 'GET /healthz HTTP/1.1\nHost: x\n\n'],
  ['one header that ends in LF', 'GET /healthz HTTP/1.1\r\nHost: x\nX: y\r\n\r\n'],
  ['one header that ends in CR', 'GET /healthz HTTP/1.1\r\nHost: x\rX: y\r\n\r\n'],
  ['a folded header', head('X: a', ' b')],
  ['a folded Authorization', head('Authorization: DPoP', '\tabc')],
  ['a fold before the first header', `GET /healthz HTTP/1.1\r\n ${host}\r\n`],
  ['a blank before the colon', head('Authorization : DPoP x')],
  ['a blank before the colon of Transfer-Encoding', head('Transfer-Encoding : chunked')],
  ['a header without a name', head(': x')],
  ['a header without a colon', head('abc')],
  ['a NUL in the name of a header', head('a\0b: x')],
  ['a NUL in the value of a header', head('a: x\0y')],
  ['a control character in the value of a header', head('a: x\x01y')],
  ['a name outside ASCII', head('\xe9: x')],
  ['a name with parentheses', head('a(b): x')],
  ['a name with a blank', head('a b: x')],
  ['no Host', 'GET /healthz HTTP/1.1\r\nConnection: close\r\n\r\n'],
  ['two Hosts', 'GET /healthz HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n'],
  ['two Hosts in different cases', 'GET /healthz HTTP/1.1\r\nHost: x\r\nhOST: x\r\n\r\n'],
  ['two Hosts in HTTP/1.0', 'GET /healthz HTTP/1.0\r\nHost: x\r\nHost: y\r\n\r\n'],
  [
    'Transfer-Encoding and Content-Length',
    `${head('Transfer-Encoding: chunked', 'Content-Length: 4')}0\r\n\r\n`,
  ],
  [
    'Content-Length and Transfer-Encoding',
    `${head('Content-Length: 4', 'Transfer-Encoding: chunked')}0\r\n\r\n`,
  ],
  ['chunked twice', `${head('Transfer-Encoding: chunked', 'Transfer-Encoding: chunked')}0\r\n\r\n`],
  ['chunked, chunked', `${head('Transfer-Encoding: chunked, chunked')}0\r\n\r\n`],
  ['gzip, chunked', `${head('Transfer-Encoding: gzip, chunked')}0\r\n\r\n`],
  ['chunked, gzip', `${head('Transfer-Encoding: chunked, gzip')}0\r\n\r\n`],
  ['Transfer-Encoding: identity', head('Transfer-Encoding: identity')],
  ['Transfer-Encoding: xchunked', `${head('Transfer-Encoding: xchunked')}0\r\n\r\n`],
  ['Transfer-Encoding with a control character', `${head('Transfer-Encoding: \x0bchunked')}0\r\n\r\n`],
  ['Transfer-Encoding in quotes', `${head('Transfer-Encoding: "chunked"')}0\r\n\r\n`],
  ['Transfer-Encoding in HTTP/1.0', `${head('Transfer-Encoding: chunked').replace('1.1', '1.0')}0\r\n\r\n`],
  ['two Content-Lengths', `${head('Content-Length: 4', 'Content-Length: 5')}abcde`],
  ['two equal Content-Lengths', `${head('Content-Length: 4', 'content-length: 4')}abcd`],
  ['a list as Content-Length', `${head('Content-Length: 4, 4')}abcd`],
  ['a signed Content-Length', `${head('Content-Length: +4')}abcd`],
  ['a negative Content-Length', `${head('Content-Length: -4')}abcd`],
  ['a hexadecimal Content-Length', `${head('Content-Length: 0x4')}abcd`],
  ['a fractional Content-Length', `${head('Content-Length: 4.0')}abcd`],
  ['a Content-Length in two parts', `${head('Content-Length: 1 1')}a`],
  ['an empty Content-Length', head('Content-Length: ')],
  ['a Content-Length beyond 64 bits', head('Content-Length: 99999999999999999999')],
  ['a chunk size that is none', chunked('zz\r\nabc\r\n0\r\n\r\n')],
  ['a negative chunk size', chunked('-1\r\nabc\r\n0\r\n\r\n')],
  ['a chunk size with 0x', chunked('0x3\r\nabc\r\n0\r\n\r\n')],
  ['a chunk size beyond 64 bits', chunked('fffffffffffffffff\r\nabc\r\n0\r\n\r\n')],
  ['an empty chunk size', chunked('\r\nabc\r\n0\r\n\r\n')],
  ['a blank behind a chunk size', chunked('3 \r\nabc\r\n0\r\n\r\n')],
  ['a chunk longer than its size', chunked('3\r\nabcd\r\n0\r\n\r\n')],
  ['chunks whose lines end in LF', chunked('3\nabc\n0\n\n')],
  ['a chunk extension of 20,000 letters', chunked('3;<<a*20000>>\r\nabc\r\n0\r\n\r\n')],
  ['a trailer without a colon', chunked('0\r\nabc\r\n\r\n')],
  ['an expectation that is not known', `${head('Expect: 200-ok', 'Content-Length: 2')}{}`],
]

const tooLarge: typeof broken = [
  ['a target of 12,000 letters', get('GET /<<a*12000>> HTTP/1.1')],
  ['a header of 11,000 letters', head('x: <<y*11000>>')],
  ['a name of 11,000 letters', head('<<y*11000>>: x')],
  ['11,000 headers', many(11_000)],
  ['a trailer of 20,000 letters', chunked('0\r\nx: <<a*20000>>\r\n\r\n')],
]

/** HTTP by the letter, at a path that is not offered. */
const elsewhere: typeof broken = [
  ['CONNECT', 'CONNECT x:443 HTTP/1.1\r\nHost: x\r\n\r\n'],
  ['TRACE', get('TRACE /openai/v1/models HTTP/1.1')],
  ['OPTIONS *', get('OPTIONS * HTTP/1.1')],
  ['OPTIONS of a path', get('OPTIONS /openai/v1/models HTTP/1.1')],
  ['PUT', get('PUT /openai/v1/chat/completions HTTP/1.1')],
  ['DELETE', get('DELETE /openai/v1/models HTTP/1.1')],
  ['absolute form', get('GET http://evil.example/openai/v1/models HTTP/1.1')],
  ['absolute form of another scheme', get('GET file:///etc/passwd HTTP/1.1')],
  ['two slashes', get('GET //openai/v1/models HTTP/1.1')],
  ['dot segments', get('GET /openai/v1/../../etc/passwd HTTP/1.1')],
  ['encoded dot segments', get('GET /openai/v1/%2e%2e/v1/models HTTP/1.1')],
  ['dot segments encoded twice', get('GET /openai/v1/%252e%252e/models HTTP/1.1')],
  ['an encoded slash', get('GET /openai%2fv1/models HTTP/1.1')],
  ['a backslash', get('GET /openai/v1\\models HTTP/1.1')],
  ['an encoded NUL', get('GET /openai/v1/models%00 HTTP/1.1')],
  ['a fragment', get('GET /openai/v1/models#x HTTP/1.1')],
  ['a parameter of the path', get('GET /openai/v1/models;x HTTP/1.1')],
  ['capitals', get('GET /OPENAI/v1/models HTTP/1.1')],
  ['a full stop behind', get('GET /openai/v1/models. HTTP/1.1')],
]

/** Odd, but a request: it lacks credentials. */
const unauthenticated: typeof broken = [
  ['an empty line before the request', `\r\n${next}`],
  ['a tab before chunked', `${head('Transfer-Encoding:\tchunked')}0\r\n\r\n`],
  ['a trailer that would authorise', chunked('0\r\nAuthorization: DPoP x\r\n\r\n')],
  ['Authorization as a hop-by-hop header', head('Connection: authorization', 'Authorization: DPoP x')],
  [
    'an upgrade to a web socket',
    get('GET /openai/v1/models HTTP/1.1\r\nConnection: upgrade\r\nUpgrade: websocket'),
  ],
  [
    'an upgrade to HTTP/2',
    get('GET /openai/v1/models HTTP/1.1\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c'),
  ],
  ['a path that is badly encoded', get('GET /openai/v1/models/%zz HTTP/1.1')],
  ['a path that is no UTF-8', get('GET /anthropic/v1/models/%E0%A4%A HTTP/1.1')],
  ['a header outside ASCII', head('a: \xff')],
  ['names that mean something to an object', head('__proto__: 1', '__proto__: 2', 'constructor: 1')],
  ['an underscore for a dash', head('content_length: 5', 'transfer_encoding: chunked')],
  ['2,400 headers', many(2_400)],
  [
    'a form at the gate',
    `${head('Content-Type: multipart/form-data; boundary=x', 'Content-Length: 5')}--x--`,
  ],
]

const of = (cases: typeof broken, status: number, code: string): Malformed[] =>
  cases.map(([name, request]) => ({
    name,
    part: 'http',
    request,
    statuses: [status],
    codes: [code],
    authenticated: false,
  }))

const pipelined = (name: string, request: string, statuses: number[], codes: string[]): Malformed => ({
  name,
  part: 'http',
  request,
  statuses,
  codes,
  authenticated: false,
})

export const http: readonly Malformed[] = [
  ...of(broken, 400, 'request_malformed'),
  ...of(tooLarge, 431, 'headers_too_large'),
  ...of(elsewhere, 404, 'path_not_offered'),
  ...of(unauthenticated, 401, 'token_invalid'),
  pipelined('HEAD', get('HEAD /openai/v1/models HTTP/1.1'), [404], []),
  pipelined(
    'a request in the body of one that is refused unread',
    `POST /none HTTP/1.1\r\nHost: x\r\nContent-Length: 200000\r\n\r\n${smuggled}<<x*${200_000 - smuggled.length}>>${next}`,
    [404, 401],
    ['token_invalid'],
  ),
  pipelined(
    'a request in a body of which a part is read',
    `POST /openai/v1/chat/completions HTTP/1.1\r\nHost: x\r\nAuthorization: DPoP x\r\nContent-Length: 6000000\r\n\r\n${smuggled}<<x*${6_000_000 - smuggled.length}>>${next}`,
    [401, 401],
    ['token_invalid'],
  ),
  pipelined(
    'a request behind one whose framing is in doubt',
    `POST /none HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n${next}`,
    [400],
    ['request_malformed'],
  ),
  pipelined(
    'a request behind one with an expectation that is not met',
    `POST /none HTTP/1.1\r\nHost: x\r\nExpect: y\r\nContent-Length: ${smuggled.length}\r\n\r\n${smuggled}`,
    [400],
    ['request_malformed'],
  ),
  pipelined(
    'two expectations, one of them known',
    `${head('Expect: 100-continue, x', 'Content-Length: 2')}{}`,
    [100, 400],
    ['request_malformed'],
  ),
  // Of two requests at once the first may have been answered, or not: no answer could be told from the other's.
  pipelined(
    'no HTTP behind a request under way',
    `GET /openai/v1/models HTTP/1.1\r\nHost: x\r\n\r\nHELLO\r\n\r\n`,
    [],
    [],
  ),
]
