/**
 * Client authentication by `private_key_jwt`: RFC 7521 §4.2 and RFC 7523 §3 with the audience and the type of
 * RFC 10070. Each refusal leaves the jti of the assertion and the proof beside it unspent.
 */
import { createSecretKey, randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type EmbeddedWorld, openEmbedded } from '../world/embedded.ts'
import { openClient, type Parts, type ProtocolClient, seconds } from './client.ts'
import { ecKeys, publicJwk, rsaKeys } from './jws.ts'
import { told } from './told.ts'

let world: EmbeddedWorld
let client: ProtocolClient
let other: ProtocolClient
beforeAll(async () => {
  world = await openEmbedded()
  client = await openClient(world.issuer, world.partner('cedar'))
  other = await openClient(world.issuer, world.partner('prairie'))
})
afterAll(() => world.close())

const expectGood = async (parts: Parts) =>
  expect(await told(await client.tokenRequest({ client_assertion: client.assertion(parts) }))).toBe('200')

async function expectRefused(parts: Parts, change = (assertion: string) => assertion): Promise<void> {
  const claims = { jti: randomUUID() }
  const dpop = client.proof('POST', '/oauth/token')
  const bad = change(client.assertion({ ...parts, claims: { ...claims, ...parts.claims } }))
  expect(await told(await client.tokenRequest({ client_assertion: bad }, dpop))).toBe('401 invalid_client')
  const good = client.assertion({ claims })
  expect(await told(await client.tokenRequest({ client_assertion: good }, dpop))).toBe('200')
}

const { privateKey, publicKey } = ecKeys()
const rsa = rsaKeys()

describe('RFC 10070: the audience is the issuer identifier, alone and as a string', () => {
  test('the issuer identifier', () => expectGood({ claims: { aud: world.issuer } }))

  test.each<[string, (issuer: string) => unknown]>([
    ['an array of the issuer', issuer => [issuer]],
    ['the issuer among others', issuer => [issuer, 'https://as.example']],
    ['the token endpoint', issuer => `${issuer}/oauth/token`],
    ['the issuer with a slash: the comparison is of strings', issuer => `${issuer}/`],
    ['the issuer in capitals', issuer => issuer.toUpperCase()],
    ['the issuer and the token endpoint', issuer => [issuer, `${issuer}/oauth/token`]],
    ['another server', () => 'https://as.example'],
    ['a resource', issuer => `${issuer}/api`],
    ['nothing', () => undefined],
    ['null', () => null],
  ])('refused: %s', (_, aud) => expectRefused({ claims: { aud: aud(world.issuer) } }))

  test('it is the same at the revocation endpoint, which is no audience either', async () => {
    const token = await client.token()
    for (const aud of [`${world.issuer}/oauth/revoke`, `${world.issuer}/oauth/token`, [world.issuer]]) {
      const client_assertion = client.assertion({ claims: { aud } })
      expect(await told(await client.revoke(token, { client_assertion }))).toBe('401 invalid_client')
    }
    expect(await told(await client.revoke(token))).toBe('200')
  })
})

describe('RFC 10070: the type', () => {
  test.each(['client-authentication+jwt', 'JWT', undefined])('%s is accepted', typ =>
    expectGood({ header: { typ } }),
  )

  // One spelling each: the long form of the media type gains nobody anything.
  test.each(['at+jwt', 'dpop+jwt', 'jwt', 'application/client-authentication+jwt', 7])('%s is refused', typ =>
    expectRefused({ header: { typ } }),
  )
})

describe('RFC 7521 §4.2: the request', () => {
  test.each<[string, Record<string, string | undefined>]>([
    ['no assertion', { client_assertion: undefined }],
    ['an empty assertion', { client_assertion: '' }],
    ['no type', { client_assertion_type: undefined }],
    ['another type', { client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:saml2-bearer' }],
    ['another client_id', { client_id: 'client_of_another' }],
  ])('%s', async (_, form) => {
    const dpop = client.proof('POST', '/oauth/token')
    expect(await told(await client.tokenRequest(form, dpop))).toBe('401 invalid_client')
    expect(await told(await client.tokenRequest({}, dpop))).toBe('200')
  })

  test('a client_id is optional, and is the subject', async () =>
    expect(await told(await client.tokenRequest({ client_id: client.id }))).toBe('200'))

  test('RFC 6749 §2.3: one way to authenticate, and never by a secret', async () => {
    expect(await told(await client.tokenRequest({ client_secret: 's' }))).toBe('400 invalid_request')
    const basic = await client.send(
      'POST',
      '/oauth/token',
      { authorization: 'Basic YTpi', dpop: client.proof('POST', '/oauth/token') },
      client.authentication(),
    )
    expect(await told(basic)).toBe('400 invalid_request')
  })
})

describe('RFC 7523 §3: the claims', () => {
  test.each<[string, Parts]>([
    ['1: no iss', { claims: { iss: undefined } }],
    ['1: another iss', { claims: { iss: 'https://as.example' } }],
    ['2: no sub', { claims: { sub: undefined } }],
    ['4: no exp', { claims: { exp: undefined } }],
    ['4: an exp that is a text', { claims: { exp: '9999999999' } }],
    ['5: an nbf that is a text', { claims: { nbf: '0' } }],
    ['6: no iat', { claims: { iat: undefined } }],
    ['7: no jti', { claims: { jti: undefined } }],
    ['7: a jti that can be guessed', { claims: { jti: '1' } }],
    ['7: a jti without end', { claims: { jti: 'j'.repeat(129) } }],
  ])('point %s', (_, parts) => expectRefused(parts))

  test('point 4: what has expired, or would live for more than 120 s', async () => {
    const now = seconds()
    for (const [iat, exp] of [
      [now - 400, now - 300],
      [now - 60, now - 1],
      [now, now + 121],
      [now - 10, now + 115],
      [now + 5, now + 5],
      [now, now + 315_360_000],
    ])
      await expectRefused({ claims: { iat, exp } })
    await expectGood({ claims: { iat: now - 50, exp: now + 70 } })
  })

  test('points 5 and 6: nbf and iat at most 10 s ahead', async () => {
    const now = seconds()
    for (const ahead of [
      { iat: now + 15 },
      { nbf: now + 15 },
      { iat: now + 61, nbf: now + 61, exp: now + 120 },
    ])
      await expectRefused({ claims: ahead })
    await expectGood({ claims: { iat: now + 8, nbf: now + 8 } })
  })

  test('point 3 and §2.2: the subject is the client whose key it is', async () => {
    const claims = { iss: other.id, sub: other.id }
    await expectRefused({ claims })
    await expectRefused({ claims, header: { kid: world.partner('prairie').kid } })
  })

  test('further claims are ignored', () => expectGood({ claims: { scope: 'all', client_id: 'x' } }))
})

describe('RFC 7523 §3 point 9 and RFC 7515: the signature', () => {
  test.each<[string, Parts]>([
    ['another key', { key: privateKey }],
    ['none', { header: { alg: 'none' } }],
    ['RS256', { header: { alg: 'RS256' }, key: rsa.privateKey }],
    ['PS256', { header: { alg: 'PS256' }, key: rsa.privateKey }],
    ['HS256, of a public key', { header: { alg: 'HS256' }, key: createSecretKey(Buffer.from('public')) }],
    ['an algorithm the key is not registered for', { header: { alg: 'ES384' } }],
    ['a kid that is not registered', { header: { kid: 'k' } }],
    ['no kid', { header: { kid: undefined } }],
    ['a key of its own', { header: { jwk: publicJwk(publicKey) }, key: privateKey }],
    ['a key from its own address', { header: { jku: 'https://evil.example/jwks' } }],
    ['a certificate', { header: { x5c: ['MIIB'] } }],
    ['the address of a certificate', { header: { x5u: 'https://evil.example/x5u' } }],
    ['crit', { header: { crit: ['exp'], exp: 1 } }],
    ['b64', { header: { b64: false } }],
  ])('%s', (_, parts) => expectRefused(parts))

  test.each<[string, (assertion: string) => string]>([
    ['two parts', jws => jws.slice(0, jws.lastIndexOf('.'))],
    ['four parts', jws => `${jws}.`],
    ['a twin of the signature, with a padding', jws => `${jws}==`],
    ['no JWT', () => 'assertion'],
    ['one that is too long', jws => jws + 'A'.repeat(8192)],
  ])('%s', (_, change) => expectRefused({}, change))

  test('an unknown client and a wrong key get the same answer', async () => {
    const answers = await Promise.all(
      [{ claims: { iss: 'client_x', sub: 'client_x' } }, { key: privateKey }].map(async parts => {
        const response = await client.tokenRequest({ client_assertion: client.assertion(parts) })
        return { status: response.status, body: await response.json() }
      }),
    )
    expect(answers[0]).toEqual(answers[1])
  })
})

describe('RFC 7521 §8.2: an assertion is accepted once', () => {
  test('at the token endpoint, also by another proof, and with a younger iat', async () => {
    const jti = randomUUID()
    const client_assertion = client.assertion({ claims: { jti } })
    expect(await told(await client.tokenRequest({ client_assertion }))).toBe('200')
    expect(await told(await client.tokenRequest({ client_assertion }))).toBe('401 invalid_client')
    const younger = client.assertion({ claims: { jti, iat: seconds() + 1 } })
    expect(await told(await client.tokenRequest({ client_assertion: younger }))).toBe('401 invalid_client')
  })

  test('at both endpoints together', async () => {
    const token = await client.token()
    const client_assertion = client.assertion()
    expect(await told(await client.revoke('x', { client_assertion }))).toBe('200')
    expect(await told(await client.tokenRequest({ client_assertion }))).toBe('401 invalid_client')
    expect(await told(await client.revoke(token, { client_assertion }))).toBe('401 invalid_client')
    expect(await told(await client.call('GET', '/openai/v1/models', token))).toBe('200')
  })

  test('a jti is its client’s: that another has used it hinders nobody', async () => {
    const claims = { jti: randomUUID() }
    for (const each of [client, other])
      expect(await told(await each.tokenRequest({ client_assertion: each.assertion({ claims }) }))).toBe(
        '200',
      )
  })
})
