import { expect, test } from 'vitest'
import { createCredentials } from '../../../../shared/adapters/aws/secrets-manager-credentials.ts'
import { type Answer, createFakeClient, createFakeClock, serviceError } from './fake-aws.ts'

const secret = (keys: object) => ({ SecretString: JSON.stringify(keys) })

function opened(...answers: readonly (Answer | object)[]) {
  const clock = createFakeClock()
  const { client, sent } = createFakeClient(clock, ...answers)
  return { clock, sent, credential: createCredentials({ client, secretId: 'upstream', clock }) }
}

test('the secret is read with the first key that is asked for, once for all who ask', async () => {
  const { credential, sent } = opened(secret({ openai: 'sk-1', anthropic: 'sk-2' }))
  expect(sent).toEqual([])
  expect(await Promise.all([credential('openai'), credential('anthropic'), credential('openai')])).toEqual([
    'sk-1',
    'sk-2',
    'sk-1',
  ])
  expect(sent).toHaveLength(1)
  expect(sent[0]?.input).toEqual({ SecretId: 'upstream' })
})

test('a key that was rotated has come into use after five minutes', async () => {
  const { credential, clock } = opened(secret({ openai: 'old' }), secret({ openai: 'new' }))
  expect(await credential('openai')).toBe('old')
  await clock.sleep(5 * 60_000 - 1)
  expect(await credential('openai')).toBe('old')
  await clock.sleep(1)
  expect(await credential('openai')).toBe('new')
})

test('a secret that could not be read is read again with the next call', async () => {
  const cause = serviceError('AccessDeniedException', 400)
  const { credential } = opened(cause, secret({ openai: 'sk' }))
  const failure = await credential('openai').catch((error: unknown) => error)
  expect(failure).toMatchObject({
    message: 'The secret upstream could not be read: AccessDeniedException',
    cause,
  })
  expect(await credential('openai')).toBe('sk')
})

test.each([
  ['binary', { SecretBinary: Buffer.from('hush') }, 'The secret upstream is binary: it has to be JSON'],
  ['no JSON', { SecretString: 'hush-hush' }, 'The secret upstream is not JSON: an object of names and keys.'],
  ['without that key', secret({ other: 'hush' }), 'The secret upstream has no key named openai'],
  [
    'with a key that cannot be sent',
    secret({ openai: 'hush\n' }),
    'The secret upstream: the key openai has a blank or a line break in it',
  ],
])('a secret that is %s is refused, without a word of it', async (_, answer, message) => {
  const failure = await opened(answer)
    .credential('openai')
    .catch((error: unknown) => error)
  expect(failure).toMatchObject({ message })
  expect(String(failure)).not.toContain('hush')
})
