import { DecryptCommand, EncryptCommand, GenerateMacCommand } from '@aws-sdk/client-kms'
import { type SecretDomain, type Secrets, SecretsUnavailable } from '../../ports/keys.ts'
import { errorName } from './fault.ts'
import { askKms, type Kms, type KmsPace } from './kms.ts'

export interface KmsSecretsDeps extends KmsPace {
  readonly client: Kms
  /** Ids of HMAC_256 keys, of those domains that this function may derive from. */
  readonly macKeys: Readonly<Partial<Record<SecretDomain, string>>>
  /** Id of a SYMMETRIC_DEFAULT key. */
  readonly wrappingKey?: string | undefined
}

/** Bound to every ciphertext, so that none that the key has made elsewhere is taken for one of these. */
const EncryptionContext = { purpose: 'sallyport-wrap' }

/** The form of what is wrapped. It also makes a byte of nothing, which KMS would not encrypt. */
const version = 1

/** What one request to KMS can hold. Bytes. */
const longest = 4096

/** Derived secrets that an instance keeps; some labels go with the days. */
const keptAtMost = 1_000

/**
 * Secrets whose roots never leave KMS: `derive` is HMAC-SHA256 there, asked for once an instance, `wrap` encrypts
 * there, at most 4,095 bytes. Throws a `TypeError` for a domain that was given no key, or without a wrapping key, and
 * `SecretsUnavailable` where KMS does not answer; what was not wrapped here is refused with another error.
 */
export function createKmsSecrets(deps: KmsSecretsDeps): Secrets {
  const { client, macKeys, wrappingKey } = deps
  const derived = new Map<string, Promise<Uint8Array>>()

  const generate = async (KeyId: string, Message: Uint8Array): Promise<Uint8Array> => {
    const command = new GenerateMacCommand({ KeyId, Message, MacAlgorithm: 'HMAC_SHA_256' })
    const { Mac } = await askKms(deps, 'GenerateMac', SecretsUnavailable, abortSignal =>
      client.send(command, { abortSignal }),
    )
    if (Mac?.length !== 32) throw new SecretsUnavailable('KMS: GenerateMac was answered without 32 bytes')
    return Mac
  }

  const wrapping = (): string => {
    if (wrappingKey === undefined) throw new TypeError('The secrets were opened without a wrapping key')
    return wrappingKey
  }

  return {
    async derive(domain, label) {
      const key = macKeys[domain]
      if (key === undefined) throw new TypeError(`The secrets were opened without a key for ${domain}`)
      const message = macMessage(domain, label)
      const name = `${domain} ${label}`
      const known = derived.get(name) ?? generate(key, message)
      remember(derived, name, known)
      // Each caller's own: whoever wiped or changed it would change everybody's.
      return (await known).slice()
    },

    async wrap(bytes) {
      if (bytes.length >= longest) throw new TypeError(`At most ${longest - 1} bytes are wrapped at once`)
      const Plaintext = Buffer.concat([Uint8Array.of(version), bytes])
      const command = new EncryptCommand({ KeyId: wrapping(), Plaintext, EncryptionContext })
      const answer = await askKms(deps, 'Encrypt', SecretsUnavailable, abortSignal =>
        client.send(command, { abortSignal }),
      )
      if (answer.CiphertextBlob === undefined)
        throw new SecretsUnavailable('KMS: Encrypt was answered with nothing')
      return answer.CiphertextBlob
    },

    async unwrap(bytes) {
      // With the key named, KMS refuses a ciphertext of any other; without it, it would take any that it may use.
      const command = new DecryptCommand({ KeyId: wrapping(), CiphertextBlob: bytes, EncryptionContext })
      const { Plaintext } = await askKms(deps, 'Decrypt', SecretsUnavailable, abortSignal =>
        client.send(command, { abortSignal }),
      ).catch((error: Error) => {
        throw notOurs.has(errorName(error.cause)) ? new Error(notWrapped, { cause: error.cause }) : error
      })
      if (Plaintext?.[0] !== version) throw new Error(notWrapped)
      return Plaintext.slice(1)
    },
  }
}

/** Should two domains ever share a key, they still derive apart: a domain has no NUL, so no two pairs look alike. */
function macMessage(domain: SecretDomain, label: string): Uint8Array {
  const message = Buffer.from(`sallyport-derive\0${domain}\0${label}`)
  if (message.length > longest) throw new TypeError('The label is too long to derive from')
  return message
}

/** Kept while it is under way, so that many who ask at once ask KMS once; dropped when it fails. */
function remember(kept: Map<string, Promise<Uint8Array>>, name: string, secret: Promise<Uint8Array>): void {
  if (kept.has(name)) return
  const [oldest] = kept.keys()
  if (kept.size >= keptAtMost && oldest !== undefined) kept.delete(oldest)
  kept.set(name, secret)
  secret.catch(() => kept.delete(name))
}

const notWrapped = 'These bytes were not wrapped here'

/** `ValidationException`: no ciphertext is that short or that long. */
const notOurs: ReadonlySet<string> = new Set([
  'IncorrectKeyException',
  'InvalidCiphertextException',
  'ValidationException',
])
