import { describe, expect, test } from 'vitest'
import { createClients, createS3Client } from '../../../../shared/adapters/aws/clients.ts'

test('the SDK makes one attempt where the adapters have rules of their own', async () => {
  const clients = createClients({})
  for (const { config } of [clients.dynamo, clients.kms, clients.s3])
    expect(await config.maxAttempts()).toBe(1)
  expect(await clients.secretsManager.config.maxAttempts()).toBe(3)
})

test('each client is made once, when it is first asked for', () => {
  const clients = createClients({})
  expect(clients.dynamo).toBe(clients.dynamo)
  expect(createClients({}).dynamo).not.toBe(clients.dynamo)
})

describe('S3 is asked by path', () => {
  test.each([
    [{}, false],
    [{ AWS_ENDPOINT_URL: '' }, false],
    [{ AWS_ENDPOINT_URL: 'http://127.0.0.1:1' }, true],
    [{ AWS_ENDPOINT_URL_S3: 'http://127.0.0.1:1' }, true],
  ])('with %j: %s', (env, byPath) => {
    expect(createS3Client(env).config.forcePathStyle).toBe(byPath)
  })
})
