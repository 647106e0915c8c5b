import { createHash } from 'node:crypto'
import { exportJWK } from 'jose'
import { beforeAll, describe, expect, test } from 'vitest'
import { Refusal } from '../../../shared/domain/refusal.ts'
import { enrolledClientId, ticketHash, verifyEnrolment } from '../../../shared/oauth/enrolment.ts'
import { algorithms } from '../../../shared/oauth/public-jwk.ts'
import { type JoseKey, joseKey, joseSign, withHeader, without } from './jose-keys.ts'

const issuer = 'https://gate.example'
const now = 1_800_000_000_000
const seconds = now / 1000
const ticket = Buffer.alloc(32, 5).toString('base64url')
const typ = 'sallyport-enrolment+jwt'

let key: JoseKey
let other: JoseKey
beforeAll(async () => {
  key = await joseKey()
  other = await joseKey()
})

const claims = {
  aud: issuer,
  iat: seconds,
  jti: 'a-proof-with-an-id',
  ticket_hash: createHash('sha256').update(ticket).digest('base64url'),
}
const sign = (change: object = {}, header: object = {}, by = key): Promise<string> =>
  joseSign(by, { typ, ...header }, { ...claims, ...change })
const verify = (proof: string, publicKey: unknown = key.jwk, of = ticket) =>
  verifyEnrolment({ ticket: of, publicKey, proof }, issuer, now)
const field = (answer: unknown): string | undefined =>
  answer instanceof Refusal && answer.code === 'body_malformed' ? answer.facts.field : undefined

describe('a proof of possession', () => {
  test.each(algorithms)('of a key for %s registers its public half, by its thumbprint', async alg => {
    const own = await joseKey(alg)
    const jwk = { ...own.jwk, kid: 'of mine', use: 'sig', alg }
    expect(verify(await sign({}, {}, own), jwk)).toEqual({
      ticketHash: ticketHash(ticket),
      alg,
      jwk: own.jwk,
      kid: own.kid,
    })
  })

  test('may carry the key and its thumbprint in its header', async () => {
    expect(verify(await sign({}, { jwk: key.jwk, kid: key.kid }))).toMatchObject({ kid: key.kid })
  })

  test('is made by the key that it registers', async () => {
    expect(field(verify(await sign({}, {}, other)))).toBe('proof')
    expect(field(verify(await sign(), other.jwk))).toBe('proof')
    expect(field(verify(await sign({}, { jwk: other.jwk }, other)))).toBe('proof')
    expect(field(verify(await sign({}, { jwk: other.jwk })))).toBe('proof')
    expect(field(verify(await sign({}, { kid: other.kid })))).toBe('proof')
  })

  test('comes without the private key, however it is sent', async () => {
    const secret = await exportJWK(key.privateKey)
    expect(secret.d).toBeDefined()
    expect(field(verify(await sign(), secret))).toBe('public_key')
    expect(field(verify(await sign({}, { jwk: secret })))).toBe('proof')
  })

  test('is a JWT of its own type, by an algorithm of the list that fits the key', async () => {
    for (const wrong of ['JWT', 'dpop+jwt', 'at+jwt', 'client-authentication+jwt', undefined])
      expect(field(verify(await sign({}, { typ: wrong })))).toBe('proof')
    for (const alg of ['none', 'RS256', 'HS256', 'EdDSA'])
      expect(field(verify(withHeader(await sign(), { typ, alg })))).toBe('proof')
    expect(field(verify(withHeader(await sign(), { typ, alg: 'ES384' })))).toBe('public_key')
    const p384 = await joseKey('ES384')
    expect(field(verify(await sign({}, {}, p384)))).toBe('public_key')
  })

  test.each(['crit', 'b64', 'jku', 'x5u', 'x5c', 'x5t', 'x5t#S256'])(
    'has no %s in its header',
    async name => {
      const value = name === 'crit' ? ['custom'] : name === 'b64' ? true : 'https://attacker.example'
      const header = name === 'crit' ? { crit: value, custom: 1 } : { [name]: value }
      expect(
        field(
          verify(
            name === 'b64'
              ? withHeader(await sign(), { typ, alg: 'ES256', b64: true })
              : await sign({}, header),
          ),
        ),
      ).toBe('proof')
    },
  )

  test('is for this service alone', async () => {
    for (const aud of [`${issuer}/`, `${issuer}/oauth/token`, [issuer], 'https://other.example', undefined])
      expect(field(verify(await sign({ aud })))).toBe('proof')
  })

  test('is for this ticket alone', async () => {
    const another = Buffer.alloc(32, 6).toString('base64url')
    expect(field(verify(await sign(), key.jwk, another))).toBe('proof')
    expect(field(verify(await sign({ ticket_hash: ticket })))).toBe('proof')
  })

  test.each(['aud', 'iat', 'jti', 'ticket_hash'])('has a claim %s', async name => {
    expect(field(verify(await joseSign(key, { typ }, without(claims, name))))).toBe('proof')
  })

  test('is made between 60 s ago and 10 s ahead', async () => {
    for (const iat of [seconds - 60, seconds, seconds + 10])
      expect(verify(await sign({ iat }))).not.toBeInstanceOf(Refusal)
    for (const iat of [seconds - 61, seconds + 11, `${seconds}`, null])
      expect(field(verify(await sign({ iat })))).toBe('proof')
  })

  test('has an id of 16 to 128 characters', async () => {
    for (const jti of ['x'.repeat(16), 'x'.repeat(128)])
      expect(verify(await sign({ jti }))).not.toBeInstanceOf(Refusal)
    for (const jti of ['x'.repeat(15), 'x'.repeat(129), 7])
      expect(field(verify(await sign({ jti })))).toBe('proof')
  })

  test('keeps to an exp and an nbf where it has them', async () => {
    expect(verify(await sign({ exp: seconds + 1, nbf: seconds }))).not.toBeInstanceOf(Refusal)
    for (const change of [{ exp: seconds }, { exp: 'never' }, { nbf: seconds + 11 }, { nbf: 'now' }])
      expect(field(verify(await sign(change)))).toBe('proof')
  })
})

describe('the id of the client to be', () => {
  test('is the same for the same ticket, another for another, and no other kind of id', () => {
    const id = enrolledClientId(ticketHash(ticket))
    expect(id).toBe(enrolledClientId(ticketHash(ticket)))
    expect(id).toMatch(/^client_[0-9a-z]{26}$/)
    expect(enrolledClientId(ticketHash(`${ticket}x`))).not.toBe(id)
  })
})
