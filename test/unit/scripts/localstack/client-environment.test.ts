import { expect, test } from 'vitest'
import { clientEnvironment } from '../../../../scripts/localstack/client-environment.ts'

test('clients speak to the emulator, and find no account of their own', () => {
  const env = { ...clientEnvironment('http://127.0.0.1:4566') }
  expect(env).toMatchObject({
    AWS_ENDPOINT_URL: 'http://127.0.0.1:4566',
    AWS_ENDPOINT_URL_S3: 'http://127.0.0.1:4566',
    AWS_REGION: 'us-east-1',
    AWS_PROFILE: '',
    AWS_SESSION_TOKEN: '',
  })
  expect(env).not.toHaveProperty('AWS_CA_BUNDLE')
})

test('the certificate of an endpoint with TLS is trusted by the CDK and by Node', () => {
  expect(clientEnvironment('https://127.0.0.1:4577', '/x/server.crt')).toMatchObject({
    AWS_CA_BUNDLE: '/x/server.crt',
    NODE_EXTRA_CA_CERTS: '/x/server.crt',
  })
})
