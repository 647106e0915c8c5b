/** Requests that begin well-formed, each with changes that fast-check chooses and takes back one by one. */
import fc from 'fast-check'
import { algorithms, texts } from './credentials.ts'
import { lists, objectText, refusedTexts } from './fields.ts'
import { type Mangling, type OperationPart, paths, post } from './malformed.ts'
import type { Kept } from './replay.ts'

/** Replaces bytes of the request as it is sent; `at` is a place between its start, 0, and its end, 1. */
export interface Edit {
  readonly at: number
  readonly remove: number
  readonly insert: string
}

export interface Mutated extends Kept {
  readonly edits: readonly Edit[]
  /** HTTP itself may be broken: then no answer is an answer too. */
  readonly framed: boolean
}

const usualLines = ['Authorization: DPoP {{token}}', 'DPoP: {{proof}}', 'Content-Type: application/json']
const form =
  'grant_type=client_credentials&client_assertion={{assertion}}&client_assertion_type=urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer'
const formLines = ['Content-Type: application/x-www-form-urlencoded', 'DPoP: {{proof}}']

/** Pieces of the protocols, which chance would not find. */
const piece = fc.constantFrom(
  '\r\n',
  '\n',
  '\0',
  '"',
  '\\',
  '{',
  '}',
  '[',
  ']',
  ',',
  ':',
  '.',
  '%',
  '=',
  '&',
  '+',
  ';',
  '\\ud800',
  '\xff',
  '\xc0\xaf',
  'e999',
  '-',
  '0',
  '9'.repeat(20),
  'null',
  'true',
  '__proto__',
  'stream',
  'Content-Length: 3\r\n',
  'Transfer-Encoding: chunked\r\n',
  'Expect: 100-continue\r\n',
  'DPoP: x\r\n',
  'Authorization: x\r\n',
  ' HTTP/1.1\r\n',
)
const latin1 = fc.string({ unit: fc.nat(255).map(code => String.fromCharCode(code)), maxLength: 12 })
const edits = fc.array(
  fc.record({
    at: fc.double({ min: 0, max: 1, noNaN: true }),
    remove: fc.oneof(fc.nat(4), fc.nat(200)),
    insert: fc.oneof(piece, latin1),
  }),
  { minLength: 1, maxLength: 4 },
)

const jsonText = fc.oneof(
  fc.jsonValue().map(value => JSON.stringify(value)),
  fc.constantFrom(...new Set(Object.values(lists).flatMap(list => [...refusedTexts(list).values()].flat()))),
  piece,
)
const operation = fc.constantFrom(...(Object.keys(paths) as OperationPart[]))

const name = (part: OperationPart) =>
  fc.oneof(fc.constantFrom(...refusedTexts(lists[part]).keys(), '__proto__'), fc.string({ maxLength: 8 }))

export const bodies: fc.Arbitrary<Mutated> = operation.chain(part =>
  fc
    .record({
      changed: fc.dictionary(name(part), jsonText, { maxKeys: 3 }),
      without: fc.subarray(Object.keys(lists[part].base), { maxLength: 1 }),
      streamed: fc.boolean(),
    })
    .map(({ changed, without, streamed }) => {
      const all = { ...lists[part].base, ...(streamed && { stream: 'true' }), ...changed }
      const kept = Object.fromEntries(Object.entries(all).filter(([name]) => !without.includes(name)))
      return { request: post(paths[part], usualLines, objectText(kept)), edits: [], framed: true }
    }),
)

export const wire: fc.Arbitrary<Mutated> = fc
  .record({ part: operation, toToken: fc.boolean(), edits })
  .map(({ part, toToken, edits }) => ({
    request: toToken
      ? post('/oauth/token', formLines, form)
      : post(paths[part], usualLines, objectText(lists[part].base)),
    edits,
    framed: false,
  }))

const header = fc.tuple(
  fc.oneof(
    fc.constantFrom(
      'Content-Type',
      'Content-Encoding',
      'authorization',
      'dpop',
      'Host',
      'anthropic-beta',
      'anthropic-version',
      'Expect',
      'Connection',
      'Transfer-Encoding',
      'Cookie',
      'X-Forwarded-For',
      '__proto__',
    ),
    fc.stringMatching(/^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,12}$/),
  ),
  fc.oneof(
    fc.constantFrom(
      '',
      'gzip',
      'identity',
      'chunked',
      'DPoP {{token}}',
      '{{proof}}',
      'application/json',
      '100-continue',
      'close',
      '2023-06-01',
    ),
    fc.stringMatching(/^[ -~]{0,20}$/),
  ),
)

export const headers: fc.Arbitrary<Mutated> = fc
  .record({
    part: operation,
    further: fc.array(header, { minLength: 1, maxLength: 5 }),
    kept: fc.subarray(usualLines),
  })
  .map(({ part, further, kept }) => ({
    request: post(
      paths[part],
      [...kept, ...further.map(line => line.join(': '))],
      objectText(lists[part].base),
    ),
    edits: [],
    framed: false,
  }))

const parameter = fc.constantFrom('alg', 'typ', 'kid', 'jwk', 'crit', 'b64', 'jku', 'x5c', '__proto__')
const claim = fc.constantFrom(
  'iss',
  'sub',
  'aud',
  'exp',
  'iat',
  'nbf',
  'jti',
  'htm',
  'htu',
  'ath',
  'nonce',
  'cnf',
  'scope',
  '__proto__',
)
const seconds = fc.oneof(fc.integer({ min: -200, max: 200 }), fc.double())
const mangling: fc.Arbitrary<Mangling> = fc.record(
  {
    header: fc.dictionary(parameter, fc.oneof(fc.jsonValue(), fc.constantFrom(...algorithms)), {
      minKeys: 1,
      maxKeys: 2,
    }),
    claims: fc.dictionary(claim, fc.oneof(fc.jsonValue(), seconds), { minKeys: 1, maxKeys: 2 }),
    without: fc.array(fc.oneof(parameter, claim), { minLength: 1, maxLength: 2 }),
    fromNow: fc.dictionary(fc.constantFrom('iat', 'exp', 'nbf'), seconds, { minKeys: 1, maxKeys: 2 }),
    rawHeader: fc.oneof(fc.json(), fc.string()),
    rawPayload: fc.oneof(fc.json(), fc.string()),
    as: fc.oneof(fc.constantFrom(...texts.map(([, as]) => as)), fc.stringMatching(/^[!-~]{0,40}$/)),
  },
  { requiredKeys: [] },
)

export const credentials: fc.Arbitrary<Mutated> = fc
  .record({ part: operation, which: fc.constantFrom('token', 'proof'), mangling })
  .map(({ part, which, mangling }) => ({
    request: post(paths[part], usualLines, objectText(lists[part].base)),
    [which]: mangling,
    edits: [],
    framed: true,
  }))

const pair = fc.tuple(
  fc.oneof(
    fc.constantFrom(
      'grant_type',
      'resource',
      'scope',
      'purpose',
      'client_id',
      'client_assertion',
      'client_secret',
      '__proto__',
    ),
    fc.string({ maxLength: 8 }),
  ),
  fc.oneof(
    fc.constantFrom('client_credentials', 'infer', '{{issuer}}/api', ''),
    fc.string({ maxLength: 20 }),
  ),
  fc.boolean(),
)

export const forms: fc.Arbitrary<Mutated> = fc
  .record({
    further: fc.array(pair, { maxLength: 3 }),
    which: fc.constantFrom('assertion', 'proof', 'neither'),
    mangling,
  })
  .map(({ further, which, mangling }) => {
    const pairs = further.map(([name, value, escaped]) =>
      escaped ? `${encodeForm(name)}=${encodeForm(value)}` : `${name}=${value}`,
    )
    return {
      request: post('/oauth/token', formLines, [form, ...pairs].join('&')),
      ...(which !== 'neither' && { [which]: mangling }),
      edits: [],
      framed: true,
    }
  })

/** Total, unlike `encodeURIComponent`: a lone surrogate becomes U+FFFD. */
const encodeForm = (text: string): string => encodeURIComponent(text.toWellFormed())

/** The bytes with each edit made, from the last place to the first. */
export function edited(bytes: Buffer, edits: readonly Edit[]): Buffer {
  let text = bytes.toString('latin1')
  for (const { at, remove, insert } of [...edits].sort((a, b) => b.at - a.at)) {
    const place = Math.floor(at * text.length)
    text = text.slice(0, place) + insert + text.slice(place + remove)
  }
  return Buffer.from(text, 'latin1')
}
