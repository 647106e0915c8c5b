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

/** Between two looks for a key that is missing. Milliseconds. */
const soonMs = 10_000

/**
 * The upstream's key of a name. The secret is read when a key is first asked for, and again once it is five minutes
 * old; while that fails, the one that was read before serves on. Throws where it cannot be read, has no such key, or has one that cannot be sent; no error quotes the secret.
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

  type Keys = (name: string) => string
  let kept: { readonly keys: Keys; readonly until: number } | undefined
  let reading: Promise<Keys> | undefined

  /** For all who ask meanwhile. What failed is asked for again with the next call. */
  const renewed = (): Promise<Keys> => {
    reading ??= read()
      .then(keys => {
        kept = { keys, until: clock.now() + keptMs }
        return keys
      })
      .finally(() => {
        reading = undefined
      })
    return reading
  }

  return async name => {
    if (kept !== undefined && clock.now() < kept.until) {
      const known = found(kept.keys, name)
      // One that it lacks may have been put there since; it is looked for again, but not at every call.
      if (known !== undefined || clock.now() < kept.until - keptMs + soonMs) return known ?? kept.keys(name)
    }
    const former = kept
    const keys = await renewed().catch((error: unknown) => {
      if (former === undefined) throw error
      return former.keys
    })
    return keys(name)
  }
}

function found(keys: (name: string) => string, name: string): string | undefined {
  try {
    return keys(name)
  } catch {
    return undefined
  }
}
