import { generateKeyPairSync, hash, type KeyObject, sign, verify } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { createKmsSigners, openKmsSigner } from '../../../../shared/adapters/aws/kms-signer.ts'
import { thumbprint } from '../../../../shared/oauth/public-jwk.ts'
import { type PublicJwk, SignerUnavailable } from '../../../../shared/ports/keys.ts'
import {
  type Answer,
  connectionError,
  createFakeClient,
  createFakeClock,
  hangs,
  longestPauses,
  type Sent,
  serviceError,
} from './fake-aws.ts'

const pair = (namedCurve: string) => generateKeyPairSync('ec', { namedCurve })
const p256 = pair('P-256')
const p384 = pair('P-384')
const arn = 'arn:aws:kms:us-east-1:000000000000:key/1'

const publicKey = (key: KeyObject, KeySpec: string, more: object = {}) => ({
  KeyId: arn,
  KeySpec,
  KeyUsage: 'SIGN_VERIFY',
  PublicKey: key.export({ format: 'der', type: 'spki' }),
  SigningAlgorithms: ['ECDSA_SHA_256', 'ECDSA_SHA_384'],
  ...more,
})

/** KMS as it signs: over the message, or over a digest that it takes for one. */
const signing =
  (key: KeyObject): Answer =>
  ({ input }: Sent) => ({
    Signature: sign(
      input.SigningAlgorithm === 'ECDSA_SHA_384' ? 'sha384' : 'sha256',
      input.Message as Uint8Array,
      key,
    ),
    SigningAlgorithm: input.SigningAlgorithm,
  })

function kms(...answers: readonly (Answer | object)[]) {
  const clock = createFakeClock(0)
  const { client, sent } = createFakeClient(clock, ...answers)
  const pace = { clock, random: longestPauses }
  return {
    clock,
    sent,
    open: (id = arn) => openKmsSigner(client, id, pace),
    signers: createKmsSigners(client, pace),
  }
}

describe('opening', () => {
  test.each([
    ['a P-384 key that calls itself P-256', publicKey(p384.publicKey, 'ECC_NIST_P256')],
    ['a key for encryption', publicKey(p256.publicKey, 'ECC_NIST_P256', { KeyUsage: 'KEY_AGREEMENT' })],
    ['a key of a curve that is not used here', publicKey(p256.publicKey, 'ECC_SECG_P256K1')],
    [
      'a key that does not sign the one algorithm of its curve',
      publicKey(p256.publicKey, 'ECC_NIST_P256', { SigningAlgorithms: [] }),
    ],
    ['what is no key', publicKey(p256.publicKey, 'ECC_NIST_P256', { PublicKey: Buffer.from('x') })],
    ['nothing', {}],
    ['no right to it', serviceError('AccessDeniedException', 400)],
    ['a key that is not there', serviceError('NotFoundException', 400)],
  ])('%s is an unavailable signer', async (_, answer) => {
    const { open, sent } = kms(answer)
    await expect(open()).rejects.toThrow(SignerUnavailable)
    expect(sent).toHaveLength(1)
  })

  test('an alias is asked for once: signatures are by the key that it led to then', async () => {
    const { open, sent } = kms(publicKey(p256.publicKey, 'ECC_NIST_P256'), signing(p256.privateKey))
    const signer = await open('alias/token')
    await signer.sign(Buffer.from('x'))
    await signer.sign(Buffer.from('y'))
    expect(sent.map(({ name, input }) => [name, input.KeyId])).toEqual([
      ['GetPublicKeyCommand', 'alias/token'],
      ['SignCommand', arn],
      ['SignCommand', arn],
    ])
  })
})

describe.each([
  ['ES256', 'sha256', p256, 'ECC_NIST_P256', 'ECDSA_SHA_256'],
  ['ES384', 'sha384', p384, 'ECC_NIST_P384', 'ECDSA_SHA_384'],
] as const)('%s', (alg, digest, { publicKey: key, privateKey }, spec, name) => {
  test('is what KMS is asked for, with messages of up to 4,096 bytes whole', async () => {
    const { open, sent } = kms(publicKey(key, spec), signing(privateKey))
    const signer = await open()
    expect(signer.alg).toBe(alg)
    const message = Buffer.alloc(4_096, 1)
    const signature = await signer.sign(message)
    expect(sent[1]?.input).toMatchObject({ SigningAlgorithm: name, MessageType: 'RAW', Message: message })
    expect(verify(digest, message, { key, dsaEncoding: 'ieee-p1363' }, signature)).toBe(true)
  })

  test('longer messages go as their digest', async () => {
    const { open, sent } = kms(publicKey(key, spec), signing(privateKey))
    const message = Buffer.alloc(4_097, 1)
    await (await open()).sign(message)
    expect(sent[1]?.input).toMatchObject({
      SigningAlgorithm: name,
      MessageType: 'DIGEST',
      Message: hash(digest, message, 'buffer'),
    })
  })
})

describe('Ed25519', () => {
  const edwards = generateKeyPairSync('ed25519')
  const found = publicKey(edwards.publicKey, 'ECC_NIST_EDWARDS25519', {
    SigningAlgorithms: ['ED25519_SHA_512', 'ED25519_PH_SHA_512'],
  })
  const signingWith: Answer = ({ input }: Sent) => ({
    Signature: sign(null, input.Message as Uint8Array, edwards.privateKey),
    SigningAlgorithm: input.SigningAlgorithm,
  })

  test('is pure, over the message as it is: KMS is asked for no prehash (RFC 8032 §5.1)', async () => {
    const { open, sent } = kms(found, signingWith)
    const signer = await open()
    expect(signer).toMatchObject({ alg: 'Ed25519', publicJwk: { kty: 'OKP', crv: 'Ed25519' } })
    const message = Buffer.alloc(4_096, 1)
    const signature = await signer.sign(message)
    expect(sent[1]?.input).toMatchObject({
      SigningAlgorithm: 'ED25519_SHA_512',
      MessageType: 'RAW',
      Message: message,
    })
    expect(verify(null, message, edwards.publicKey, signature)).toBe(true)
  })

  test('of a message that KMS would not take is refused, before KMS is asked', async () => {
    const { open, sent } = kms(found, signingWith)
    const signer = await open()
    await expect(signer.sign(Buffer.alloc(4_097))).rejects.toThrow(/at most 4096 bytes/)
    expect(sent).toHaveLength(1)
  })

  test('a key that signs prehashed only, and an answer that is no signature, are an unavailable signer', async () => {
    const prehashed = kms({ ...found, SigningAlgorithms: ['ED25519_PH_SHA_512'] })
    await expect(prehashed.open()).rejects.toThrow(SignerUnavailable)
    const short = kms(found, { Signature: Buffer.alloc(63), SigningAlgorithm: 'ED25519_SHA_512' })
    await expect((await short.open()).sign(Buffer.from('x'))).rejects.toThrow(SignerUnavailable)
  })
})

describe('a signer of the key ring', () => {
  const jwk = p256.publicKey.export({ format: 'jwk' }) as PublicJwk
  const key = { ref: arn, kid: thumbprint(jwk), alg: 'ES256', jwk } as const

  test('knows its public half, so its role needs no right to ask for it; each is opened once', async () => {
    const { signers, sent } = kms(signing(p256.privateKey))
    const signer = await signers(key)
    expect(signer).toMatchObject({ kid: key.kid, alg: 'ES256', publicJwk: jwk })
    await signer.sign(Buffer.from('x'))
    expect(sent.map(({ name }) => name)).toEqual(['SignCommand'])
    expect(await signers({ ...key })).toBe(signer)
  })

  test.each([
    ['an algorithm of another curve', { ...key, alg: 'ES384' }],
    ['an algorithm of Edwards’ curve', { ...key, alg: 'Ed25519' }],
  ] as const)('of %s is an unavailable signer', async (_, wrong) => {
    await expect(kms(signing(p256.privateKey)).signers(wrong)).rejects.toThrow(SignerUnavailable)
  })

  test('takes no signature of another algorithm than it asked for', async () => {
    const { signers } = kms({ Signature: Buffer.alloc(70), SigningAlgorithm: 'ECDSA_SHA_512' })
    await expect((await signers(key)).sign(Buffer.from('x'))).rejects.toThrow(SignerUnavailable)
  })

  test.each([
    ['a throttle', serviceError('ThrottlingException', 400)],
    ['a key that is unavailable for a moment', serviceError('KeyUnavailableException', 500)],
    ['a reset connection', connectionError('ECONNRESET')],
    ['no answer', hangs],
  ])('asks again after %s', async (_, error) => {
    const { signers, sent } = kms(error, signing(p256.privateKey))
    await (await signers(key)).sign(Buffer.from('x'))
    expect(sent).toHaveLength(2)
  })

  test('gives up after two seconds, with the last failure as the cause', async () => {
    const throttled = kms(serviceError('ThrottlingException', 400))
    const failure = await (await throttled.signers(key))
      .sign(Buffer.from('x'))
      .catch((error: unknown) => error)
    expect(failure).toBeInstanceOf(SignerUnavailable)
    expect(failure).toMatchObject({
      message: 'KMS: Sign failed: ThrottlingException',
      cause: { name: 'ThrottlingException' },
    })
    expect(throttled.clock.now()).toBeLessThan(2_000)
    const hanging = kms(hangs)
    await expect((await hanging.signers(key)).sign(Buffer.from('x'))).rejects.toThrow(SignerUnavailable)
    expect(hanging.clock.now()).toBe(2_000)
  })

  test.each(['DisabledException', 'KMSInvalidStateException', 'AccessDeniedException'])(
    'asks no more after %s',
    async name => {
      const { signers, sent } = kms(serviceError(name, 400))
      await expect((await signers(key)).sign(Buffer.from('x'))).rejects.toThrow(SignerUnavailable)
      expect(sent).toHaveLength(1)
    },
  )
})
