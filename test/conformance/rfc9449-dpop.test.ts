/** RFC 9449, DPoP, but for the checks of a proof: addresses, token requests, tokens, challenges. */
import { calculateJwkThumbprint, decodeJwt } from 'jose'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { freePort } from '../../scripts/port.ts'
import { type EmbeddedWorld, openEmbedded } from '../world/embedded.ts'
import { openClient, type ProtocolClient } from './client.ts'
import { ecKeys, publicJwk } from './jws.ts'
import { challenge, told } from './told.ts'

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

describe('RFC 9449 §4.3 point 9, where the service stands behind another address', () => {
  let deployed: EmbeddedWorld
  let partner: ProtocolClient
  let port: number
  const issuer = 'https://gate.example'
  beforeAll(async () => {
    port = await freePort()
    deployed = await openEmbedded({ config: { issuer, port } })
    partner = await openClient(issuer, deployed.partner('cedar'), `http://127.0.0.1:${port}`)
  })
  afterAll(() => deployed.close())

  /** With proofs for this address: what the token endpoint and the gate answer. */
  async function answers(address: string): Promise<readonly string[]> {
    const htu = (path: string) => ({ claims: { htu: address + path } })
    const atToken = partner.proof('POST', '/oauth/token', htu('/oauth/token'))
    const token = await partner.token()
    const atGate = partner.proof('GET', models, htu(models), token)
    return [
      await told(await partner.tokenRequest({}, atToken)),
      await told(await partner.call('GET', models, token, { dpop: atGate })),
    ]
  }

  test.each(['HTTPS://GATE.EXAMPLE', 'https://gate.example:443'])(
    '%s is that address: neither case nor the default port count',
    async address => expect(await answers(address)).toEqual(['200', '200']),
  )

  test('the address of the Host header is not: the sender chooses it', async () =>
    expect(await answers(`http://127.0.0.1:${port}`)).toEqual([
      '400 invalid_dpop_proof proof_invalid',
      '401 invalid_dpop_proof proof_invalid',
    ]))
})

describe('RFC 9449 §5: the token request', () => {
  test('the token is of type DPoP, and there is no other: without a proof there is none', async () => {
    expect(await (await client.tokenRequest()).json()).toMatchObject({ token_type: 'DPoP' })
    const bare = await client.send('POST', '/oauth/token', {}, client.authentication())
    expect(await told(bare)).toBe('400 invalid_dpop_proof proof_invalid')
  })

  test('§5.1: the metadata list the algorithms of proofs', async () => {
    const metadata = await (await fetch(`${world.issuer}/.well-known/oauth-authorization-server`)).json()
    expect(metadata).toMatchObject({ dpop_signing_alg_values_supported: ['ES256', 'ES384', 'Ed25519'] })
  })

  test('§6.1: the token names the thumbprint of the key of its proof', async () => {
    const { privateKey, publicKey } = ecKeys()
    const jwk = publicJwk(publicKey)
    const dpop = client.proof('POST', '/oauth/token', { header: { jwk }, key: privateKey })
    expect(decodeJwt(await client.token({}, dpop)).cnf).toEqual({ jkt: await calculateJwkThumbprint(jwk) })
  })

  test('the key that authenticates the client makes no proofs: whoever has it would need no other', async () => {
    const { kty, crv, x, y } = world.partner('cedar').key
    const dpop = client.proof('POST', '/oauth/token', {
      header: { jwk: { kty, crv, x, y } },
      key: client.clientKey,
    })
    expect(await told(await client.tokenRequest({}, dpop))).toBe('400 invalid_dpop_proof proof_invalid')
  })
})

describe('RFC 9449 §7: at the resource', () => {
  const get = (headers: Record<string, string | undefined>) => client.call('GET', models, token, headers)

  test.each(['DPoP', 'dpop', 'DPOP', 'dPOp'])('§7.1 and RFC 9110 §11.1: the scheme is %s', async scheme =>
    expect(await told(await get({ authorization: `${scheme} ${token}` }))).toBe('200'),
  )

  test('§7.1: the challenge names the scheme, the error and the algorithms, and nothing that was sent', async () => {
    expect(challenge(await get({ dpop: client.proof('GET', '/"evil"', {}, token) }))).toEqual({
      scheme: 'DPoP',
      error: 'invalid_dpop_proof',
      error_description: 'The DPoP proof is not valid for this request',
      algs: 'ES256 ES384 Ed25519',
    })
    expect(challenge(await get({ authorization: `DPoP ${token}x` }))).toMatchObject({
      scheme: 'DPoP',
      error: 'invalid_token',
    })
  })

  // RFC 6750 §3.1 would have no error code where nothing was sent. Every refusal here names its code.
  test('§7.1: without credentials it is challenged as well', async () => {
    const answer = await fetch(world.issuer + models)
    expect(challenge(answer)).toMatchObject({ scheme: 'DPoP', algs: 'ES256 ES384 Ed25519' })
    expect(await told(answer)).toBe('401 invalid_token token_invalid')
  })

  test.each(['Bearer', 'bearer'])(
    '§7.2: a bound token is refused as %s, with a proof or without',
    async scheme => {
      const authorization = `${scheme} ${token}`
      expect(await told(await get({ authorization }))).toBe('401 invalid_token token_invalid')
      expect(await told(await get({ authorization, dpop: undefined }))).toBe(
        '401 invalid_token token_invalid',
      )
    },
  )

  test('§11.1: a proof made for the one place is none at the other', async () => {
    const dpop = client.proof('POST', '/oauth/token')
    expect(await told(await get({ dpop }))).toBe('401 invalid_dpop_proof proof_invalid')
    expect(await told(await client.tokenRequest({}, dpop))).toBe('200')
  })
})
