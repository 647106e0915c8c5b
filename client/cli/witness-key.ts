/** The key of a witness, and that it goes with its memory and no other. */
import { createHash, createPrivateKey, createPublicKey, type KeyObject, sign } from 'node:crypto'
import {
  formatVerifierKey,
  isKeyName,
  keyType,
  parseVerifierKey,
  type VerifierKey,
} from '../../shared/tlog/note.ts'
import { generateClientKey } from '../enrol.ts'
import { readKeyFile, SecretFileError } from '../key-file.ts'
import { exit, Failure } from './failure.ts'
import { createSecretFile, replaceSecretFile } from './profile-file.ts'
import { createState, readState, type StoredWitness } from './witness-memory.ts'

export interface WitnessKey {
  readonly vkey: string
  readonly verifier: VerifierKey
  /** RFC 8032. */
  sign(bytes: Uint8Array): Uint8Array
}

export interface WitnessFiles {
  /** Locked by this process. */
  readonly state: string
  readonly key: string
  readonly name?: string
  /** By the word of who starts it, a key that is there has never cosigned. */
  readonly unusedKey: boolean
}

/**
 * Both are made at the first start. From then on neither is used without the other: a key without its memory would sign
 * a tree that contradicts those it signed before.
 */
export async function openWitnessKey(
  files: WitnessFiles,
): Promise<{ key: WitnessKey; stored: StoredWitness }> {
  const [stored, privateKey] = [await readState(files.state), await readPrivateKey(files.key)]
  if (privateKey === undefined) return begin(files, stored)
  if (stored === undefined) {
    if (!files.unusedKey) throw withoutMemory(files)
    const key = await namedKey(privateKey, files.name)
    const fresh = { witness: key.vkey, logs: [], pinned: [] }
    await createState(files.state, fresh)
    return { key, stored: fresh }
  }
  const verifier = await parseVerifierKey(stored.witness)
  const key = await namedKey(privateKey, verifier.name)
  if (key.vkey !== stored.witness)
    throw new Failure(exit.failed, `${files.state} is the memory of another key than ${files.key}.`, {
      code: 'state_foreign',
      next: 'Name the two files that were made together: --key <file> --state <file>',
    })
  if (files.name !== undefined && files.name !== verifier.name)
    throw new Failure(
      exit.usage,
      `This witness is called ${verifier.name}; logs know its key by that name.`,
      {
        code: 'option_invalid',
        next: 'Leave out --name.',
      },
    )
  return { key, stored }
}

/** A memory that is there without its key is that of a start that was broken off, or its key is lost. */
async function begin(
  files: WitnessFiles,
  stored: StoredWitness | undefined,
): Promise<{ key: WitnessKey; stored: StoredWitness }> {
  if (stored && stored.logs.length > 0)
    throw new Failure(exit.failed, `There is no key ${files.key}, and ${files.state} is the memory of one.`, {
      code: 'key_missing',
      next: 'Put the key back. If it is lost, name two files that are not there yet: --key <file> --state <file>',
    })
  const jwk = await generateClientKey('Ed25519')
  const key = await namedKey(importKey(jwk), files.name)
  const fresh: StoredWitness = { witness: key.vkey, logs: [], pinned: [] }
  await (stored ? replaceSecretFile(files.state, fresh) : createState(files.state, fresh))
  await createSecretFile(files.key, jwk)
  return { key, stored: fresh }
}

async function readPrivateKey(path: string): Promise<KeyObject | undefined> {
  const jwk = await readKeyFile(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined
    throw error
  })
  if (jwk === undefined) return undefined
  try {
    if (jwk.crv === 'Ed25519') return importKey(jwk)
  } catch {}
  throw new SecretFileError(
    'key_missing',
    `${path} holds no private JWK of Ed25519.`,
    'Name a file that is not there yet, and a key is made: --key <file>',
  )
}

const importKey = ({ kty, crv, x, d }: { kty: string; crv: string; x: string; d: string }): KeyObject =>
  createPrivateKey({ format: 'jwk', key: { kty, crv, x, d } })

async function namedKey(privateKey: KeyObject, given: string | undefined): Promise<WitnessKey> {
  // Of the private half: what stands beside it in a file could be another's.
  const { x = '' } = createPublicKey(privateKey).export({ format: 'jwk' })
  const publicKey = new Uint8Array(Buffer.from(x, 'base64url'))
  const name =
    given ?? `sallyport-witness/${createHash('sha256').update(publicKey).digest('hex').slice(0, 8)}`
  if (!isKeyName(name) || name.length > 200)
    throw new Failure(exit.usage, 'A witness has a name of up to 200 characters without blanks and +.', {
      code: 'option_invalid',
      next: 'For instance --name witness.example/w1',
    })
  const vkey = await formatVerifierKey(name, keyType.cosignature, publicKey)
  return { vkey, verifier: await parseVerifierKey(vkey), sign: bytes => sign(null, bytes, privateKey) }
}

const withoutMemory = ({ key, state }: WitnessFiles): Failure =>
  new Failure(exit.failed, `There is a key ${key}, and no ${state}: what it has cosigned is not known.`, {
    code: 'state_missing',
    next: 'Put its memory back, or name a key that is not there yet. One that never cosigned: --unused-key',
  })
