import fc from 'fast-check'
import { expect, test } from 'vitest'
import { judgeRotation, liveKeys, overlap, rotatedKeys } from '../../../shared/domain/client-keys.ts'
import type { Client, ClientKey } from '../../../shared/domain/records.ts'

const day = 86_400_000
const start = 20_000 * day
const key = (kid: string): ClientKey => ({ kid, alg: 'Ed25519', jwk: { kty: 'OKP', crv: 'Ed25519', x: kid } })
const client: Client = {
  id: 'client_1',
  name: 'batch',
  organisation: 'cedar',
  kind: 'workload',
  state: 'active',
  expiresAt: start + 365 * day,
  keys: [key('first')],
}

test('whatever the order of rotations, one key is the newest and two count at most', () => {
  const step = fc.record({
    after: fc.integer({ min: 0, max: 10 * day }),
    overlapMs: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: overlap.atMost })),
  })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 12 }), steps => {
      let now = start
      let { keys } = client
      for (const [i, { after, overlapMs }] of steps.entries()) {
        now += after
        const refused = judgeRotation({ ...client, keys }, overlapMs, now)
        if (refused) {
          expect(liveKeys(keys, now)).toHaveLength(2)
          continue
        }
        const before = keys
        keys = rotatedKeys(keys, key(`key ${i}`), overlapMs, now)
        expect(keys.at(-1)).toEqual(key(`key ${i}`))
        expect(keys.length).toBeLessThanOrEqual(2)
        // No rotation gives a key more time than it had, or than the overlap.
        for (const { kid, until = Infinity } of keys.slice(0, -1)) {
          expect(until).toBeLessThanOrEqual(now + overlapMs)
          expect(until).toBeLessThanOrEqual(before.find(one => one.kid === kid)?.until ?? Infinity)
        }
      }
    }),
  )
})

test('a key that is compromised or has ended counts for nothing, and does not stay', () => {
  const keys = [{ ...key('a'), compromisedAt: start }, { ...key('b'), until: start }, key('c')]
  expect(liveKeys(keys, start).map(({ kid }) => kid)).toEqual(['c'])
  expect(rotatedKeys(keys, key('d'), day, start).map(({ kid }) => kid)).toEqual(['c', 'd'])
})

test('no state but enrolled and active rotates', () => {
  for (const state of ['suspended', 'expired', 'revoked', 'compromised'] as const)
    expect(judgeRotation({ ...client, state }, 0, start)?.code).toBe('state_forbids')
  for (const state of ['enrolled', 'active'] as const)
    expect(judgeRotation({ ...client, state }, day, start)).toBeUndefined()
})
