import fc from 'fast-check'
import { beforeAll, expect, test } from 'vitest'
import { Refusal } from '../../../shared/domain/refusal.ts'
import { ticketHash, verifyEnrolment } from '../../../shared/oauth/enrolment.ts'
import { type JoseKey, joseKey, joseSign } from './jose-keys.ts'

const issuer = 'https://gate.example'
const now = 1_800_000_000_000
const ticket = Buffer.alloc(32, 5).toString('base64url')
const typ = 'sallyport-enrolment+jwt'

let key: JoseKey
let good: string
beforeAll(async () => {
  key = await joseKey('Ed25519')
  const claims = { aud: issuer, iat: now / 1000, jti: 'a-proof-with-an-id', ticket_hash: ticketHash(ticket) }
  good = await joseSign(key, { typ }, claims)
})

const verify = (publicKey: unknown, proof: string) =>
  verifyEnrolment({ ticket, publicKey, proof }, issuer, now)

test('whatever is sent, the answer is a refusal and never an exception', () => {
  const strange = fc.oneof(
    fc.anything(),
    fc.record({ kty: fc.anything(), crv: fc.anything(), x: fc.anything() }),
  )
  fc.assert(
    fc.property(strange, fc.oneof(fc.string(), fc.constant(good)), (publicKey, proof) => {
      expect(verify(publicKey, proof)).toBeInstanceOf(Refusal)
    }),
  )
})

test('no other spelling of a good proof is one', () => {
  fc.assert(
    fc.property(fc.nat(good.length - 1), fc.constantFrom(...'Aa0-_.=+ '), (at, letter) => {
      const changed = good.slice(0, at) + letter + good.slice(at + 1)
      fc.pre(changed !== good)
      expect(verify(key.jwk, changed)).toBeInstanceOf(Refusal)
    }),
  )
  expect(verify(key.jwk, good)).toMatchObject({ kid: key.kid })
})

test('a proof with any claims is believed only for this ticket, this service and this minute', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.dictionary(fc.constantFrom('aud', 'iat', 'jti', 'ticket_hash', 'exp', 'nbf', 'iss'), fc.jsonValue()),
      async claims => {
        const proof = await joseSign(key, { typ }, claims)
        expect(verify(key.jwk, proof)).toBeInstanceOf(Refusal)
      },
    ),
    { numRuns: 50 },
  )
})
