/**
 * RFC 7638, the thumbprint of a JWK. Its own example is an RSA key, which is not accepted here; those of RFC 8037
 * and RFC 9449 are of the kinds that are.
 */
import { calculateJwkThumbprint, decodeJwt, decodeProtectedHeader, type JWK } from 'jose'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { thumbprint } from '../../shared/oauth/public-jwk.ts'
import type { PublicJwk } from '../../shared/ports/keys.ts'
import { type EmbeddedWorld, openEmbedded } from '../world/embedded.ts'
import { openClient, type ProtocolClient } from './client.ts'
import { told } from './told.ts'

test.each<[string, PublicJwk, string]>([
  [
    'RFC 8037 appendix A.3',
    { kty: 'OKP', crv: 'Ed25519', x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo' },
    'kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k',
  ],
  [
    'RFC 9449 §4.1 and §6.1',
    {
      kty: 'EC',
      crv: 'P-256',
      x: 'l8tFrhx-34tV3hRICRDY9zCkDlpBhF42UQUfWVAWBFs',
      y: '9VE4jf_Ok_o64zbTTlcuNJajHmt6v9TDVrU0CdvGRDA',
    },
    '0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I',
  ],
])('the vector of %s', (_, jwk, expected) => expect(thumbprint(jwk)).toBe(expected))

describe('over HTTP', () => {
  let world: EmbeddedWorld
  let client: ProtocolClient
  beforeAll(async () => {
    world = await openEmbedded()
    client = await openClient(world.issuer, world.partner('cedar'))
  })
  afterAll(() => world.close())

  test('§7: the kid of a published key is its thumbprint, and tokens name it', async () => {
    const response = await fetch(`${world.issuer}/.well-known/jwks.json`)
    const { keys } = (await response.json()) as { keys: JWK[] }
    for (const key of keys) expect(key.kid).toBe(await calculateJwkThumbprint(key))
    expect(keys.map(({ kid }) => kid)).toContain(decodeProtectedHeader(await client.token()).kid)
  })

  test('§3.2: of the jwk of a proof only what is required counts, in any order', async () => {
    const { kty, crv, x, y } = client.proofJwk
    const jwk = { y, x, use: 'sig', kid: 'mine', crv, alg: 'ES256', kty }
    const token = await client.token({}, client.proof('POST', '/oauth/token', { header: { jwk } }))
    expect(decodeJwt(token).cnf).toEqual({ jkt: await calculateJwkThumbprint(client.proofJwk as JWK) })
    expect(await told(await client.call('GET', '/openai/v1/models', token))).toBe('200')
  })
})
