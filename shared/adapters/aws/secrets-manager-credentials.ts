import { GetSecretValueCommand, type SecretsManagerClient } from '@aws-sdk/client-secrets-manager'
import type { Clock } from '../../ports/world.ts'
import { parseCredentials } from '../upstream-credentials.ts'
import { errorName } from './fault.ts'

export interface CredentialsDeps {
  readonly client: Pick<SecretsManagerClient, 'send'>
  /** Name or ARN of one secret: JSON of names and keys. */
  readonly secretId: string
  readonly clock: Clock
}

/** A key that was rotated has come into use after this long. Milliseconds. */
const keptMs = 5 * 60_000

/**
 * The upstream's key of a name. The secret is read when a key is first asked for, and again once it is five minutes
 * old. Throws where it cannot be read, has no such key, or has one that cannot be sent; no error quotes the secret.
 */
export function createCredentials({
  client,
  secretId,
  clock,
}: CredentialsDeps): (name: string) => Promise<string> {
  const read = async (): Promise<(name: string) => string> => {
    const { SecretString } = await client
      .send(new GetSecretValueCommand({ SecretId: secretId }))
      .catch((cause: unknown) => {
        throw new Error(`The secret ${secretId} could not be read: ${errorName(cause)}`, { cause })
      })
    if (SecretString === undefined) throw new Error(`The secret ${secretId} is binary: it has to be JSON`)
    return parseCredentials(`The secret ${secretId}`, SecretString)
  }

  let kept: { readonly keyOf: Promise<(name: string) => string>; readonly until: number } | undefined
  return async name => {
    if (kept === undefined || clock.now() >= kept.until) {
      const keyOf = read()
      const mine = { keyOf, until: clock.now() + keptMs }
      kept = mine
      // What failed is not kept, and asked for again with the next call.
      keyOf.catch(() => {
        if (kept === mine) kept = undefined
      })
    }
    return (await kept.keyOf)(name)
  }
}
