import { createHmac } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { createKmsSecrets } from '../../../../shared/adapters/aws/kms-secrets.ts'
import { SecretsUnavailable } from '../../../../shared/ports/keys.ts'
import {
  type Answer,
  createFakeClient,
  createFakeClock,
  longestPauses,
  type Sent,
  serviceError,
} from './fake-aws.ts'

/** As KMS has it, for a key whose bytes are its id. */
const mac: Answer = ({ input }: Sent) => ({
  Mac: createHmac('sha256', String(input.KeyId))
    .update(input.Message as Uint8Array)
    .digest(),
})

function opened(...answers: readonly (Answer | object)[]) {
  const clock = createFakeClock(0)
  const { client, sent } = createFakeClient(clock, ...answers)
  // A key that two domains share, by somebody's mistake.
  const macKeys = { nonce: 'one', seal: 'one' }
  const secrets = createKmsSecrets({ client, macKeys, wrappingKey: 'wrap', clock, random: longestPauses })
  return { clock, sent, secrets }
}

describe('derive', () => {
  test('is one HMAC-SHA256 by the key of the domain, for each domain and label', async () => {
    const { secrets, sent } = opened(mac)
    for (let i = 0; i < 3; i++) for (const label of ['a', 'b']) await secrets.derive('nonce', label)
    expect(sent.map(({ input }) => [input.KeyId, input.MacAlgorithm])).toEqual([
      ['one', 'HMAC_SHA_256'],
      ['one', 'HMAC_SHA_256'],
    ])
  })

  test('keeps domains apart even on one key, whatever the labels are', async () => {
    const { secrets } = opened(mac)
    const pairs = [
      ['nonce', ''],
      ['seal', ''],
      ['nonce', '\0seal\0'],
      ['seal', '\0nonce'],
      ['nonce', 'seal'],
    ] as const
    const derived = await Promise.all(pairs.map(([domain, label]) => secrets.derive(domain, label)))
    expect(new Set(derived.map(bytes => Buffer.from(bytes).toString('hex'))).size).toBe(pairs.length)
  })

  test('asks once for many that come at once', async () => {
    const { secrets, sent } = opened(mac)
    await Promise.all(Array.from({ length: 20 }, () => secrets.derive('nonce', 'a')))
    expect(sent).toHaveLength(1)
  })

  test('keeps no failure: the next one asks again', async () => {
    const { secrets, sent } = opened(serviceError('AccessDeniedException', 400), mac)
    await expect(secrets.derive('nonce', 'a')).rejects.toThrow(SecretsUnavailable)
    expect(await secrets.derive('nonce', 'a')).toHaveLength(32)
    expect(sent).toHaveLength(2)
  })

  test('keeps a thousand, and forgets the oldest', async () => {
    const { secrets, sent } = opened(mac)
    for (let i = 0; i <= 1_000; i++) await secrets.derive('nonce', `${i}`)
    await secrets.derive('nonce', '1000')
    expect(sent).toHaveLength(1_001)
    await secrets.derive('nonce', '0')
    expect(sent).toHaveLength(1_002)
  })

  test('is a TypeError for a domain that was given no key, and for a label that KMS cannot take', async () => {
    const { secrets, sent } = opened(mac)
    await expect(secrets.derive('log', 'a')).rejects.toThrow(
      new TypeError('The secrets were opened without a key for log'),
    )
    await expect(secrets.derive('nonce', 'x'.repeat(4_096))).rejects.toThrow(TypeError)
    expect(sent).toEqual([])
  })

  test('takes nothing but 32 bytes', async () => {
    await expect(opened({ Mac: new Uint8Array(31) }).secrets.derive('nonce', 'a')).rejects.toThrow(
      SecretsUnavailable,
    )
    await expect(opened({}).secrets.derive('nonce', 'a')).rejects.toThrow(SecretsUnavailable)
  })

  test('is tried again after a throttle, for two seconds', async () => {
    const again = opened(serviceError('ThrottlingException', 400), mac)
    expect(await again.secrets.derive('nonce', 'a')).toHaveLength(32)
    const { secrets, clock } = opened(serviceError('ThrottlingException', 400))
    await expect(secrets.derive('nonce', 'a')).rejects.toThrow('KMS: GenerateMac failed: ThrottlingException')
    expect(clock.now()).toBeLessThan(2_000)
  })
})

describe('wrap and unwrap', () => {
  test('name the key and what it is for, both ways', async () => {
    const { secrets, sent } = opened(
      { CiphertextBlob: Buffer.from('sealed') },
      { Plaintext: Buffer.from('\x01x') },
    )
    await secrets.wrap(Buffer.from('x'))
    expect(Buffer.from(await secrets.unwrap(Buffer.from('sealed'))).toString()).toBe('x')
    const bound = { KeyId: 'wrap', EncryptionContext: { purpose: 'sallyport-wrap' } }
    expect(sent.map(({ input }) => input)).toMatchObject([bound, bound])
  })

  test.each(['InvalidCiphertextException', 'IncorrectKeyException', 'ValidationException'])(
    '%s is something that was not wrapped here',
    async name => {
      const { secrets, sent } = opened(serviceError(name, 400))
      const failure = await secrets.unwrap(Buffer.from('x')).catch((error: unknown) => error)
      expect(failure).not.toBeInstanceOf(SecretsUnavailable)
      expect(failure).toMatchObject({ message: 'These bytes were not wrapped here' })
      expect(sent).toHaveLength(1)
    },
  )

  test('a plaintext of another form was not wrapped here', async () => {
    for (const Plaintext of [new Uint8Array(), Uint8Array.of(2, 1), undefined])
      await expect(opened({ Plaintext }).secrets.unwrap(Buffer.from('x'))).rejects.toThrow('not wrapped here')
  })

  test('an outage is none of that', async () => {
    const { secrets } = opened(serviceError('KMSInternalException', 500))
    await expect(secrets.unwrap(Buffer.from('x'))).rejects.toThrow(SecretsUnavailable)
    await expect(secrets.wrap(Buffer.from('x'))).rejects.toThrow(SecretsUnavailable)
  })

  test('are a TypeError without a key, and for more than one request can hold', async () => {
    const { clock } = opened()
    const { client } = createFakeClient(clock, {})
    const keyless = createKmsSecrets({ client, macKeys: {}, clock, random: longestPauses })
    await expect(keyless.wrap(Buffer.from('x'))).rejects.toThrow(TypeError)
    await expect(keyless.unwrap(Buffer.from('x'))).rejects.toThrow(TypeError)
    await expect(opened({}).secrets.wrap(new Uint8Array(4_096))).rejects.toThrow(TypeError)
  })
})
