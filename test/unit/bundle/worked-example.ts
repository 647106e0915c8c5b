/** The example of docs/log-format.md, made by the code that makes a log: three leaves, of which the second is told whole. */
import { createPrivateKey, createPublicKey, sign } from 'node:crypto'
import canonicalize from 'canonicalize'
import type { Entry } from '../../../shared/entries/entry.ts'
import { epochEntry } from '../../../shared/entries/epoch.ts'
import { entryId } from '../../../shared/entries/id.ts'
import { formatCheckpoint } from '../../../shared/tlog/checkpoint.ts'
import { emptyEdge, grow, rootOf } from '../../../shared/tlog/grow.ts'
import { formatNote, formatVerifierKey, keyId, keyType } from '../../../shared/tlog/note.ts'
import { proveInclusion } from '../../../shared/tlog/proof.ts'
import { formatProofFile } from '../../../shared/tlog/proof-file.ts'
import { tilePath } from '../../../shared/tlog/tile.ts'
import { epochAt } from '../../../shared/watermark/epoch.ts'
import { shownOf } from '../../../shared/watermark/shown.ts'
import { bind, entryMarks, epochKeyDigest, openEpochKey } from '../../../shared/watermark/slots.ts'
import { entryStream } from '../../../shared/watermark/stream.ts'
import { makeView } from '../../../shared/watermark/view.ts'
import { leafHash, readTiles, sha256 } from '../tlog/naive-tree.ts'

const log = 'log.example/log'
const now = Date.UTC(2026, 10, 27, 10, 0, 7) + 123.456
const bytesFrom = (first: number, length: number) => Uint8Array.from({ length }, (_, i) => first + i)
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')

/** Ed25519 of a seed (RFC 8032 §5.1.5), in the form of PKCS #8. */
const pkcs8 = Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), bytesFrom(0x20, 32)])
const privateKey = createPrivateKey({ key: pkcs8, format: 'der', type: 'pkcs8' })
const publicKey = Buffer.from(String(createPublicKey(privateKey).export({ format: 'jwk' }).x), 'base64url')

const canonical = (value: unknown): string => canonicalize(value) ?? ''

function exampleEntry(first: number, fields: object, kind: object): { eid: string; entry: Entry } {
  const eid = entryId(now, bytesFrom(first, 16))
  const body = canonical({ ...fields, metadata: { uid: eid }, time: now - (now % 10_000), unmapped: kind })
  const entry = { body, digest: '', exact: { time: String(Math.round(now * 1_000)) }, day: '' }
  return { eid, entry }
}

/** The lines of the example, with how each value is called in the document. */
export async function workedExample(): Promise<string> {
  const key = bytesFrom(0, 32)
  const number = epochAt(now)
  const epoch = openEpochKey(number, 4, key)
  const commitment = epochEntry({ log, epoch: number, slots: 4, keyDigest: epochKeyDigest(key) })
  const decision = exampleEntry(0x40, { comment: 'As agreed.' }, { kind: 'decision', decision: 'applied' })
  const call = exampleEntry(0x60, {}, { kind: 'intent', reserve: 100 })
  const entries = [commitment, decision, call]
  const leaves = entries.map(({ eid, entry }) => bind(epoch, eid, entry).leaf)
  const grown = grow(sha256, emptyEdge, leaves.map(leafHash))
  const root = rootOf(sha256, grown.edge)
  const text = formatCheckpoint({ origin: log, size: 3, root })
  const signature = new Uint8Array(sign(null, Buffer.from(text), privateKey))
  const id = await keyId(log, keyType.ed25519, publicKey)
  const checkpoint = formatNote({ text, signatures: [{ name: log, id, bytes: signature }] })
  const tiles = new Map(grown.tiles.map(({ id, bytes }) => [tilePath(id), bytes]))

  const { eid, entry } = decision
  const bound = bind(epoch, eid, entry)
  const opening = bound.opening(0)
  const stream = entryStream(key, eid)
  const [bodySalt, sealSalt, filler] = [32, 32, 32].map(n => stream.bytes(n)) as [
    Uint8Array,
    Uint8Array,
    Uint8Array,
  ]
  const { marks } = entryMarks(epoch, eid, JSON.parse(entry.body) as { time: number })
  const fieldSalts = Array.from({ length: 8 }, () => stream.bytes(16))
  const slotSalts = Array.from({ length: 4 }, () => stream.bytes(16))
  const positions = [0, 1, 2, 3].map(j => bound.opening(j).position)
  const committed = canonical({ ...JSON.parse(entry.body), comment: bound.fields.comment?.hash })
  const proof = await proveInclusion(readTiles(tiles, 3), 1, 3)
  const record = {
    eid,
    digest: Buffer.from(bound.digest).toString('base64url'),
    body: JSON.parse(entry.body) as object,
    sentence: '…',
    shown: shownOf(JSON.parse(entry.body) as object, opening.carrier),
    view: makeView(bound, { log, epoch, slot: 0, index: 1, withheld: [] }),
  }
  const lines: readonly (readonly [string, string])[] = [
    ['origin', log],
    ['epoch', `${number}`],
    ['epoch key', hex(key)],
    ['key_digest', epochKeyDigest(key)],
    ['slots', '4'],
    ['reader of slot 0', hex(epoch.readers[0] ?? new Uint8Array())],
    ['eid', eid],
    ['body', entry.body],
    ['exact', canonical(entry.exact)],
    ['body salt', hex(bodySalt)],
    ['seal salt', hex(sealSalt)],
    ['filler', hex(filler)],
    ['salt of comment', hex(fieldSalts[0] ?? new Uint8Array())],
    ['salt of slot 0', hex(slotSalts[0] ?? new Uint8Array())],
    ['positions of 0–3', positions.join(' ')],
    ['digits of t of slots 0–2', marks.map(({ digits }) => digits).join(' ')],
    ['hash of comment', bound.fields.comment?.hash ?? ''],
    ['C(body)', committed],
    ['D', hex(bound.digest)],
    ['carrier', hex(opening.carrier)],
    ...opening.path.map((hash, i) => [`path ${i}`, hex(hash)] as const),
    ['view_root', hex(bound.leaf.subarray(10, 42))],
    ['seal_commit', hex(bound.sealCommit)],
    ['leaf', hex(bound.leaf)],
    ['leaf hash', hex(leafHash(bound.leaf))],
    ['other leaf hashes', [0, 2].map(n => hex(leafHash(leaves[n] ?? new Uint8Array()))).join(' ')],
    ['root', hex(root)],
    ['seed of the log’s key', hex(bytesFrom(0x20, 32))],
    ['verifier key', await formatVerifierKey(log, keyType.ed25519, publicKey)],
  ]
  return [
    '```',
    ...lines.map(([name, value]) => `${name}\n    ${value}`),
    '```',
    '',
    'The checkpoint:',
    '```',
    checkpoint.trimEnd(),
    '```',
    '',
    'The record as the reader of slot 0 has it, with its proof beside it:',
    '```',
    canonical(record),
    '```',
    '```',
    formatProofFile({ index: 1, proof, checkpoint }).trimEnd(),
    '```',
    '',
  ].join('\n')
}
