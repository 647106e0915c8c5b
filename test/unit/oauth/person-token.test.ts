import { beforeAll, expect, test } from 'vitest'
import { Refusal } from '../../../shared/domain/refusal.ts'
import {
  type AccessTokenClaims,
  isPersonToken,
  type PersonTokenClaims,
  signAccessToken,
  verifyAccessToken,
} from '../../../shared/oauth/access-token.ts'
import { rotate } from '../../../shared/oauth/key-ring.ts'
import { type JoseKey, joseKey, joseSigner } from './jose-keys.ts'

const now = 1_800_000_000_000
const claims: PersonTokenClaims = {
  iss: 'https://gate.example',
  sub: 'person_1',
  client_id: 'sallyport-cli',
  aud: 'https://gate.example/api',
  scope: 'govern',
  iat: now / 1000,
  exp: now / 1000 + 900,
  jti: 'token_1',
  cnf: { jkt: 'k' },
  organisation: 'organisation_1',
  session: 'session_1',
  auth_time: now / 1000,
  acr: 'phr',
}

let key: JoseKey
beforeAll(async () => {
  key = await joseKey()
})

async function verified(change: object) {
  const text = await signAccessToken({ ...claims, ...change } as AccessTokenClaims, joseSigner(key))
  const { kid, alg, jwk } = key
  const ring = rotate({ version: 0, keys: [] }, { kid, alg, jwk, ref: 'r' }, now)
  return verifyAccessToken(text, { ring, issuer: claims.iss, audience: () => true }, now)
}

test('a token of a person is told from one of a workload by its session', async () => {
  const token = await verified({})
  expect(token).toMatchObject({ claims })
  expect(!(token instanceof Refusal) && isPersonToken(token.claims)).toBe(true)
  const workload = await verified({ session: undefined, auth_time: undefined, acr: undefined })
  expect(!(workload instanceof Refusal) && isPersonToken(workload.claims)).toBe(false)
})

test.each<[string, object]>([
  ['a session that is no text', { session: 1 }],
  ['no auth_time', { auth_time: undefined }],
  ['an auth_time that is a text', { auth_time: '1' }],
  ['an acr that is a list', { acr: ['phr'] }],
  [
    'a grant as well',
    { grant: 'g', purpose: 'p', agreement: { id: 'a', digest: 'd' }, clauses: [], meters: [] },
  ],
])('one with %s is invalid', async (_, change) => {
  expect(await verified(change)).toMatchObject({ code: 'token_invalid' })
})
