/** Access tokens and proofs that are no JWT, or one that means something else (RFC 7515, 8725, 9449 §4.3). */
import { call, type Malformed, type Mangling } from './malformed.ts'

const body = '{"model":"aurora-preview","max_tokens":20,"messages":[{"role":"user","content":"x"}]}'

/** The text of a JWT; all of them are printable, so that they come as far as the parser. */
export const texts: readonly (readonly [name: string, as: string])[] = [
  ['one part', '{h}'],
  ['two parts', '{h}.{p}'],
  ['two parts and a dot', '{h}.{p}.'],
  ['four parts', '{h}.{p}.{s}.{s}'],
  ['five parts, as a JWE has', '{h}.{p}.{s}.{s}.{s}'],
  ['a dot before', '.{h}.{p}.{s}'],
  ['a dot behind', '{h}.{p}.{s}.'],
  ['dots alone', '..'],
  ['no header', '.{p}.{s}'],
  ['no payload', '{h}..{s}'],
  ['padding in the header', '{h}=.{p}.{s}'],
  ['padding in the payload', '{h}.{p}=.{s}'],
  ['padding behind', '{h}.{p}.{s}=='],
  ['a plus', '{h}.{p}.+{s}'],
  ['a slash', '{h}.{p}./{s}'],
  ['a character that base64url has not', '{h}.{p}.{s}*'],
  ['a blank inside', '{h}.{p} .{s}'],
  ['percent encoding', '{h}%2E{p}%2E{s}'],
  ['parts in another order', '{p}.{h}.{s}'],
  ['the header twice', '{h}.{h}.{s}'],
  ['the payload twice', '{p}.{p}.{s}'],
  ['one character more in the signature', '{h}.{p}.{s}A'],
  ['the signature twice', '{h}.{p}.{s}{s}'],
  ['a signature of zeros', '{h}.{p}.<<A*86>>'],
  ['a signature of ones', '{h}.{p}.<<_*85>>w'],
  ['a signature of one byte', '{h}.{p}.AA'],
  ['8,200 characters', '<<a*8200>>'],
  ['many dots', '<<.*4000>>'],
]

/** Headers that name an algorithm of no key, or one that the key is not for. */
export const algorithms = [
  'none',
  'None',
  '',
  'HS256',
  'RS256',
  'PS256',
  'ES512',
  'ES256K',
  'es256',
  'EdDSA',
  7,
  null,
  ['ES256'],
  {},
]

const publicJwk = { kty: 'EC', crv: 'P-256', x: '<<A*43>>', y: '<<A*43>>' }
const badNumbers = ['1', '', null, true, [1], {}]

const refused = (part: 'proof' | 'token', name: string, code: string, mangling: Mangling): Malformed =>
  call(part, `${part}: ${name}`, body, {
    statuses: [401],
    codes: [code],
    authenticated: false,
    [part]: mangling,
  })
const proof = (name: string, mangling: Mangling): Malformed =>
  refused('proof', name, 'proof_invalid', mangling)
const token = (name: string, mangling: Mangling): Malformed =>
  refused('token', name, 'token_invalid', mangling)

const shown = (value: unknown): string => JSON.stringify(value)

export const proofs: readonly Malformed[] = [
  ...texts.map(([name, as]) => proof(name, { as })),
  ...algorithms.map(alg => proof(`alg ${shown(alg)}`, { header: { alg } })),
  proof('alg ES384 with a P-256 key', { header: { alg: 'ES384' } }),
  ...['JWT', 'dpop+JWT', 'application/dpop+jwt', 'at+jwt', '', 7, null].map(typ =>
    proof(`typ ${shown(typ)}`, { header: { typ } }),
  ),
  proof('crit', { header: { crit: ['exp'] } }),
  proof('an empty crit', { header: { crit: [] } }),
  proof('b64', { header: { b64: false, crit: ['b64'] } }),
  ...['alg', 'typ', 'jwk', 'htm', 'htu', 'iat', 'jti', 'ath'].map(name =>
    proof(`no ${name}`, { without: [name] }),
  ),
  ...[
    null,
    'x',
    7,
    [],
    {},
    { kty: 'oct', k: 'AA' },
    { kty: 'RSA', n: 'AA', e: 'AQAB' },
    publicJwk,
    { ...publicJwk, crv: 'P-384' },
    { ...publicJwk, x: 7 },
    { ...publicJwk, x: 'AA' },
    { ...publicJwk, x: '<<A*44>>' },
    { kty: 'EC', crv: 'P-256', x: '<<A*43>>' },
    { kty: 'OKP', crv: 'Ed25519', x: '<<A*43>>' },
    { kty: 'ec', crv: 'P-256' },
    { __proto__x: 1 },
  ].map((jwk, i) => proof(`jwk ${i + 1}`, { header: { jwk } })),
  proof('a private key', { header: { jwk: { ...publicJwk, d: '<<A*43>>' } } }),
  proof('a jku instead of the key', { without: ['jwk'], header: { jku: 'http://evil.example' } }),
  proof('an x5c instead of the key', { without: ['jwk'], header: { x5c: ['AA'] } }),
  ...['GET', 'post', 'POST ', '', 7, null, ['POST']].map(htm =>
    proof(`htm ${shown(htm)}`, { claims: { htm } }),
  ),
  ...[
    '',
    '/openai/v1/chat/completions',
    'http://evil.example/openai/v1/chat/completions',
    'http://user@127.0.0.1/',
    'urn:x',
    7,
    null,
    [],
    'http://',
    'http://[',
    '<</*3000>>',
  ].map(htu => proof(`htu ${shown(htu)}`, { claims: { htu } })),
  ...badNumbers.map(iat => proof(`iat ${shown(iat)}`, { claims: { iat } })),
  ...[-61, -3600, 11, 3600, 1e12].map(seconds =>
    proof(`iat ${seconds} s from now`, { fromNow: { iat: seconds } }),
  ),
  ...[-1, 0, 1.5, -0.5, 1e300].map(iat => proof(`iat ${iat}`, { claims: { iat } })),
  ...['', 7, null, [], {}, '<<a*129>>'].map(jti => proof(`jti ${shown(jti)}`, { claims: { jti } })),
  ...['', 'x', 7, null, []].map(ath => proof(`ath ${shown(ath)}`, { claims: { ath } })),
  ...[7, null, [], {}, true].map(nonce => proof(`nonce ${shown(nonce)}`, { claims: { nonce } })),
  ...['', 'x', '<<a*1000>>'].map(nonce =>
    refused('proof', `nonce ${shown(nonce)}`, 'nonce_required', { claims: { nonce } }),
  ),
  refused('proof', 'no nonce', 'nonce_required', { without: ['nonce'] }),
  ...['[]', 'null', '7', '"x"', '{', '{"typ":"dpop+jwt"', ''].map(raw =>
    proof(`a header ${raw}`, { rawHeader: raw }),
  ),
  ...['[]', 'null', '7', '"x"', '{', '{"iat":1e999}', '', '<<[*1000>>'].map(raw =>
    proof(`a payload ${raw}`, { rawPayload: raw }),
  ),
]

export const tokens: readonly Malformed[] = [
  ...texts.map(([name, as]) => token(name, { as })),
  ...algorithms.map(alg => token(`alg ${shown(alg)}`, { header: { alg } })),
  ...['JWT', 'dpop+jwt', 'application/at+jwt', '', 7, null].map(typ =>
    token(`typ ${shown(typ)}`, { header: { typ } }),
  ),
  ...['', 'none', '../roots', '__proto__', 'constructor', 7, null, [], {}].map(kid =>
    token(`kid ${shown(kid)}`, { header: { kid } }),
  ),
  token('crit', { header: { crit: ['exp'] } }),
  token('b64', { header: { b64: false } }),
  token('a key that comes with it', { header: { jwk: publicJwk } }),
  token('a key from elsewhere', { header: { jku: 'http://evil.example/jwks', x5u: 'http://evil.example' } }),
  ...['alg', 'typ', 'kid', 'iss', 'aud', 'exp', 'cnf'].map(name => token(`no ${name}`, { without: [name] })),
  token('another audience', { claims: { aud: 'http://evil.example' } }),
  token('a later end', { fromNow: { exp: 86_400 } }),
  token('another key', { claims: { cnf: { jkt: 'x' } } }),
  token('more scopes', { claims: { scope: 'infer tools images' } }),
  token('another organisation', { claims: { organisation: 'prairie' } }),
  ...['[]', 'null', '{', ''].map(raw => token(`a header ${raw}`, { rawHeader: raw })),
  ...['[]', 'null', '{', ''].map(raw => token(`a payload ${raw}`, { rawPayload: raw })),
]
