/**
 * The readers' slots of an entry (layer A): its body is bound by the leaf through them alone, so whoever proves a record
 * shows whose copy it is, and with which marks (layers B and C). Pure; the epoch's key makes every salt and every mark.
 */
import { createHmac, hash } from 'node:crypto'
import type { Entry } from '../entries/entry.ts'
import {
  committedBody,
  type FieldHashes,
  fieldAt,
  fieldText,
  hashDomain,
  type Withholdable,
  withholdable,
} from './committed.ts'
import { formatLeaf, leafTypeOf } from './leaf.ts'
import { drawMarks, type EntryMarks, type MarkedTimes, type SlotTimes, slotTimes } from './marks.ts'
import { type EntryStream, entryStream } from './stream.ts'

/** 32 bytes. */
type Digest = Uint8Array

const saltBytes = 16
const readerBytes = 8
export const carrierBytes = 24

/** What an epoch's entries are made with. */
export interface EpochKey {
  readonly epoch: number
  readonly slots: number
  /** 32 bytes. */
  readonly key: Uint8Array
  /** The pseudonym of whoever has a slot: 8 bytes each, in the order in which slots are given. */
  readonly readers: readonly Uint8Array[]
}

export interface Opening {
  /** Whose slot it is, and what that reader is shown of time and latency: 24 bytes. */
  readonly carrier: Uint8Array
  readonly salt: Uint8Array
  /** Where it is among the slots, and the hashes from its sibling to the root of all. */
  readonly position: number
  readonly path: readonly Digest[]
}

export interface Bound {
  readonly leaf: Uint8Array
  readonly type: number
  /** D: what the body comes to for everybody. Two readers who compare it compare what they were shown. */
  readonly digest: Digest
  readonly bodySalt: Uint8Array
  readonly attrCommit: Digest
  /** Of that commitment: given to whoever is told which reply it is about. */
  readonly attrSalt: Uint8Array
  readonly sealCommit: Digest
  /** The operator's alone, but for what two organisations give as evidence. */
  readonly sealSalt: Uint8Array
  /** Of the fields that may be withheld and are there. */
  readonly fields: Readonly<
    Partial<Record<Withholdable, { readonly salt: Uint8Array; readonly hash: string }>>
  >
  /** Of slot `j`, counted as readers are given them. */
  opening(j: number): Opening
}

export const openEpochKey = (epoch: number, slots: number, key: Uint8Array): EpochKey => ({
  epoch,
  slots,
  key,
  readers: Array.from({ length: slots }, (_, j) =>
    createHmac('sha256', key).update(`reader\0${j}`).digest().subarray(0, readerBytes),
  ),
})

/** What an epoch's commitment tells of its key, and nothing more. */
export const epochKeyDigest = (key: Uint8Array): string =>
  hash('sha256', Buffer.concat([Uint8Array.of(hashDomain.epochKey), key]), 'base64url')

/**
 * All that follows from an entry and its epoch's key: its leaf, and what each reader opens it with. Throws where the body is
 * no JSON, or has no times.
 */
export function bind(
  { epoch, slots, key, readers }: EpochKey,
  eid: string,
  { body, exact, attr }: Pick<Entry, 'body' | 'exact' | 'attr'>,
): Bound {
  const facts = JSON.parse(body) as BoundBody
  const drawn = draw(entryStream(key, eid), facts, slots)
  const { bodySalt, sealSalt, filler, fieldSalts, salts, positions } = drawn
  const fields = fieldsOf(facts, fieldSalts)
  const hashes: FieldHashes = Object.fromEntries(
    Object.entries(fields).map(([path, { hash }]) => [path, hash]),
  )
  const committed = Object.keys(hashes).length === 0 ? body : committedBody(facts, hashes)
  const digest = sha256(Uint8Array.of(hashDomain.body), bodySalt, Buffer.from(committed))
  const sealCommit = sealDigest(sealSalt, body, exact)
  const attrCommit = attr === undefined ? filler : attrDigest(filler, Buffer.from(attr, 'base64url'))

  const timesOf = (j: number): SlotTimes => slotTimes(facts, drawn.marks.marks[j])
  const tree = slotTree(slots)
  slotInput.set(digest, 1 + saltBytes + carrierBytes)
  for (let j = 0; j < slots; j++) {
    slotInput.set(salts.subarray(j * saltBytes, (j + 1) * saltBytes), 1)
    writeCarrier(slotInput, 1 + saltBytes, readers[j] as Uint8Array, timesOf(j))
    tree.put(positions[j] as number, hash('sha256', slotInput, 'binary'))
  }
  const viewRoot = tree.root()
  const type = leafTypeOf(facts.unmapped?.kind)
  return {
    leaf: formatLeaf({ type, flags: 0, epoch, viewRoot, attrCommit, sealCommit }),
    type,
    digest,
    bodySalt,
    attrCommit,
    attrSalt: filler,
    sealCommit,
    sealSalt,
    fields,
    opening(j) {
      const position = positions[j]
      if (position === undefined) throw new RangeError(`there is no slot ${j} of ${slots}`)
      return {
        carrier: carrier(readers[j] as Uint8Array, timesOf(j)),
        salt: salts.subarray(j * saltBytes, (j + 1) * saltBytes),
        position,
        path: tree.path(position),
      }
    },
  }
}

/** The marks of an entry alone, as it is bound with them: what a trace compares a leak with. */
export const entryMarks = ({ key, slots }: EpochKey, eid: string, times: MarkedTimes): EntryMarks =>
  draw(entryStream(key, eid), times, slots).marks

/** In this order, so that the same stream is the same entry. */
function draw(stream: EntryStream, times: MarkedTimes, slots: number) {
  return {
    bodySalt: stream.bytes(32),
    sealSalt: stream.bytes(32),
    filler: stream.bytes(32),
    fieldSalts: withholdable.map(() => stream.bytes(saltBytes)),
    salts: stream.bytes(saltBytes * slots),
    positions: permutation(slots, stream.below),
    marks: drawMarks(stream, times, slots),
  }
}

interface BoundBody extends MarkedTimes {
  readonly unmapped?: Readonly<Record<string, unknown>>
  readonly [field: string]: unknown
}

function fieldsOf(body: BoundBody, salts: readonly Uint8Array[]): Bound['fields'] {
  const found = withholdable.flatMap((path, n) => {
    const value = fieldAt(body, path)
    const salt = salts[n] as Uint8Array
    if (value === undefined) return []
    const text = Buffer.from(fieldText(value))
    const digest = hash('sha256', Buffer.concat([Uint8Array.of(hashDomain.field), salt, text]), 'base64url')
    return [[path, { salt, hash: digest }] as const]
  })
  return Object.fromEntries(found)
}

/** Opened in disputes, by whoever has the salt: the whole body, and to the microsecond when it was. */
export const sealDigest = (salt: Uint8Array, body: string, exact: Entry['exact']): Digest =>
  sha256(Uint8Array.of(hashDomain.seal), salt, Buffer.from(`${body}\n${fieldText(exact)}`))

/** The salt is the operator's; `fingerprints` the digest of the set. */
export const attrDigest = (salt: Uint8Array, fingerprints: Uint8Array): Digest =>
  sha256(Uint8Array.of(hashDomain.attr), salt, fingerprints)

function carrier(reader: Uint8Array, times: SlotTimes): Uint8Array {
  const bytes = Buffer.alloc(carrierBytes)
  writeCarrier(bytes, 0, reader, times)
  return bytes
}

/** Reader, time, latency: 8 bytes each, the times in microseconds. */
function writeCarrier(into: Buffer, at: number, reader: Uint8Array, { time, latency }: SlotTimes): void {
  into.set(reader, at)
  writeU64(into, time, at + readerBytes)
  writeU64(into, latency, at + 2 * readerBytes)
}

/** A BigInt would take as long as half of a hash. */
function writeU64(into: Buffer, value: number, at: number): void {
  if (!Number.isSafeInteger(value) || value < 0) throw new RangeError('a time of an entry is no such number')
  into.writeUInt32BE(Math.floor(value / 2 ** 32), at)
  into.writeUInt32BE(value % 2 ** 32, at + 4)
}

/** Filled anew for each slot. As a string of bytes, Node gives a hash in a third of the time that a buffer takes. */
const slotInput = Buffer.alloc(1 + saltBytes + carrierBytes + 32)
slotInput[0] = hashDomain.slot

/** Fisher and Yates: where each slot stands. */
function permutation(n: number, below: (n: number) => number): readonly number[] {
  const places = Array.from({ length: n }, (_, i) => i)
  for (let i = n - 1; i > 0; i--) {
    const j = below(i + 1)
    ;[places[i], places[j]] = [places[j] as number, places[i] as number]
  }
  return places
}

const digestBytes = 32
const nodeInput = Buffer.alloc(1 + 2 * digestBytes)
nodeInput[0] = 1

/** The tree over the slots, a power of two (RFC 6962 §2.1): node 1 is the root, `2k` and `2k + 1` stand below `k`. */
function slotTree(slots: number) {
  const nodes = Buffer.alloc(2 * slots * digestBytes)
  const node = (k: number): Digest => nodes.subarray(k * digestBytes, (k + 1) * digestBytes)
  return {
    put: (position: number, hash: string): void =>
      void nodes.write(hash, (slots + position) * digestBytes, 'binary'),
    /** After every slot was put. */
    root(): Digest {
      for (let k = slots - 1; k > 0; k--) {
        nodes.copy(nodeInput, 1, 2 * k * digestBytes, (2 * k + 2) * digestBytes)
        nodes.write(hash('sha256', nodeInput, 'binary'), k * digestBytes, 'binary')
      }
      return node(1)
    },
    /** From the sibling of a slot to the child of the root, which was made before. */
    path(position: number): readonly Digest[] {
      const path: Digest[] = []
      for (let k = slots + position; k > 1; k >>= 1) path.push(node(k ^ 1))
      return path
    },
  }
}

const sha256 = (...parts: readonly Uint8Array[]): Digest => hash('sha256', Buffer.concat(parts), 'buffer')
