/**
 * The log as everybody reads it: its checkpoint, every bundle of leaves, every tile of hashes. The tree is hashed here as
 * RFC 6962 says it, by no code of the log's own.
 */
import { createPublicKey, hash, verify } from 'node:crypto'

/** Below the log's prefix. `undefined` where nothing is there. */
export type ReadFile = (path: string) => Promise<Buffer | undefined>

export interface PublishedLog {
  /** Hexadecimal, in the order of the tree. */
  readonly leaves: readonly string[]
  /** The note. */
  readonly checkpoint: string
  readonly faults: readonly string[]
}

const width = 256

/** An empty log where no checkpoint is published. */
export async function readPublishedLog(read: ReadFile): Promise<PublishedLog> {
  const faults: string[] = []
  const note = await read('checkpoint')
  if (note === undefined) return { leaves: [], checkpoint: '', faults }
  const checkpoint = note.toString()
  const { size, root } = openNote(checkpoint, (await read('vkey'))?.toString() ?? '', faults)
  const leaves: Buffer[] = []
  for (let n = 0; n * width < size; n++)
    leaves.push(...(await readBundle(read, n, Math.min(width, size - n * width), faults)))
  if (leaves.length !== size) faults.push(`${leaves.length} leaves are there, and ${size} were published`)
  else {
    const hashes = leaves.map(leaf => sha256(Buffer.concat([Buffer.of(0), leaf])))
    if (!rootOf(hashes).equals(root)) faults.push(`the leaves do not come to the root of ${size}`)
    await checkTiles(read, hashes, faults)
  }
  return { leaves: leaves.map(leaf => leaf.toString('hex')), checkpoint, faults }
}

/** A signed note (c2sp.org/signed-note) of a checkpoint; its key is one line, `<name>+<id>+<type and key>`. */
function openNote(
  note: string,
  vkey: string,
  faults: string[],
): { readonly size: number; readonly root: Buffer } {
  const end = note.indexOf('\n\n')
  const text = note.slice(0, end + 1)
  // Base64 has that sign as well.
  const [, name = '', id = '', encoded = ''] = /^(.+?)\+([0-9a-f]{8})\+(\S+)\n$/.exec(vkey) ?? []
  const x = Buffer.from(encoded, 'base64').subarray(1).toString('base64url')
  const key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' })
  const signed = note
    .slice(end + 2)
    .split('\n')
    .filter(line => line.startsWith(`— ${name} `))
    .map(line => Buffer.from(line.slice(`— ${name} `.length), 'base64'))
    .some(
      bytes =>
        bytes.subarray(0, 4).toString('hex') === id &&
        verify(null, Buffer.from(text), key, bytes.subarray(4)),
    )
  if (!signed) faults.push(`the checkpoint is not signed by ${name}: ${JSON.stringify(note)}`)
  const [origin, size = '', root = ''] = text.split('\n')
  if (origin !== name) faults.push(`the checkpoint is one of ${origin}`)
  return { size: Number(size), root: Buffer.from(root, 'base64') }
}

async function readBundle(read: ReadFile, n: number, count: number, faults: string[]): Promise<Buffer[]> {
  const path = pathOf('entries', n, count)
  const bytes = await read(path)
  if (bytes === undefined) {
    faults.push(`${path} is not there`)
    return []
  }
  const leaves: Buffer[] = []
  for (let at = 0; at < bytes.length; ) {
    const next = at + 2 + bytes.readUInt16BE(at)
    leaves.push(bytes.subarray(at + 2, next))
    at = next
  }
  if (leaves.length !== count) faults.push(`${path} has ${leaves.length} leaves`)
  return leaves
}

async function checkTiles(read: ReadFile, leafHashes: readonly Buffer[], faults: string[]): Promise<void> {
  let hashes = leafHashes
  for (let level = 0; hashes.length > 0; level++) {
    const above: Buffer[] = []
    for (let n = 0; n * width < hashes.length; n++) {
      const own = hashes.slice(n * width, (n + 1) * width)
      const path = pathOf(level, n, own.length)
      const bytes = await read(path)
      if (bytes === undefined) faults.push(`${path} is not there`)
      else if (!bytes.equals(Buffer.concat(own))) faults.push(`${path} has other hashes than its leaves`)
      if (own.length === width) above.push(rootOf(own))
    }
    hashes = above
  }
}

/** RFC 6962 §2.1, of the hashes of leaves. */
function rootOf(hashes: readonly Buffer[]): Buffer {
  const [first] = hashes
  if (first === undefined) return sha256(Buffer.alloc(0))
  if (hashes.length === 1) return first
  let half = 1
  while (half * 2 < hashes.length) half *= 2
  return sha256(Buffer.concat([Buffer.of(1), rootOf(hashes.slice(0, half)), rootOf(hashes.slice(half))]))
}

/** `tile/0/x001/234`, and `.p/<width>` after it where it is not full (c2sp.org/tlog-tiles). */
function pathOf(level: number | 'entries', n: number, count: number): string {
  const digits = String(n)
  const groups = digits.padStart(Math.ceil(digits.length / 3) * 3, '0').match(/\d{3}/g) ?? []
  const name = groups.map((group, i) => (i < groups.length - 1 ? `x${group}` : group)).join('/')
  return `tile/${level}/${name}${count < width ? `.p/${count}` : ''}`
}

const sha256 = (bytes: Uint8Array): Buffer => hash('sha256', bytes, 'buffer')
