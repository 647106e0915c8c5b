import { describe, expect, test } from 'vitest'
import {
  createDynamoClient,
  createKmsClient,
  createS3Client,
  createSecretsManagerClient,
} from '../../../../shared/adapters/aws/clients.ts'

test('the SDK makes one attempt where the adapters have rules of their own', async () => {
  for (const { config } of [createDynamoClient(), createKmsClient(), createS3Client({})])
    expect(await config.maxAttempts()).toBe(1)
  expect(await createSecretsManagerClient().config.maxAttempts()).toBe(3)
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
