import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { openFileSigner } from '../../shared/adapters/embedded/file-signer.ts'
import { randomId } from '../../shared/domain/id.ts'
import type { SigningKey } from '../../shared/domain/records.ts'
import type { NewKey } from '../../shared/oauth/key-ring.ts'
import type { Signer } from '../../shared/ports/keys.ts'
import type { Random } from '../../shared/ports/world.ts'

/** Opens the private half of a key of the ring, a file of mode 0600 in the folder, once. */
export function createSigners(folder: string): (key: SigningKey) => Promise<Signer> {
  const open = new Map<string, Promise<Signer>>()
  return ({ ref, alg }) => {
    const signer = open.get(ref) ?? openFileSigner(join(folder, ref), alg)
    open.set(ref, signer)
    return signer
  }
}

/** A new token signing key in the folder. */
export async function createFileKey(folder: string, random: Random): Promise<NewKey> {
  const ref = `${randomId('key', random.bytes(16))}.json`
  const { kid, alg, publicJwk: jwk } = await openFileSigner(join(folder, ref), 'ES256')
  return { kid, alg, jwk, ref }
}

/** The file of a key that is trusted no more; a server that has it open keeps it until its end. */
export const removeFileKey = (folder: string, ref: string): Promise<void> =>
  rm(join(folder, ref), { force: true })
