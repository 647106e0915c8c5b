import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { KeyRing } from '../../../shared/domain/records.ts'
import {
  type NewKey,
  publishedKeys,
  rotate,
  signingKey,
  verificationKey,
} from '../../../shared/oauth/key-ring.ts'

const newKey = (kid: string): NewKey => ({
  kid,
  alg: 'ES256',
  jwk: { kty: 'EC', crv: 'P-256', x: 'x', y: 'y' },
  ref: `${kid}.json`,
})
const start = 1_800_000_000_000
const first = rotate({ version: 0, keys: [] }, newKey('a'), start)
const second = rotate(first, newKey('b'), start)

const signs = (ring: KeyRing, now: number, compromised = {}) => signingKey(ring, now, compromised)?.kid
const published = (ring: KeyRing, now: number, compromised = {}) =>
  publishedKeys(ring, now, compromised).map(key => key.kid)

test('the first key signs at once; before there is one, none does', () => {
  expect(signs({ version: 0, keys: [] }, start)).toBeUndefined()
  expect(signs(first, start)).toBe('a')
  expect(first.version).toBe(1)
})

describe('after a rotation', () => {
  test('the new key is published for a cache lifetime of 300 s before it signs', () => {
    expect(published(second, start)).toEqual(['a', 'b'])
    expect(signs(second, start + 299_999)).toBe('a')
    expect(signs(second, start + 300_000)).toBe('b')
  })

  test('the old key stays for 900 s and 60 s of skew after its last signature', () => {
    const retires = start + 300_000 + 960_000
    expect(verificationKey(second, 'a', retires - 1)?.kid).toBe('a')
    expect(published(second, retires - 1)).toEqual(['a', 'b'])
    expect(verificationKey(second, 'a', retires)).toBeUndefined()
    expect(published(second, retires)).toEqual(['b'])
  })

  test('what has retired leaves the ring with the next rotation', () => {
    const third = rotate(second, newKey('c'), start + 2_000_000)
    expect(third.keys.map(key => key.kid)).toEqual(['b', 'c'])
    expect(third.version).toBe(3)
  })
})

describe('when a key is compromised', () => {
  test('the signing one is replaced at once', () => {
    const ring = rotate(first, newKey('b'), start, { compromised: 'a' })
    expect(signs(ring, start, { a: start })).toBe('b')
    expect(published(ring, start, { a: start })).toEqual(['b'])
  })

  test('one that waits to sign never does, and the signing one stays until the new one signs', () => {
    const ring = rotate(second, newKey('c'), start + 200_000, { compromised: 'b' })
    const compromised = { b: start + 200_000 }
    expect(signs(ring, start + 400_000, compromised)).toBe('a')
    expect(signs(ring, start + 500_000, compromised)).toBe('c')
    expect(verificationKey(ring, 'a', start + 500_000 + 959_999)).toBeDefined()
  })

  test('the signing one, while another waits: the one made now signs, then and later', () => {
    const ring = rotate(second, newKey('c'), start + 100_000, { compromised: 'a' })
    for (const at of [100_000, 300_000, 10_000_000]) expect(signs(ring, start + at, { a: start })).toBe('c')
  })

  test('a mark alone makes the key before it sign', () => {
    expect(signs(second, start + 400_000, { b: start })).toBe('a')
    expect(signs(second, start + 400_000, { a: start, b: start })).toBeUndefined()
  })
})

test('a kid that is no string of the ring verifies nothing', () => {
  for (const kid of [undefined, null, 1, '', 'z', '__proto__'])
    expect(verificationKey(first, kid, start)).toBeUndefined()
})

test('whenever keys are rotated, a token verifies until it ends, 60 s of skew included', () => {
  const waits = fc.array(fc.integer({ min: 0, max: 2_000_000 }), { minLength: 1, maxLength: 8 })
  fc.assert(
    fc.property(waits, fc.integer({ min: 0, max: 959_999 }), fc.nat(), (pauses, age, pick) => {
      let now = start
      let ring = first
      const history: [number, KeyRing][] = [[now, ring]]
      for (const [i, pause] of pauses.entries()) {
        now += pause
        ring = rotate(ring, newKey(`k${i}`), now)
        history.push([now, ring])
      }
      const ringAt = (at: number) => history.findLast(([since]) => since <= at)?.[1] ?? first
      const signedAt = start + (pick % (now - start + 2_000_000))
      const kid = signs(ringAt(signedAt), signedAt)
      expect(kid).toBeDefined()
      expect(verificationKey(ringAt(signedAt + age), kid, signedAt + age)).toBeDefined()
    }),
  )
})
