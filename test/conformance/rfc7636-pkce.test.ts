/** RFC 7636, at both of its endpoints. */
import { createHash } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { authorizeAs } from '../../scripts/demo/browserless.ts'
import { people } from '../../scripts/demo/people.ts'
import { type EmbeddedWorld, openEmbedded } from '../world/embedded.ts'
import { openClient, type ProtocolClient } from './client.ts'
import { told } from './told.ts'

const verifier = 'dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk'
/** RFC 7636 Appendix B. */
const challenge = 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM'
const redirectUri = 'http://127.0.0.1:9/callback'
const login = people[0]?.login ?? ''
const organisation = people[0]?.organisation ?? ''

let world: EmbeddedWorld
let client: ProtocolClient
beforeAll(async () => {
  world = await openEmbedded()
  client = await openClient(world.issuer, world.partner('cedar'))
})
afterAll(() => world.close())

function thumbprint(): string {
  const { crv, kty, x, y } = client.proofJwk as Record<string, string>
  return createHash('sha256').update(JSON.stringify({ crv, kty, x, y })).digest('base64url')
}

function authorizeUrl(change: Readonly<Record<string, string>> = {}): string {
  const parameters = {
    response_type: 'code',
    client_id: 'sallyport-cli',
    redirect_uri: redirectUri,
    state: 's',
    code_challenge: challenge,
    code_challenge_method: 'S256',
    dpop_jkt: thumbprint(),
    organisation,
    ...change,
  }
  return `${world.issuer}/oauth/authorize?${new URLSearchParams(parameters)}`
}

const redeem = (code: string, form: Readonly<Record<string, string>>) =>
  client.send(
    'POST',
    '/oauth/token',
    { dpop: client.proof('POST', '/oauth/token') },
    {
      grant_type: 'authorization_code',
      client_id: 'sallyport-cli',
      redirect_uri: redirectUri,
      code,
      ...form,
    },
  )

test('Appendix B, and §4.6: every other verifier is invalid_grant, and the right one still good after it', async () => {
  const arrived = await authorizeAs({ url: authorizeUrl(), login, organisation, redirectUri })
  const code = new URL(arrived).searchParams.get('code') ?? ''
  expect(await told(await redeem(code, {}))).toBe('400 invalid_request')
  for (const wrong of [challenge, verifier.toLowerCase(), `${verifier}=`, verifier.slice(1), 'v'.repeat(129)])
    expect(await told(await redeem(code, { code_verifier: wrong }))).toBe('400 invalid_grant')
  expect(await told(await redeem(code, { code_verifier: verifier }))).toBe('200')
})

test.each<[string, Readonly<Record<string, string>>]>([
  ['no challenge', { code_challenge: '' }],
  ['no method, which would mean plain (§4.3)', { code_challenge_method: '' }],
  ['the method plain', { code_challenge_method: 'plain', code_challenge: verifier }],
  ['a method in another case', { code_challenge_method: 's256' }],
  ['a challenge that is no SHA-256', { code_challenge: challenge.slice(1) }],
  ['a challenge with padding', { code_challenge: `${challenge}=` }],
])('§4.4.1: %s is an invalid_request', async (_, change) => {
  const response = await fetch(authorizeUrl(change), { redirect: 'manual' })
  const location = new URL(response.headers.get('location') ?? '')
  expect([response.status, location.searchParams.get('error')]).toEqual([303, 'invalid_request'])
})
