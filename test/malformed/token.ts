/** What the token endpoint refuses: forms, assertions, and what an authenticated client may not ask for. */
import { algorithms, texts } from './credentials.ts'
import { type Malformed, type Mangling, post } from './malformed.ts'

const form = 'Content-Type: application/x-www-form-urlencoded'
const type = 'client_assertion_type=urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer'
const grant = 'grant_type=client_credentials'
const assertion = 'client_assertion={{assertion}}'
const wellFormed = [grant, type, assertion].join('&')
const proof = 'DPoP: {{proof}}'

interface Case {
  readonly path?: string
  readonly lines?: readonly string[]
  readonly status?: number
  readonly code: string
  readonly authenticated?: boolean
  readonly assertion?: Mangling
  readonly proof?: Mangling
}

const ask = (part: Malformed['part'], name: string, body: string | Uint8Array, one: Case): Malformed => ({
  name: `${part}: ${name}`,
  part,
  request: post(one.path ?? '/oauth/token', one.lines ?? [form, proof], body),
  statuses: [one.status ?? 400],
  codes: [one.code],
  authenticated: one.authenticated ?? false,
  ...(one.assertion && { assertion: one.assertion }),
  ...(one.proof && { proof: one.proof }),
})

const malformed = (name: string, body: string | Uint8Array, lines?: readonly string[]): Malformed =>
  ask('form', name, body, { code: 'invalid_request', ...(lines && { lines }) })

/** By a client that has proved who it is. */
const refused = (name: string, code: string, body: string, status = 400): Malformed =>
  ask('form', name, body, { code, status, authenticated: true })

const byAssertion = (name: string, mangling: Mangling): Malformed =>
  ask('assertion', name, wellFormed, { status: 401, code: 'invalid_client', assertion: mangling })

const byProof = (name: string, lines: readonly string[], mangling?: Mangling): Malformed =>
  ask('form', name, wellFormed, {
    code: 'proof_invalid',
    lines: [form, ...lines],
    authenticated: mangling !== undefined,
    ...(mangling && { proof: mangling }),
  })

const shown = (value: unknown): string => JSON.stringify(value)
const latin1 = (text: string): Buffer => Buffer.from(text, 'latin1')

export const forms: readonly Malformed[] = [
  malformed('nothing', '', [proof]),
  malformed('no Content-Type', wellFormed, [proof]),
  ...[
    'application/json',
    'text/plain',
    'multipart/form-data; boundary=x',
    'application/x-www-form-urlencoded; charset=utf-16',
    'application/x-www-form-urlencodedx',
  ].map(type => malformed(`Content-Type ${type}`, wellFormed, [`Content-Type: ${type}`, proof])),
  malformed('two Content-Types', wellFormed, [form, form, proof]),
  malformed('gzip', latin1('\x1f\x8b\x08\0\0\0\0\0\0\x03'), [form, 'Content-Encoding: gzip', proof]),
  malformed('JSON as a form', '{"grant_type":"client_credentials"}&\x01'),
  malformed('an escape that is cut', `${wellFormed}&x=%4`),
  malformed('an escape that is none', `${wellFormed}&x=%zz`),
  malformed('an escape of UTF-16', `${wellFormed}&x=%u0041`),
  malformed('an overlong escape', `${wellFormed}&x=%c0%af`),
  malformed('an escaped surrogate', `${wellFormed}&x=%ed%a0%80`),
  malformed('an escaped byte that is no UTF-8', `${wellFormed}&x=%ff`),
  malformed('a name that is no UTF-8', `${wellFormed}&%ff=x`),
  malformed('UTF-8 that is not escaped', `${wellFormed}&x=é`),
  malformed('a byte that is not ASCII', latin1(`${wellFormed}&x=\xff`)),
  malformed('a NUL', `${wellFormed}&x=\0`),
  malformed('a blank', `${wellFormed}&x=a b`),
  malformed('a line break', `${wellFormed}\n`),
  malformed('a byte order mark', `\ufeff${wellFormed}`),
  malformed('UTF-16', Buffer.from(wellFormed, 'utf16le')),
  malformed('a parameter twice', `${wellFormed}&${grant}`),
  malformed('a parameter twice, once empty', `${wellFormed}&grant_type=`),
  malformed('a parameter twice, once escaped', `${wellFormed}&grant%5Ftype=client_credentials`),
  malformed('an assertion twice', `${wellFormed}&${assertion}`),
  malformed('a resource twice', `${wellFormed}&resource=a&resource=b`),
  malformed('an unknown parameter twice', `${wellFormed}&x=1&x=2`),
  malformed('more than 16 KB', `${wellFormed}&x=<<a*16384>>`),
  malformed('a secret', `${wellFormed}&client_secret=x`),
  malformed('Basic', wellFormed, [form, proof, 'Authorization: Basic eDp5']),
  malformed('a token', wellFormed, [form, proof, 'Authorization: DPoP {{token}}']),
  ask('form', 'parameters in the URL', wellFormed, {
    path: '/oauth/token?grant_type=client_credentials',
    code: 'invalid_request',
  }),
  ask('form', 'a parameter without a name in the URL', wellFormed, {
    path: '/oauth/token?=',
    code: 'invalid_request',
  }),
  ...['GET', 'PUT', 'DELETE', 'OPTIONS'].map(method => {
    const one = ask('form', method, '', { status: 405, code: 'invalid_request' })
    return { ...one, request: one.request.replace('POST', method) }
  }),
  ask('form', 'no such endpoint', wellFormed, {
    path: '/oauth/introspect',
    status: 405,
    code: 'invalid_request',
  }),
  ask('form', 'a revocation without a form', '', {
    path: '/oauth/revoke',
    code: 'invalid_request',
    lines: [],
  }),
  byProof('no proof', []),
  byProof('two proofs', [proof, proof]),
  byProof('an empty proof', ['DPoP:'], {}),
  byProof('a proof in two parts', [proof], { as: '{h}.{p}' }),
  byProof('a proof that is not signed', [proof], { header: { alg: 'none' } }),
  byProof('a proof of a private key', [proof], { header: { jwk: { kty: 'EC', d: 'AA' } } }),
  byProof('a proof for another method', [proof], { claims: { htm: 'GET' } }),
  byProof('a proof for another URL', [proof], { claims: { htu: 'http://evil.example' } }),
  byProof('a proof without a jti', [proof], { without: ['jti'] }),
  byProof('a proof of yesterday', [proof], { fromNow: { iat: -86_400 } }),
  refused('no grant_type', 'invalid_request', [type, assertion].join('&')),
  refused('an empty grant_type', 'invalid_request', ['grant_type=', type, assertion].join('&')),
  ...[
    'password',
    'authorization_code',
    'refresh_token',
    'CLIENT_CREDENTIALS',
    'client_credentials+',
    '%00',
  ].map(grantType =>
    refused(
      `grant_type ${grantType}`,
      'unsupported_grant_type',
      [`grant_type=${grantType}`, type, assertion].join('&'),
    ),
  ),
  ...['x', 'http://evil.example', 'urn:x', '%00', '../api', '<<a*5000>>', '__proto__'].map(resource =>
    refused(`resource ${resource}`, 'invalid_target', `${wellFormed}&resource=${resource}`),
  ),
  ...['admin', 'infer++tools', '+infer', 'infer+', '%22', 'infer%09tools', '%5C', 'é'].map(scope =>
    refused(
      `scope ${scope}`,
      'invalid_scope',
      `${wellFormed}&scope=${encodeURI(decodeURI(scope)).replaceAll('%2B', '+')}`,
    ),
  ),
  ...['x', '%00', '<<a*5000>>', '__proto__'].map(purpose =>
    refused(`purpose ${purpose}`, 'purpose_not_registered', `${wellFormed}&purpose=${purpose}`),
  ),
]

export const assertions: readonly Malformed[] = [
  ...texts.map(([name, as]) => byAssertion(name, { as: as.replaceAll('+', '%2B') })),
  ...algorithms.map(alg => byAssertion(`alg ${shown(alg)}`, { header: { alg } })),
  ...['at+jwt', 'dpop+jwt', 'jwt', '', 7, null].map(typ =>
    byAssertion(`typ ${shown(typ)}`, { header: { typ } }),
  ),
  ...[
    { crit: ['exp'] },
    { crit: [] },
    { b64: false },
    { jku: 'http://evil.example' },
    { jwk: {} },
    { x5u: 'http://evil.example' },
    { x5c: [] },
  ].map(header => byAssertion(`the parameter ${shown(header)}`, { header })),
  ...['', 'none', '__proto__', 7, null, []].map(kid => byAssertion(`kid ${shown(kid)}`, { header: { kid } })),
  ...['alg', 'kid', 'iss', 'sub', 'aud', 'exp', 'iat', 'jti'].map(name =>
    byAssertion(`no ${name}`, { without: [name] }),
  ),
  ...['', 'nobody', '__proto__', 'a b', '\0', 'é', '<<a*129>>', 7, null, []].map(sub =>
    byAssertion(`sub ${shown(sub)}`, { claims: { sub, iss: sub } }),
  ),
  ...['', 'nobody', 7, null].map(iss => byAssertion(`iss ${shown(iss)}`, { claims: { iss } })),
  ...[
    '',
    'http://evil.example',
    '{{issuer}}/',
    '{{issuer}}/oauth/token',
    ['{{issuer}}'],
    ['{{issuer}}', 'x'],
    [],
    {},
    7,
    null,
  ].map(aud => byAssertion(`aud ${shown(aud)}`, { claims: { aud } })),
  ...['1', null, true, [1], {}].flatMap(value => [
    byAssertion(`exp ${shown(value)}`, { claims: { exp: value } }),
    byAssertion(`iat ${shown(value)}`, { claims: { iat: value } }),
    byAssertion(`nbf ${shown(value)}`, { claims: { nbf: value } }),
  ]),
  ...[-1, -3600, 121, 3600, 315_360_000].map(seconds =>
    byAssertion(`exp ${seconds} s from now`, { fromNow: { exp: seconds } }),
  ),
  ...[11, 3600].map(seconds =>
    byAssertion(`iat ${seconds} s from now`, { fromNow: { iat: seconds, exp: seconds + 60 } }),
  ),
  byAssertion('nbf in an hour', { fromNow: { nbf: 3600 } }),
  byAssertion('exp before iat', { fromNow: { iat: 5, exp: 4 } }),
  byAssertion('negative times', { claims: { iat: -60, exp: -1 } }),
  byAssertion('a fraction that has passed', { claims: { iat: 0.5, exp: 1.5 } }),
  ...['', 'short', '<<a*129>>', 7, null, []].map(jti =>
    byAssertion(`jti ${shown(jti)}`, { claims: { jti } }),
  ),
  ...['[]', 'null', '7', '{', ''].flatMap(raw => [
    byAssertion(`a header ${raw}`, { rawHeader: raw }),
    byAssertion(`a payload ${raw}`, { rawPayload: raw }),
  ]),
  byAssertion('an exp beyond all numbers', {
    rawPayload:
      '{"iss":"{{client}}","sub":"{{client}}","aud":"{{issuer}}","iat":1,"exp":1e999,"jti":"0123456789abcdef"}',
  }),
  ...['', 'x', 'urn:ietf:params:oauth:client-assertion-type:saml2-bearer'].map(other =>
    ask('assertion', `of type ${other}`, [grant, `client_assertion_type=${other}`, assertion].join('&'), {
      status: 401,
      code: 'invalid_client',
    }),
  ),
  ask('assertion', 'without a type', [grant, assertion].join('&'), { status: 401, code: 'invalid_client' }),
  ask('assertion', 'none', [grant, type].join('&'), { status: 401, code: 'invalid_client' }),
  ask('assertion', 'with the id of another client', `${wellFormed}&client_id=nobody`, {
    status: 401,
    code: 'invalid_client',
  }),
]

const api = (name: string, path: string, status: number, code: string, method = 'GET'): Malformed => ({
  name: `api: ${name}`,
  part: 'api',
  request: `${method} ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: DPoP {{api_token}}\r\nDPoP: {{proof}}\r\n\r\n`,
  statuses: [status],
  codes: [code],
  authenticated: true,
})

export const apis: readonly Malformed[] = [
  ...['0', '-1', '101', '1.5', 'x', '1e999', 'NaN', '%00', '1,2', ''].map(limit =>
    api(`limit ${limit}`, `/api/v1/entries?limit=${limit}`, 400, 'body_malformed'),
  ),
  ...['up', 'ASC', '%00', '', 'asc,desc'].map(order =>
    api(`order ${order}`, `/api/v1/entries?order=${order}`, 400, 'body_malformed'),
  ),
  ...['x', '%00', '{}', '__proto__', 'bnVsbA', 'e30', 'W10', '<<a*5000>>'].map(after =>
    api(`after ${after}`, `/api/v1/entries?after=${after}`, 400, 'body_malformed'),
  ),
  ...['nobody', '__proto__', 'constructor', 'entry_', '..', 'A'].map(id =>
    api(`entry ${id}`, `/api/v1/entries/${id}`, 404, 'entry_unknown'),
  ),
  ...['%00', '%2e%2e', "'", '<<a*1000>>'].map(id =>
    api(`no entry ${id}`, `/api/v1/entries/${id}`, 404, 'record_unknown'),
  ),
  ...['x/y', ''].map(id => api(`no entry ${id}`, `/api/v1/entries/${id}`, 404, 'path_not_offered')),
  ...['POST', 'PUT', 'DELETE', 'PATCH'].map(method =>
    api(method, '/api/v1/entries', 404, 'path_not_offered', method),
  ),
]
