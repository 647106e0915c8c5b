import fc from 'fast-check'
import { beforeAll, expect, test } from 'vitest'
import { algorithms, readPublicJwk, thumbprint } from '../../../shared/oauth/public-jwk.ts'
import { type JoseKey, joseKey } from './jose-keys.ts'

let keys: readonly JoseKey[]
beforeAll(async () => {
  keys = await Promise.all(algorithms.map(joseKey))
})
const alg = fc.constantFrom(...algorithms)
const secret = fc.constantFrom('d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k')

test('any value is a public key or none', () => {
  const members = fc.dictionary(fc.constantFrom('kty', 'crv', 'x', 'y'), fc.jsonValue())
  fc.assert(
    fc.property(fc.oneof(fc.anything(), members), alg, (value, alg) => {
      const jwk = readPublicJwk(value, alg)
      if (jwk) expect(readPublicJwk(jwk, alg)).toEqual(jwk)
    }),
  )
})

test('of a key of jose only what identifies it is kept, whatever else stands there; its thumbprint is jose’s', () => {
  const others = fc.dictionary(
    fc.constantFrom('use', 'kid', 'alg', 'key_ops', 'ext', '__proto__'),
    fc.jsonValue(),
  )
  fc.assert(
    fc.property(fc.nat(2), others, (pick, others) => {
      const { alg, jwk, kid } = keys[pick] as JoseKey
      const read = readPublicJwk({ ...others, ...jwk }, alg)
      expect(read).toEqual(jwk)
      expect(read && thumbprint(read)).toBe(kid)
    }),
  )
})

test('a key that carries a secret is none, whatever the secret is', () => {
  fc.assert(
    fc.property(fc.nat(2), secret, fc.jsonValue(), (pick, member, value) => {
      const { alg, jwk } = keys[pick] as JoseKey
      expect(readPublicJwk({ ...jwk, [member]: value }, alg)).toBeUndefined()
    }),
  )
})
