/** A log of real entries, bound, grown and signed as the sequencer does it; each reader's records of it as the API shows them. */
import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { intentEntry } from '../../../shared/entries/call.ts'
import { decisionEntry } from '../../../shared/entries/decision.ts'
import { entryId } from '../../../shared/entries/id.ts'
import type { NamedEntry } from '../../../shared/entries/put.ts'
import { formatCheckpoint } from '../../../shared/tlog/checkpoint.ts'
import { cosignature, cosignatureInput } from '../../../shared/tlog/cosignature.ts'
import { emptyEdge, grow, rootOf } from '../../../shared/tlog/grow.ts'
import type { TreeHash } from '../../../shared/tlog/hash.ts'
import {
  formatNote,
  formatVerifierKey,
  keyType,
  parseNote,
  parseVerifierKey,
} from '../../../shared/tlog/note.ts'
import { proveInclusion } from '../../../shared/tlog/proof.ts'
import { formatProofFile } from '../../../shared/tlog/proof-file.ts'
import { tilePath } from '../../../shared/tlog/tile.ts'
import { fieldAt, type Withholdable } from '../../../shared/watermark/committed.ts'
import { epochAt } from '../../../shared/watermark/epoch.ts'
import { markedSlots } from '../../../shared/watermark/marks.ts'
import { type Shown as ShownTimes, shownOf } from '../../../shared/watermark/shown.ts'
import { type Bound, bind, openEpochKey } from '../../../shared/watermark/slots.ts'
import { makeView, type View } from '../../../shared/watermark/view.ts'
import { leafHash, readTiles, sha256 } from '../tlog/naive-tree.ts'

export const start = Date.UTC(2026, 10, 27, 9)
export const origin = 'gateway.example/log'

/** An entry as the API shows it. */
export interface Shown {
  readonly eid: string
  readonly digest: string
  readonly body: Record<string, unknown>
  readonly withheld?: readonly string[]
  readonly sentence: string
  readonly shown?: ShownTimes
  readonly view: View
  readonly proof?: string
}

/** Of the n-th entry. */
const randomOf = (n: number): Uint8Array =>
  Uint8Array.from({ length: 16 }, (_, i) => (n * 31 + i * 7 + (n >> 8)) & 0xff)

export const intentOf = (n: number): NamedEntry =>
  intentEntry(
    {
      request: `request_${n}`,
      address: '127.0.0.1',
      protocol: 'openai',
      operation: 'chat.completions',
      organisation: 'cedar',
      client: 'client_1',
      tokenId: 'token_1',
      key: 'thumb',
      model: 'aurora',
      grant: 'grant_1',
      agreement: { id: 'agreement_1', digest: 'd' },
      purpose: 'research',
      clauses: ['quota-1'],
    },
    { reserve: 100 + n, meters: ['m'] },
    start + n * 1_000,
    randomOf(n),
  )

/** A decision with words that are sealed, and all else that may be withheld. */
export function decisionOf(n: number): NamedEntry {
  const now = start + n * 1_000
  return decisionEntry({
    eid: entryId(now, randomOf(n)),
    now,
    step: 'applied',
    action: { name: 'partner.suspend', params: {} },
    subject: { kind: 'partner', id: 'cedar', name: 'Cedar', rev: 3, organisation: 'cedar' },
    reason: { code: 'request', text: 'As agreed.', reference: 'T-1', sealed: true },
    shown: 'shown-digest',
    rules: 1,
  } as unknown as Parameters<typeof decisionEntry>[0])
}

export interface SignedLog {
  readonly vkey: string
  readonly size: number
  readonly checkpoint: string
  /** Of the first so many leaves. */
  checkpointAt(size: number): string
  /** The record of the n-th entry as the reader of a slot has it; `at` is the size of the tree that proves it. */
  shown(n: number, options?: ShownOptions): Promise<Shown>
  /** By their paths below the log. */
  readonly files: ReadonlyMap<string, Uint8Array>
  readonly read: (path: string) => Promise<Uint8Array | undefined>
  writeTo(folder: string): Promise<void>
  eid(n: number): string
}

export interface ShownOptions {
  readonly slot?: number
  readonly withheld?: readonly string[]
  /** The size of the tree; `null`: without a proof. */
  readonly at?: number | null
}

export interface LogOptions {
  readonly key?: LogKeys
}

export interface LogKeys {
  readonly privateKey: KeyObject
  readonly raw: Uint8Array
}

export function makeKeys(): LogKeys {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519')
  const { x = '' } = publicKey.export({ format: 'jwk' })
  return { privateKey, raw: Uint8Array.from(Buffer.from(x, 'base64url')) }
}

const epochKey = new Uint8Array(32).fill(9)

/** Of eight slots the one without marks, for evidence. */
export const plainSlot = 7

export async function signedLog(
  entries: readonly NamedEntry[],
  { key = makeKeys() }: LogOptions = {},
): Promise<SignedLog> {
  const vkey = await formatVerifierKey(origin, keyType.ed25519, key.raw)
  const { id } = await parseVerifierKey(vkey)
  const epoch = openEpochKey(epochAt(start), 8, epochKey)
  const bound: readonly Bound[] = entries.map(({ eid, entry }) => bind(epoch, eid, entry))
  const leaves = bound.map(({ leaf }) => leafHash(leaf))
  const files = new Map<string, Uint8Array>()
  const roots = new Map<number, TreeHash>([[0, rootOf(sha256, emptyEdge)]])
  let edge = emptyEdge
  for (const leaf of leaves) {
    const grown = grow(sha256, edge, [leaf])
    edge = grown.edge
    roots.set(edge.size, rootOf(sha256, edge))
    for (const { id, bytes } of grown.tiles) files.set(tilePath(id), bytes)
  }
  const checkpointAt = (size: number): string =>
    signText(formatCheckpoint({ origin, size, root: roots.get(size) as TreeHash }), key, id)
  files.set('checkpoint', Buffer.from(checkpointAt(leaves.length)))
  return {
    vkey,
    size: leaves.length,
    checkpoint: checkpointAt(leaves.length),
    checkpointAt,
    async shown(n, { slot = 0, withheld = [], at = leaves.length } = {}) {
      const { eid, entry } = entries[n] as NamedEntry
      const one = bound[n] as Bound
      const view = makeView(one, { log: origin, epoch, slot, index: n, withheld })
      return {
        eid,
        digest: Buffer.from(one.digest).toString('base64url'),
        body: without(JSON.parse(entry.body), withheld),
        ...(withheld.length > 0 && { withheld }),
        sentence: 'Something was decided.',
        ...(slot < markedSlots(epoch.slots) && {
          shown: shownOf(JSON.parse(entry.body) as object, one.opening(slot).carrier),
        }),
        view,
        ...(at !== null && {
          proof: formatProofFile({
            index: n,
            proof: await proveInclusion(readTiles(files, at), n, at),
            checkpoint: checkpointAt(at),
          }),
        }),
      }
    },
    files,
    read: async path => files.get(path),
    async writeTo(folder) {
      for (const [path, bytes] of files) {
        const to = join(folder, path)
        await mkdir(dirname(to), { recursive: true })
        await writeFile(to, bytes)
      }
    },
    eid: n => (entries[n] as NamedEntry).eid,
  }
}

/** By the log's key, whatever it says. */
export const signText = (text: string, { privateKey }: LogKeys, id: string): string => {
  const bytes = new Uint8Array(sign(null, Buffer.from(text), privateKey))
  return formatNote({ text, signatures: [{ name: origin, id, bytes }] })
}

function without(
  body: Record<string, unknown> & { unmapped?: Record<string, unknown> },
  withheld: readonly string[],
): Record<string, unknown> {
  const [top, unmapped] = [{ ...body }, { ...body.unmapped }]
  for (const path of withheld) {
    if (fieldAt(body, path as Withholdable) === undefined) throw new Error(`there is no ${path}`)
    if (path.startsWith('unmapped.')) delete unmapped[path.slice('unmapped.'.length)]
    else delete top[path]
  }
  return { ...top, unmapped }
}

/** The checkpoint, cosigned by a witness, and the witness's verifier key. */
export async function cosigned(
  checkpoint: string,
  { privateKey, raw }: LogKeys = makeKeys(),
): Promise<{ readonly note: string; readonly vkey: string }> {
  const name = 'witness.example/w1'
  const vkey = await formatVerifierKey(name, keyType.cosignature, raw)
  const key = await parseVerifierKey(vkey)
  const note = parseNote(checkpoint)
  const at = Math.floor(start / 1000)
  const bytes = new Uint8Array(sign(null, cosignatureInput(note.text, at), privateKey))
  return {
    note: formatNote({ ...note, signatures: [...note.signatures, cosignature(key, at, bytes)] }),
    vkey,
  }
}
