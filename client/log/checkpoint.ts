/** What a log says of itself by its signature: which tree it is, and that it has only grown. */
import { toBase64 } from '../../shared/tlog/base64.ts'
import { parseCheckpoint } from '../../shared/tlog/checkpoint.ts'
import { type Cosigned, cosignedBy } from '../../shared/tlog/cosignature.ts'
import { sameHash, type TreeHash } from '../../shared/tlog/hash.ts'
import { keyType, NoteError, openNote, parseVerifierKey, type VerifierKey } from '../../shared/tlog/note.ts'
import { proveConsistency, rootAt, verifyConsistency } from '../../shared/tlog/proof.ts'
import { notVerified } from './fault.ts'
import { type ReadLogFile, subtreesOf } from './log-files.ts'

export interface Tree {
  /** The origin of the log. */
  readonly log: string
  /** Leaves. */
  readonly size: number
  readonly root: TreeHash
}

export interface VerifyCheckpointOptions {
  /** The log's verifier key, as its `/log/vkey` answers, and as you trust it. */
  readonly key: string
  /** Verifier keys of witnesses. */
  readonly witnesses?: readonly string[]
  /** An earlier checkpoint of the same log. */
  readonly older?: string
  /** The log's tiles: they show that the older tree is the beginning of the newer one. */
  readonly files?: ReadLogFile
}

export interface VerifiedCheckpoint {
  readonly log: string
  readonly size: number
  /** Base64, as the checkpoint has it. */
  readonly root: string
  /** The id of the key that has signed it. */
  readonly keyId: string
  /** What witnesses have said of it, by the latest word of each. */
  readonly cosigned: readonly Cosigned[]
  /** Names of those witnesses that have said nothing. */
  readonly notCosigned: readonly string[]
  /** The older tree, of which this one is shown to be the continuation. */
  readonly grownFrom?: { readonly size: number; readonly root: string }
  /** The log's tiles give this root; absent where there are none. */
  readonly tiles?: true
}

/** Throws a `NotVerified`. */
export async function verifyCheckpoint(
  note: string,
  { key, witnesses = [], older, files }: VerifyCheckpointOptions,
): Promise<VerifiedCheckpoint> {
  const logKey = await readLogKey(key)
  const witnessKeys: VerifierKey[] = []
  for (const witness of witnesses) witnessKeys.push(await readWitnessKey(witness))
  refuseOther(note, logKey)
  if (older !== undefined) refuseOther(older, logKey, 'the older checkpoint')

  // 1. The log's own word.
  const tree = await openCheckpoint(note, logKey)
  // 2. That of others.
  const cosigned = await cosignatures(note, logKey, witnessKeys)
  // 3. That what it said before still holds.
  const before = older === undefined ? undefined : await openCheckpoint(older, logKey, 'the older checkpoint')
  if (before) await verifyGrowth(before, tree, files)
  // 4. That the hashes it serves are those that it signed.
  if (files) await verifyTiles(files, tree)
  return {
    log: tree.log,
    size: tree.size,
    root: toBase64(tree.root),
    keyId: logKey.id,
    cosigned,
    notCosigned: witnessKeys
      .map(({ name }) => name)
      .filter(name => !cosigned.some(one => one.witness === name)),
    ...(before && { grownFrom: { size: before.size, root: toBase64(before.root) } }),
    ...(files && { tiles: true }),
  }
}

/** Throws a `NotVerified` where it is no verifier key of a log. */
export async function readLogKey(vkey: string): Promise<VerifierKey> {
  const key = await readKey(vkey)
  if (key.type === keyType.ed25519) return key
  throw notVerified(
    'malformed',
    `the key of ${key.name} is that of a witness; a log serves its own at /log/vkey`,
  )
}

/** Throws a `NotVerified` where it is no verifier key of a witness. */
export async function readWitnessKey(vkey: string): Promise<VerifierKey> {
  const key = await readKey(vkey, 'witness')
  if (key.type === keyType.cosignature) return key
  throw notVerified('malformed', `the key of ${key.name} is that of a log, and no witness’s`, 'witness')
}

const readKey = (vkey: string, field = 'key'): Promise<VerifierKey> =>
  parseVerifierKey(vkey.trim()).catch((error: unknown) => {
    throw error instanceof NoteError ? notVerified('malformed', error.message, field) : error
  })

/**
 * What speaks nowhere of the log whose key is given is another file, or that is another key; a checkpoint that was
 * changed still does. Throws a `NotVerified`.
 */
function refuseOther(note: string, { name }: VerifierKey, what = 'the checkpoint'): void {
  if (note.includes('\r\n') && !/(?<!\r)\n/.test(note))
    throw notVerified(
      'malformed',
      'all its lines end with CR LF; it was signed with LF, and changed on its way',
      what,
    )
  if (!note.startsWith(`${name}\n`) && !note.includes(`\n— ${name} `))
    throw notVerified('malformed', `it is no checkpoint of ${name}, whose key is given`, what)
}

/** The tree that the log's key has signed. `what` it is, for the fault. */
export async function openCheckpoint(note: string, key: VerifierKey, what = 'the checkpoint'): Promise<Tree> {
  try {
    const { text } = await openNote(note, key)
    const { origin, size, root } = parseCheckpoint(text)
    // A key signs for the log of its name alone.
    if (origin !== key.name) throw new NoteError(`it is one of ${origin}, and the key is that of ${key.name}`)
    return { log: origin, size, root }
  } catch (error) {
    throw error instanceof NoteError ? notVerified('contradicted', error.message, what) : error
  }
}

async function cosignatures(
  note: string,
  key: VerifierKey,
  witnesses: readonly VerifierKey[],
): Promise<readonly Cosigned[]> {
  try {
    return await cosignedBy(await openNote(note, key), witnesses)
  } catch (error) {
    throw error instanceof NoteError ? notVerified('contradicted', error.message, 'the checkpoint') : error
  }
}

/** Throws a `NotVerified` unless the older tree is the beginning of the newer one. */
export async function verifyGrowth(older: Tree, newer: Tree, files: ReadLogFile | undefined): Promise<void> {
  if (older.size > newer.size)
    throw notVerified(
      'malformed',
      `it is of ${older.size} leaves, and the newer of ${newer.size}`,
      'the older checkpoint',
    )
  const isProofNeeded = older.size > 0 && older.size < newer.size
  if (isProofNeeded && files === undefined)
    throw notVerified(
      'unproved',
      `only the log’s tiles show that its tree of ${older.size} leaves has grown to that of ${newer.size}`,
    )
  const proof =
    isProofNeeded && files
      ? await proveConsistency(subtreesOf(files, newer.size), older.size, newer.size)
      : []
  if (await verifyConsistency({ older, newer, proof })) return
  // Tiles of another tree prove nothing of this one.
  if (isProofNeeded && files) await verifyTiles(files, newer)
  throw notVerified(
    'contradicted',
    older.size === newer.size
      ? `the log has signed two trees of ${newer.size} leaves; keep both checkpoints, which show it`
      : `the log has signed a tree of ${older.size} leaves that is not the beginning of that of ${newer.size}; keep both checkpoints, and the tiles, which show it`,
  )
}

/** Throws a `NotVerified` unless they are those of the tree that was signed. */
export async function verifyTiles(files: ReadLogFile, { size, root }: Tree): Promise<void> {
  if (!sameHash(await rootAt(subtreesOf(files, size), size), root))
    throw notVerified('contradicted', `the tiles do not give the root of ${size} leaves that was signed`)
}
