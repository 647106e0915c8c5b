/** The twelve checks of RFC 9449 §4.3, from outside: at the token endpoint and at the gate. */
import { createSecretKey, randomUUID } from 'node:crypto'
import { decodeJwt } from 'jose'
import { request } from 'undici'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type EmbeddedWorld, openEmbedded } from '../world/embedded.ts'
import { type Form, openClient, type Parts, type ProtocolClient, seconds } from './client.ts'
import { ecKeys, publicJwk, rsaKeys } from './jws.ts'
import { told } from './told.ts'

let world: EmbeddedWorld
let client: ProtocolClient
let token: string
beforeAll(async () => {
  world = await openEmbedded()
  client = await openClient(world.issuer, world.partner('cedar'))
  token = await client.token()
})
afterAll(() => world.close())

const models = '/openai/v1/models'

/** A place where proofs are judged. */
interface Place {
  readonly name: string
  readonly method: string
  readonly path: string
  /** How it says that a proof is not good. */
  readonly status: number
  proof(parts?: Parts): string
  /** All else that a request has. */
  rest(): { readonly headers?: Form; readonly body?: Form }
}

const tokenEndpoint: Place = {
  name: 'the token endpoint',
  method: 'POST',
  path: '/oauth/token',
  status: 400,
  proof: parts => client.proof('POST', '/oauth/token', parts),
  rest: () => ({ body: client.authentication() }),
}

const gate: Place = {
  name: 'the gate',
  method: 'GET',
  path: models,
  status: 401,
  proof: parts => client.proof('GET', models, parts, token),
  rest: () => ({ headers: { authorization: `DPoP ${token}` } }),
}

const ask = ({ method, path }: Place, { headers, body }: ReturnType<Place['rest']>, dpop?: string) =>
  client.send(method, path, { ...headers, dpop }, body)

const invalid = ({ status }: Place): string => `${status} invalid_dpop_proof proof_invalid`
const replayed = ({ status }: Place): string => `${status} invalid_dpop_proof proof_replayed`

/** A proof that is refused spends nothing: its jti, and the assertion beside it, are good for a next request. */
async function expectInvalid(place: Place, parts: Parts, change = (proof: string) => proof): Promise<void> {
  const rest = place.rest()
  const claims = { jti: randomUUID() }
  const proof = change(place.proof({ ...parts, claims: { ...claims, ...parts.claims } }))
  expect(await told(await ask(place, rest, proof))).toBe(invalid(place))
  expect(await told(await ask(place, rest, place.proof({ claims })))).toBe('200')
}

async function expectGood(place: Place, parts: Parts): Promise<void> {
  expect(await told(await ask(place, place.rest(), place.proof(parts)))).toBe('200')
}

const other = ecKeys()
const rsa = rsaKeys()

const part = (index: number, change: (text: string) => string) => (jws: string) =>
  jws
    .split('.')
    .map((each, i) => (i === index ? change(each) : each))
    .join('.')
const base64url = (text: string): string => Buffer.from(text).toString('base64url')
const fromBase64url = (text: string): string => Buffer.from(text, 'base64url').toString()
const publicKeyAsSecret = createSecretKey(
  Buffer.from(other.publicKey.export({ type: 'spki', format: 'pem' })),
)

describe.each([tokenEndpoint, gate])('RFC 9449 §4.3 at $name', place => {
  test('point 1: no DPoP header, and two of them', async () => {
    expect(await told(await ask(place, place.rest()))).toBe(invalid(place))

    const { headers, body } = place.rest()
    const twice = await request(world.issuer + place.path, {
      method: place.method as 'GET' | 'POST',
      headers: {
        ...headers,
        dpop: [place.proof(), place.proof()],
        ...(body && { 'content-type': 'application/x-www-form-urlencoded' }),
      },
      body: body ? new URLSearchParams(body as Record<string, string>).toString() : null,
    })
    expect(twice.statusCode).toBe(place.status)
    expect(await twice.body.text()).toContain('"code":"proof_invalid"')
  })

  test('§4.1: the name of the header in any case', async () => {
    const { headers, body } = place.rest()
    const answer = await client.send(place.method, place.path, { ...headers, DPOP: place.proof() }, body)
    expect(answer.status).toBe(200)
  })

  test.each<[string, (jws: string) => string]>([
    ['no JWT', () => 'proof'],
    ['two parts', jws => jws.slice(0, jws.lastIndexOf('.'))],
    ['four parts', jws => `${jws}.e30`],
    ['two proofs in one header', jws => `${jws}, ${jws}`],
    ['padded base64url', part(1, text => `${text}==`)],
    ['a header that is no JSON', part(0, () => base64url('typ: dpop+jwt'))],
    ['a payload that is an array', part(1, () => base64url('[]'))],
  ])('point 2: %s', (_, change) => expectInvalid(place, {}, change))

  test.each(['jti', 'htm', 'htu', 'iat'])('point 3: without %s', claim =>
    expectInvalid(place, { claims: { [claim]: undefined } }),
  )

  test.each([{ jti: 7 }, { jti: '' }, { iat: '1' }, { htm: ['POST'] }, { htu: null }, { nonce: 7 }])(
    'point 3: %j is of the wrong kind',
    claims => expectInvalid(place, { claims }),
  )

  test.each([undefined, 'jwt', 'at+jwt', 'DPOP+JWT', 'application/dpop+jwt'])('point 4: typ is %s', typ =>
    expectInvalid(place, { header: { typ } }),
  )

  test.each<[string, Parts]>([
    ['none', { header: { alg: 'none' } }],
    ['missing', { header: { alg: undefined } }],
    ['HS256 with the public key as its secret', { header: { alg: 'HS256' }, key: publicKeyAsSecret }],
    ['RS256', { header: { alg: 'RS256', jwk: publicJwk(rsa.publicKey) }, key: rsa.privateKey }],
    // FAPI 2.0 allows it; here it is not offered, and the metadata do not list it.
    ['PS256', { header: { alg: 'PS256', jwk: publicJwk(rsa.publicKey) }, key: rsa.privateKey }],
    ['another curve’s', { header: { alg: 'ES384' } }],
  ])('point 5: alg is %s', (_, parts) => expectInvalid(place, parts))

  test.each<[string, Parts, ((jws: string) => string)?]>([
    ['by another key', { key: other.privateKey }],
    ['of other claims', {}, part(1, text => base64url(`{"a":1,${fromBase64url(text).slice(1)}`))],
    ['left out', {}, part(2, () => '')],
  ])('point 6: the signature is %s', (_, parts, change) => expectInvalid(place, parts, change))

  test('point 7: the jwk is a private key, a symmetric one, none, one that is referred to', async () => {
    const { d } = other.privateKey.export({ format: 'jwk' })
    for (const jwk of [{ ...client.proofJwk, d }, { kty: 'oct', k: 'c2VjcmV0' }, undefined])
      await expectInvalid(place, { header: { jwk } })
    await expectInvalid(place, { header: { jwk: undefined, jku: `${world.issuer}/.well-known/jwks.json` } })
  })

  test.each(['PUT', 'post', 'get', ''])('point 8: htm is %j', htm =>
    expectInvalid(place, { claims: { htm } }),
  )

  test.each<[string, (url: URL) => string]>([
    ['another path', ({ origin }) => `${origin}/api/v1/me`],
    ['a slash at its end', ({ href }) => `${href}/`],
    ['another scheme', ({ href }) => href.replace('http:', 'https:')],
    ['another port', ({ href, port }) => href.replace(`:${port}`, '')],
    ['a user', ({ href }) => href.replace('//', '//user@')],
    ['a path alone', ({ pathname }) => pathname],
  ])('point 9: htu has %s', (_, htu) =>
    expectInvalid(place, { claims: { htu: htu(new URL(world.issuer + place.path)) } }),
  )

  test.each<[string, (url: string) => string]>([
    ['a query and a fragment, which are ignored', url => `${url}?a=1#b`],
    ['its scheme in capitals', url => url.replace('http:', 'HTTP:')],
    ['an unreserved character escaped', url => url.replace('/o', '/%6f')],
    ['dots to remove', url => url.replace('/o', '/./x/../o')],
  ])('point 9: htu may have %s', (_, htu) =>
    expectGood(place, { claims: { htu: htu(world.issuer + place.path) } }),
  )

  test('point 10, §8 and §9: without a current nonce it is challenged with one, and nothing is spent', async () => {
    for (const nonce of [undefined, '', 'bG9uZyBhZ28']) {
      const rest = place.rest()
      const jti = randomUUID()
      const challenged = await ask(place, rest, place.proof({ claims: { jti, nonce } }))
      expect(challenged.headers.get('dpop-nonce')).toMatch(/^[\x21\x23-\x5b\x5d-\x7e]+$/)
      expect(challenged.headers.get('cache-control')).toBe('no-store')
      expect(await told(challenged)).toBe(`${place.status} use_dpop_nonce nonce_required`)
      expect(await told(await ask(place, rest, place.proof({ claims: { jti } })))).toBe('200')
    }
  })

  test('§8.2: an answer that grants brings the next nonce', async () => {
    const answer = await ask(place, place.rest(), place.proof())
    expect([answer.status, answer.headers.get('dpop-nonce')]).toEqual([200, expect.any(String)])
  })

  // A good nonce makes up for no clock, which the suite of FAPI 2.0 would prefer with a warning: an id is kept
  // for as long as its iat is accepted, and no longer.
  test('point 11: iat within 60 s of the past and 10 s of the future', async () => {
    for (const apart of [-55, 8]) await expectGood(place, { claims: { iat: seconds() + apart } })
    for (const apart of [-62, 15, -3600, 3600])
      await expectInvalid(place, { claims: { iat: seconds() + apart } })
  })

  test('§11.1: a proof is accepted once, and so is its jti', async () => {
    const jti = randomUUID()
    const proof = place.proof({ claims: { jti } })
    expect(await told(await ask(place, place.rest(), proof))).toBe('200')
    expect(await told(await ask(place, place.rest(), proof))).toBe(replayed(place))
    const younger = place.proof({ claims: { jti, iat: seconds() + 1 } })
    expect(await told(await ask(place, place.rest(), younger))).toBe(replayed(place))
  })

  test('§4.2: further members of header and claims are ignored', () =>
    expectGood(place, {
      header: { tx_id: 1, kid: 'k' },
      claims: { tx_id_key: 1, nbf: seconds(), exp: seconds() + 300 },
    }))

  test.each([
    { crit: ['exp'], exp: 1 },
    { crit: [], b64: true },
  ])('RFC 7515 §4.1.11: what %j asks for is not understood', header => expectInvalid(place, { header }))
})

describe('RFC 9449 §4.3 at the gate alone', () => {
  test('point 9: the query of the request is no part of its htu', async () => {
    const answer = await client.call('GET', `${models}?limit=1`, token, { dpop: gate.proof() })
    expect(await told(answer)).toBe('200')
  })

  test('point 12: ath is of another token, or missing', async () => {
    for (const ath of [undefined, '', base64url('another'), decodeJwt(token).jti])
      await expectInvalid(gate, { claims: { ath } })
  })

  test('point 12: the key is another than the one that the token is bound to', () =>
    expectInvalid(gate, { header: { jwk: publicJwk(other.publicKey) }, key: other.privateKey }))
})
