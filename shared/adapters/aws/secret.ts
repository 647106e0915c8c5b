import { PutSecretValueCommand } from '@aws-sdk/client-secrets-manager'
import { createSecretsManagerClient } from './clients.ts'

/** Puts a new version of a secret, which is the one that is read from then on. */
export async function putSecret(secretId: string, value: string): Promise<void> {
  const client = createSecretsManagerClient()
  await client.send(new PutSecretValueCommand({ SecretId: secretId, SecretString: value }))
  client.destroy()
}
