/**
 * What a witness must not forget: of each log, the tree that it cosigned last. One file, of one key. It is replaced
 * whole, and is durable before anything that it allows leaves this process.
 */
import { mkdir, readFile, realpath } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { witnessedPart } from '../../shared/tlog/add-checkpoint.ts'
import { cosignedBy } from '../../shared/tlog/cosignature.ts'
import type { TreeHash } from '../../shared/tlog/hash.ts'
import { parseNote, type VerifierKey } from '../../shared/tlog/note.ts'
import { textAt } from '../json.ts'
import { SecretFileError } from '../key-file.ts'
import { exit, Failure } from './failure.ts'
import { createSecretFile, isThere, readIfThere, replaceSecretFile } from './profile-file.ts'

export interface KeptLog {
  readonly size: number
  readonly root: TreeHash
  /** When it was cosigned; seconds. */
  readonly at: number
  /** The note, with the log's signatures and the cosignature. */
  readonly checkpoint: string
  /** The first note that the log signed of another tree of a size that was cosigned: evidence against it. */
  readonly contradiction?: string
}

/** As the file holds it. All that is known of a log's tree is in its checkpoint. */
export interface StoredWitness {
  /** The verifier key: no other key goes with this memory. */
  readonly witness: string
  readonly logs: readonly { readonly checkpoint: string; readonly contradiction?: string }[]
  /** Keys of logs, as they were when their addresses were first named. */
  readonly pinned: readonly { readonly url: string; readonly vkey: string }[]
}

export interface WitnessMemory {
  seen(origin: string): KeptLog | undefined
  origins(): Iterable<string>
  /** Durable when it resolves; nothing is kept where it rejects. One at a time: the caller sees to that. */
  keep(origin: string, log: KeptLog): Promise<void>
}

/** Without links, also where it is not there yet; its folder is made. */
export async function placeOfState(path: string): Promise<string> {
  try {
    if (await isThere(path)) return await realpath(path)
    await mkdir(dirname(path), { recursive: true, mode: 0o700 })
    return join(await realpath(dirname(path)), basename(path))
  } catch (error) {
    throw new Failure(
      exit.failed,
      `The file ${path} cannot be used (${(error as NodeJS.ErrnoException).code}).`,
      {
        code: 'state_unwritable',
        next: 'Name a file in a folder that you may write: --state <file>',
      },
    )
  }
}

/** `undefined` where there is none. Throws where it is not what a witness has written: then nothing is begun anew. */
export async function readState(path: string): Promise<StoredWitness | undefined> {
  const stored = await readIfThere(path).catch((error: unknown) => {
    throw error instanceof SecretFileError && error.code === 'file_malformed' ? foreign(path) : error
  })
  if (stored === undefined) return undefined
  const witness = textAt(stored, 'witness')
  const { logs, pinned } = stored as Partial<Record<keyof StoredWitness, unknown>>
  const wanted = (list: unknown, ...names: readonly string[]): boolean =>
    Array.isArray(list) && list.every(one => names.every(name => textAt(one, name) !== undefined))
  if (witness === undefined || !wanted(logs, 'checkpoint') || !wanted(pinned, 'url', 'vkey'))
    throw foreign(path)
  return stored as StoredWitness
}

/** A new file. Throws where one is there already. */
export const createState = (path: string, stored: StoredWitness): Promise<void> =>
  createSecretFile(path, stored)

/** The memory in a file that is locked by this process, and that holds `stored`. */
export async function openMemory(
  path: string,
  stored: StoredWitness,
  key: VerifierKey,
): Promise<WitnessMemory> {
  const logs = new Map<string, KeptLog>()
  for (const { checkpoint, contradiction } of stored.logs) {
    const { origin, ...kept } = await readKept(checkpoint, key).catch(() => {
      throw foreign(path)
    })
    if (logs.has(origin)) throw foreign(path)
    logs.set(origin, { ...kept, ...(contradiction !== undefined && { contradiction }) })
  }
  let written = JSON.stringify(stored)
  return {
    seen: origin => logs.get(origin),
    origins: () => logs.keys(),
    async keep(origin, log) {
      const next = new Map(logs).set(origin, log)
      // Somebody who puts an older file in its place would make it forget; a lock does not hinder them.
      if (JSON.stringify(JSON.parse(await readFile(path, 'utf8'))) !== written)
        throw new Error(`${path} was changed by somebody else`)
      const content: StoredWitness = {
        ...stored,
        logs: [...next.values()].map(({ checkpoint, contradiction }) => ({
          checkpoint,
          ...(contradiction !== undefined && { contradiction }),
        })),
      }
      // Where this fails the file may hold it all the same: then it knows more than was ever said, which is harmless.
      await replaceSecretFile(path, content)
      written = JSON.stringify(content)
      logs.set(origin, log)
    },
  }
}

/** Only what this key has cosigned is a memory. */
async function readKept(
  checkpoint: string,
  key: VerifierKey,
): Promise<KeptLog & { readonly origin: string }> {
  const note = parseNote(checkpoint)
  const { origin, size, root } = witnessedPart(note.text)
  const [own] = await cosignedBy(note, [key])
  if (own === undefined) throw new Error('it is not cosigned')
  return { origin, size, root, at: own.at, checkpoint }
}

const foreign = (path: string): Failure =>
  new Failure(exit.failed, `${path} does not hold the memory of this witness, or not all of it.`, {
    code: 'state_malformed',
    next: 'Put the newest copy back. If it is lost, begin again with a new key and a new state, and tell the log’s operator.',
  })
