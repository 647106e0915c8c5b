/** Headers, encodings and JSON that the gate refuses whatever the protocol. */
import { call, type Malformed } from './malformed.ts'

const ask = '"model":"aurora-preview","max_tokens":20,"messages":[{"role":"user","content":"x"}]'
const wellFormed = `{${ask}}`
const json = 'Content-Type: application/json'

const header = (name: string, ...lines: string[]): Malformed =>
  call('headers', name, wellFormed, { lines, codes: ['field_not_allowed'] })

/** The credentials themselves are in doubt. */
const credentials = (name: string, codes: string[], request: (usual: string) => string): Malformed => {
  const usual = call('headers', name, wellFormed)
  return { ...usual, request: request(usual.request), statuses: [401], codes, authenticated: false }
}
const [authorization, dpop] = ['Authorization: DPoP {{token}}\r\n', 'DPoP: {{proof}}\r\n']
const withAuthorization = (name: string, ...lines: string[]): Malformed =>
  credentials(name, ['token_invalid'], usual =>
    usual.replace(authorization, lines.map(line => `${line}\r\n`).join('')),
  )
const withProofs = (name: string, ...lines: string[]): Malformed =>
  credentials(name, ['proof_invalid'], usual =>
    usual.replace(dpop, lines.map(line => `${line}\r\n`).join('')),
  )

export const headers: readonly Malformed[] = [
  header('no Content-Type'),
  header('an empty Content-Type', 'Content-Type:'),
  ...[
    'text/plain',
    'text/json',
    'application/jsonx',
    'application/x-www-form-urlencoded',
    'multipart/form-data',
    '*/*',
    'application/json; charset=utf-16',
    'application/json; charset=latin1',
    'application/json;',
    'application/json; charset',
    'application/json, application/json',
    'application/json; boundary=x',
  ].map(type => header(`Content-Type: ${type}`, `Content-Type: ${type}`)),
  header('two Content-Types', json, 'content-type: text/plain'),
  header('two equal Content-Types', json, json),
  ...[
    'gzip',
    'deflate',
    'br',
    'zstd',
    'compress',
    'x-gzip',
    'identity, gzip',
    'gzip, gzip',
    'aws-chunked',
    '',
  ].map(coding => header(`Content-Encoding: ${coding}`, json, `Content-Encoding: ${coding}`)),
  header('two Content-Encodings', json, 'Content-Encoding: identity', 'content-encoding: identity'),
  header('two versions', json, 'Anthropic-Version: 2023-06-01', 'anthropic-version: 2023-06-01'),
  ...['2023-06-01, 2023-06-01', 'latest', '2023-6-1', '2023-06-01 x', ''].map(version =>
    header(`Anthropic-Version: ${version}`, json, `Anthropic-Version: ${version}`),
  ),
  header('a beta', json, 'anthropic-beta: files-api-2025-04-14'),
  header('a beta in capitals', json, 'ANTHROPIC-BETA: x'),
  ...['beta=1', 'api-version=1', '__proto__=1', 'a', '=1', '%zz=%zz', `${'a'.repeat(500)}=1`].map(
    (query, i) =>
      call('headers', `a query, ${i + 1}: ${query.slice(0, 20)}`, wellFormed, {
        codes: ['field_not_allowed'],
        authenticated: true,
        lines: [json],
        query,
      }),
  ),
  withAuthorization('no Authorization'),
  withAuthorization('two Authorizations', 'Authorization: DPoP {{token}}', 'authorization: DPoP {{token}}'),
  withAuthorization('two Authorizations, one empty', 'Authorization: DPoP {{token}}', 'Authorization:'),
  withAuthorization('two Authorizations in one', 'Authorization: DPoP {{token}}, DPoP {{token}}'),
  withAuthorization('Bearer', 'Authorization: Bearer {{token}}'),
  withAuthorization('Basic', 'Authorization: Basic {{token}}'),
  withAuthorization('no scheme', 'Authorization: {{token}}'),
  withAuthorization('a scheme alone', 'Authorization: DPoP'),
  withAuthorization('a tab behind the scheme', 'Authorization: DPoP\t{{token}}'),
  withAuthorization('a token in quotes', 'Authorization: DPoP "{{token}}"'),
  withAuthorization(
    'a name with an underscore',
    'authori_zation: DPoP {{token}}',
    'HTTP_AUTHORIZATION: DPoP {{token}}',
  ),
  withAuthorization('the key of a provider', 'x-api-key: {{token}}'),
  withProofs('no proof'),
  withProofs('two proofs', 'DPoP: {{proof}}', 'dpop: {{proof}}'),
  withProofs('two proofs, one empty', 'DPoP: {{proof}}', 'DPoP:'),
  withProofs('two proofs in one', 'DPoP: {{proof}}, {{proof}}'),
  withProofs('an empty proof', 'DPoP:'),
]

const body = (name: string, text: string | Uint8Array, codes = ['body_malformed']): Malformed =>
  call('json', name, text, { codes })
const bytes = (...parts: (string | number)[]): Buffer =>
  Buffer.concat(parts.map(part => (typeof part === 'string' ? Buffer.from(part) : Buffer.of(part))))
const inText = (name: string, ...text: number[]): Malformed =>
  body(name, bytes('{"model":"aurora-preview","messages":[{"role":"user","content":"', ...text, '"}]}'))
const further = (name: string, text: string): Malformed => body(name, `{${ask},${text}}`)
const utf16 = Buffer.from(wellFormed, 'utf16le')

export const jsons: readonly Malformed[] = [
  inText('a byte that is never UTF-8', 0xff),
  inText('a continuation without a start', 0x80),
  inText('a sequence that is cut', 0xe2, 0x82),
  inText('an overlong slash', 0xc0, 0xaf),
  inText('an overlong NUL', 0xc0, 0x80),
  inText('an overlong sequence of three', 0xe0, 0x80, 0xaf),
  inText('a surrogate in UTF-8', 0xed, 0xa0, 0x80),
  inText('a pair of surrogates in UTF-8', 0xed, 0xa0, 0xbd, 0xed, 0xb8, 0x80),
  inText('beyond U+10FFFF', 0xf4, 0x90, 0x80, 0x80),
  inText('a sequence of five', 0xf8, 0x88, 0x80, 0x80, 0x80),
  inText('Latin-1', 0xe9),
  inText('a NUL in a string', 0),
  inText('a line break in a string', 10),
  inText('a tab in a string', 9),
  body('UTF-16', utf16),
  body('UTF-16 with a byte order mark', bytes(0xff, 0xfe, utf16.toString('latin1'))),
  body('two byte order marks', `\ufeff\ufeff${wellFormed}`),
  body('a byte order mark inside', `{\ufeff${ask}}`),
  body('gzip', bytes(0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3)),
  body('nothing', ''),
  body('a blank', ' '),
  body('NUL bytes', '\0\0\0'),
  body('a form', 'model=aurora-preview&messages=x'),
  body('XML', '<model>aurora-preview</model>'),
  body('YAML', 'model: aurora-preview'),
  body('event stream', `data: ${wellFormed}\n\n`),
  body('JSON lines', `${wellFormed}\n${wellFormed}`),
  ...['null', 'true', '7', '"x"', '[]', `[${wellFormed}]`, JSON.stringify(wellFormed)].map(text =>
    body(`a body that is ${text.slice(0, 12)}`, text),
  ),
  body('an empty object', '{}'),
  body('what is cut', wellFormed.slice(0, -1)),
  body('a bracket too many', `${wellFormed}}`),
  body('something behind', `${wellFormed} x`),
  body('a NUL behind', `${wellFormed}\0`),
  body('a comment', `{/* x */${ask}}`),
  body('a comment to the end of the line', `{${ask}}// x`),
  body('a comma at the end', `{${ask},}`),
  body('no comma', `{"model":"aurora-preview" "messages":[]}`),
  body('names without quotes', '{model:"aurora-preview"}'),
  body('single quotes', `{'model':'aurora-preview'}`),
  body('brackets that cross', `{${ask},"tools":[{]}}`),
  ...[
    'NaN',
    'Infinity',
    '-Infinity',
    'undefined',
    '01',
    '1.',
    '.5',
    '+1',
    '1e',
    '0x10',
    '1_000',
    '--1',
    'True',
    'nul',
  ].map(text => further(`a value ${text}`, `"top_p":${text}`)),
  ...['"\\x41"', '"\\u12"', '"\\ud83d', '"\\"', '"\\u{41}"', '"\\\''].map((text, i) =>
    further(`an escape that is none, ${i + 1}`, `"user":${text}`),
  ),
  body('65 arrays', '<<[*65>><<]*65>>'),
  body('5,000 arrays in a field', `{${ask},"tools":<<[*5000>><<]*5000>>}`),
  body('65 objects', '<<{"a":*65>>1<<}*65>>'),
  body('a million arrays', '<<[*1000000>><<]*1000000>>'),
  body('a million arrays without an end', '<<[*1000000>>'),
  body('20,002 values', `{${ask},"stop":[<<"a",*20001>>"a"]}`),
  body('a million values', `{${ask},"stop":[<<0,*1000000>>0]}`),
  body('20,000 wrong values', `{${ask},"stop":[<<7,*19000>>7]}`),
  {
    ...body('4 MB and one byte', `<< *${(4 << 20) - wellFormed.length + 1}>>${wellFormed}`),
    statuses: [413],
    codes: ['body_too_large'],
  },
  further('a key twice', '"model":"other"'),
  further('a key twice, escaped', '"\\u006dodel":"other"'),
  further('a key twice, escaped in capitals', '"\\u006D\\u006Fdel":"other"'),
  further('a key twice, equal', '"max_tokens":20'),
  further('a key twice inside', '"metadata":{"a":"x","a":"y"}'),
  further(
    'a key twice deep inside',
    '"tools":[{"type":"function","function":{"name":"f","parameters":{"a":[{"b":1,"b":2}]}}}]',
  ),
  body('a field named __proto__', `{${ask},"__proto__":{"store":true}}`, ['body_malformed']),
  ...['constructor', 'prototype', 'toString', 'hasOwnProperty', '', 'Model', 'model ', 'model\\u0000'].map(
    name => body(`a field named "${name}"`, `{${ask},"${name}":{"store":true}}`, ['field_not_allowed']),
  ),
  body(
    'a message with __proto__',
    '{"model":"aurora-preview","messages":[{"role":"user","content":"x","__proto__":{"role":"system"}}]}',
    ['body_malformed'],
  ),
  body('a field named by 100,000 letters', `{${ask},"<<a*100000>>":1}`, ['field_not_allowed']),
  {
    ...body(
      'a model named by 1,000,000 letters',
      '{"model":"<<a*1000000>>","messages":[{"role":"user","content":"x"}]}',
    ),
    statuses: [404],
    codes: ['model_unknown'],
  },
  {
    ...body(
      'another model than the token',
      '{"model":"borealis","messages":[{"role":"user","content":"x"}]}',
    ),
    statuses: [404],
    codes: ['model_unknown'],
  },
  {
    ...body(
      'a limit that could never fit',
      `{"model":"aurora-preview","max_tokens":9007199254740991,"messages":[{"role":"user","content":"x"}]}`,
    ),
    codes: ['request_exceeds_limit'],
  },
]
