import { createHmac } from 'node:crypto'
import { expect, test } from 'vitest'
import { openDerivedSigner } from '../../../shared/adapters/derived-signer.ts'
import { SecretsUnavailable } from '../../../shared/ports/keys.ts'

test('signs with the key whose seed is derived: RFC 8032 §7.1, test 2', async () => {
  const asked: string[] = []
  const signer = await openDerivedSigner({
    derive: async (domain, label) => {
      asked.push(`${domain} ${label}`)
      return Buffer.from('4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb', 'hex')
    },
  })
  expect(asked).toEqual(['log checkpoint'])
  expect(signer.publicJwk).toEqual({
    kty: 'OKP',
    crv: 'Ed25519',
    x: Buffer.from('3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c', 'hex').toString(
      'base64url',
    ),
  })
  expect(Buffer.from(await signer.sign(Uint8Array.of(0x72))).toString('hex')).toBe(
    '92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00',
  )
})

test('leaves no seed behind in what it was given', async () => {
  const seed = createHmac('sha256', 'root').update('x').digest()
  await openDerivedSigner({ derive: async () => seed })
  expect(seed.every(byte => byte === 0)).toBe(true)
})

test('is not opened while nothing can be derived', async () => {
  const derive = async (): Promise<never> => {
    throw new SecretsUnavailable('KMS')
  }
  await expect(openDerivedSigner({ derive })).rejects.toThrow(SecretsUnavailable)
})
