import { createCipheriv, createDecipheriv, createHmac } from 'node:crypto'
import { join } from 'node:path'
import type { SecretDomain, Secrets } from '../../ports/keys.ts'
import type { Random } from '../../ports/world.ts'
import { openPrivateFile } from './private-file.ts'

const cipher = 'aes-256-gcm'
const nonceBytes = 12
const tagBytes = 16

/**
 * One root a domain and a wrapping key, each 32 random bytes in a file of mode 0600 that is made when it is
 * not there. Whoever loses the folder loses what was wrapped, and every derived pseudonym.
 */
export async function openLocalSecrets(folder: string, random: Random): Promise<Secrets> {
  const open = async (name: string): Promise<Buffer> => {
    const path = join(folder, `${name}.key`)
    const key = await openPrivateFile(path, () => random.bytes(32))
    if (key.length !== 32) throw new Error(`${path} holds ${key.length} bytes where a key has 32`)
    return key
  }
  const roots: Readonly<Record<SecretDomain, Buffer>> = {
    nonce: await open('nonce'),
    seal: await open('seal'),
    watermark: await open('watermark'),
    log: await open('log'),
    webhook: await open('webhook'),
  }
  const wrapping = await open('wrapping')

  return {
    derive: async (domain, label) => createHmac('sha256', roots[domain]).update(label).digest(),

    async wrap(bytes) {
      const nonce = random.bytes(nonceBytes)
      const seal = createCipheriv(cipher, wrapping, nonce)
      return Buffer.concat([nonce, seal.update(bytes), seal.final(), seal.getAuthTag()])
    },

    async unwrap(bytes) {
      const nonce = bytes.subarray(0, nonceBytes)
      // The length is stated, or Node would take a tag cut down to 4 bytes, which can be guessed.
      const open = createDecipheriv(cipher, wrapping, nonce, { authTagLength: tagBytes })
      open.setAuthTag(bytes.subarray(nonceBytes).subarray(-tagBytes))
      return Buffer.concat([open.update(bytes.subarray(nonceBytes, -tagBytes)), open.final()])
    },
  }
}
