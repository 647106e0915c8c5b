/**
 * A segment: the fingerprints of many replies in one file that never changes. All numbers are big-endian.
 *
 *   header   48 bytes: magic 16, epoch 4, replies 4, pairs 4, prefix bits 4, bytes of names 4, checksum of names 4,
 *            checksum of the index 4, checksum of the 44 bytes before
 *   names    JSON, the ids that replies have in common
 *   index    of each value of a fingerprint's first bits: its first pair 4, checksum of its pairs 4
 *   replies  48 bytes each, ascending by their ids: id 16, outcome 4, numbers of its organisation, agreement, client and model
 *            4 each, words 4, fingerprints 4, checksum of the 44 bytes before
 *   pairs    12 bytes each, ascending: fingerprint 8, number of the reply 4
 *
 * A checksum is the first 4 bytes of a SHA-256: against what disks and networks do. Whoever can write the bucket can make one;
 * a reply's fingerprints are proved by its leaf in the log. Pure.
 */
import { hash } from 'node:crypto'
import { base32 } from '../domain/id.ts'
import { outcomeId } from '../entries/id.ts'
import type { ReplyFacts } from './pending.ts'

/** Its bytes are no segment, or not all of one. Nothing that was read of it counts. */
export class SegmentFault extends Error {
  override readonly name = 'SegmentFault'
}

export function fault(what: string): never {
  throw new SegmentFault(`The segment is damaged: ${what}.`)
}

/** What one may have, so that one can be made in memory. */
export const maxSegmentBytes = 128 * 2 ** 20
export const headerBytes = 48
export const indexEntryBytes = 8
export const replyBytes = 48
export const pairBytes = 12
const checksumBytes = 4
const magic = Buffer.from('sallyport/seg/1\n')
/** Pairs that a bucket has on average: one is read for each fingerprint that is looked up. */
const bucketPairs = 256
const maxPrefixBits = 24

export interface SegmentHeader {
  readonly epoch: number
  readonly replies: number
  readonly pairs: number
  /** How many of a fingerprint's first bits the index is over. */
  readonly prefixBits: number
  readonly namesBytes: number
  readonly namesChecksum: number
  readonly indexChecksum: number
}

/** Where the parts begin, and how many bytes there are. */
export interface SegmentLayout {
  readonly index: number
  readonly replies: number
  readonly pairs: number
  readonly end: number
}

/** A reply as a segment knows it. */
export interface SegmentReply extends ReplyFacts {
  /** How many. */
  readonly fingerprints: number
}

/** In the order of a reply's record. */
export const named = ['organisation', 'agreement', 'client', 'model'] as const
export type SegmentNames = Readonly<Record<(typeof named)[number], readonly string[]>>

export const checksum = (bytes: Uint8Array): number =>
  Number.parseInt(hash('sha256', bytes, 'hex').slice(0, 2 * checksumBytes), 16)

export function layoutOf({
  prefixBits,
  namesBytes,
  replies,
  pairs,
}: Pick<SegmentHeader, 'prefixBits' | 'namesBytes' | 'replies' | 'pairs'>): SegmentLayout {
  const index = headerBytes + namesBytes
  const firstReply = index + indexEntryBytes * 2 ** prefixBits
  const firstPair = firstReply + replyBytes * replies
  return { index, replies: firstReply, pairs: firstPair, end: firstPair + pairBytes * pairs }
}

export const prefixBitsFor = (pairs: number): number =>
  Math.min(maxPrefixBits, Math.max(0, Math.round(Math.log2(pairs / bucketPairs))))

/** Of a fingerprint whose first 32 bits these are. */
export const bucketOf = (first: number, prefixBits: number): number =>
  prefixBits === 0 ? 0 : first >>> (32 - prefixBits)

export function formatHeader(header: SegmentHeader): Uint8Array {
  const bytes = Buffer.alloc(headerBytes)
  bytes.set(magic)
  const { epoch, replies, pairs, prefixBits, namesBytes, namesChecksum, indexChecksum } = header
  for (const [i, value] of [
    epoch,
    replies,
    pairs,
    prefixBits,
    namesBytes,
    namesChecksum,
    indexChecksum,
  ].entries()) {
    bytes.writeUInt32BE(value, magic.length + 4 * i)
  }
  return sealed(bytes)
}

export function parseHeader(bytes: Uint8Array): SegmentHeader {
  if (bytes.length < headerBytes) fault('it ends within its header')
  const header = bytes.subarray(0, headerBytes)
  if (magic.compare(header, 0, magic.length) !== 0) fault('it does not begin as one')
  const view = checked(header, 'header')
  const at = (i: number): number => view.getUint32(magic.length + 4 * i)
  const read = {
    epoch: at(0),
    replies: at(1),
    pairs: at(2),
    prefixBits: at(3),
    namesBytes: at(4),
    namesChecksum: at(5),
    indexChecksum: at(6),
  }
  if (read.prefixBits > maxPrefixBits) fault('its index is over too many bits')
  if (layoutOf(read).end > maxSegmentBytes) fault('it is larger than one may be')
  return read
}

export const formatNames = (names: SegmentNames): Uint8Array =>
  Buffer.from(JSON.stringify(Object.fromEntries(named.map(name => [name, names[name]]))))

export function parseNames(bytes: Uint8Array): SegmentNames {
  const said = parsedJson(bytes) as Readonly<Record<string, unknown>> | null
  const list = (name: string): readonly string[] => {
    const ids: unknown = said?.[name]
    if (!Array.isArray(ids) || !ids.every(id => typeof id === 'string')) fault('its names are none')
    return ids
  }
  return {
    organisation: list('organisation'),
    agreement: list('agreement'),
    client: list('client'),
    model: list('model'),
  }
}

/** `numbers` finds a name's place among the names. Throws a `TypeError` where its `eid` is no id of an entry. */
export function formatReply(
  reply: SegmentReply,
  numbers: (kind: (typeof named)[number], name: string) => number,
): Uint8Array {
  const bytes = Buffer.alloc(replyBytes)
  bytes.set(idBytes(reply.eid))
  const rest = [
    reply.eid.endsWith(outcome) ? 1 : 0,
    ...named.map(kind => numbers(kind, reply[kind])),
    reply.words,
    reply.fingerprints,
  ]
  for (const [i, value] of rest.entries()) bytes.writeUInt32BE(value, idLength + 4 * i)
  return sealed(bytes)
}

export function parseReply(bytes: Uint8Array, names: SegmentNames): SegmentReply {
  const view = checked(bytes, 'reply')
  const at = (i: number): number => view.getUint32(idLength + 4 * i)
  const name = (i: number, kind: (typeof named)[number]): string =>
    names[kind][at(i)] ?? fault('a reply has a name that is not there')
  if (at(0) > 1) fault('a reply is neither an outcome nor another entry')
  const id = `entry_${base32(bytes.subarray(0, idLength))}`
  return {
    eid: at(0) === 1 ? outcomeId(id) : id,
    organisation: name(1, 'organisation'),
    agreement: name(2, 'agreement'),
    client: name(3, 'client'),
    model: name(4, 'model'),
    words: at(5),
    fingerprints: at(6),
  }
}

const idLength = 16
const outcome = outcomeId('')

/** What `base32` made the id of. */
export function idBytes(eid: string): Uint8Array {
  const [, digits = ''] = /^entry_([0-7][0-9a-hjkmnp-tv-z]{25})(?:\.outcome)?$/.exec(eid) ?? []
  if (digits === '') throw new TypeError('this is no id of an entry')
  const value = [...digits].reduce((sum, digit) => sum * 32n + BigInt(alphabet.indexOf(digit)), 0n)
  const bytes = Buffer.alloc(idLength)
  bytes.writeBigUInt64BE(value >> 64n)
  bytes.writeBigUInt64BE(value & 0xffff_ffff_ffff_ffffn, 8)
  return bytes
}

const alphabet = '0123456789abcdefghjkmnpqrstvwxyz'

function sealed(bytes: Buffer): Uint8Array {
  const end = bytes.length - checksumBytes
  bytes.writeUInt32BE(checksum(bytes.subarray(0, end)), end)
  return bytes
}

function checked(bytes: Uint8Array, what: string): DataView {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const end = bytes.length - checksumBytes
  if (view.getUint32(end) !== checksum(bytes.subarray(0, end))) fault(`the checksum of a ${what} is another`)
  return view
}

function parsedJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(bytes).toString())
  } catch {
    return fault('its names are no JSON')
  }
}
