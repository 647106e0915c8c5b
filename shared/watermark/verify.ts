/**
 * What a reader's record proves, without a key and without asking anybody: body and slot give the leaf that the tree
 * must hold. By WebCrypto alone, so that a browser does it too. Everything here is the word of whoever hands it over.
 */
import { floorTime, isEntryId, timeOfEntry } from '../entries/id.ts'
import { webSha256 } from '../tlog/hash.ts'
import {
  committedBody,
  type FieldHashes,
  fieldAt,
  fieldText,
  hashDomain,
  type Withholdable,
  withholdable,
} from './committed.ts'
import { epochAt } from './epoch.ts'
import { formatLeaf, leafTypeOf } from './leaf.ts'
import { markedRange, tookOf } from './marks.ts'
import { isPlain, type Shown, shownOf } from './shown.ts'
import type { View } from './view.ts'

export interface ShownRecord {
  readonly eid: string
  /** D, base64url. */
  readonly digest: string
  readonly body: Readonly<Record<string, unknown>>
  readonly withheld?: readonly string[]
  /** As it stands beside the body; absent: nothing stands there. */
  readonly shown?: Shown
  readonly view: View
}

export interface OpenedRecord {
  /** What the tree must hold at the record's place. */
  readonly leaf: Uint8Array
  /** Whose copy it is: 16 hexadecimal digits, a pseudonym that the operator can name. */
  readonly reader: string
  /** What is shown of a withheld field, and proved by nothing. */
  readonly unproved: readonly string[]
}

/** The record contradicts itself: what is wrong, in words. */
export class RecordFault extends Error {
  override readonly name = 'RecordFault'
}

/** Throws a `RecordFault` where body, digest and slot do not belong together. */
export async function openRecord({
  eid,
  digest,
  body,
  withheld = [],
  shown,
  view,
}: ShownRecord): Promise<OpenedRecord> {
  const { uid } = (body.metadata ?? {}) as { readonly uid?: unknown }
  if (uid !== eid) throw new RecordFault('the body is that of another entry')
  if (!isEntryId(eid)) throw new RecordFault('its id is none of an entry')
  if (view.epoch !== epochAt(timeOfEntry(eid))) throw new RecordFault('its epoch is not that of its id')
  if (!isPlainObject(body.unmapped)) throw new RecordFault('unmapped is no object')
  refuseParts(body)
  refuseNames(view)
  refuseWithheld(body, withheld, view)
  const hashes = await fieldHashes(body, withheld, view)
  const d = await hashOf(
    hashDomain.body,
    exactly(view.body_salt, 32, 'body_salt'),
    utf8(committedOf(body, hashes)),
  )
  if (!same(d, exactly(digest, 32, 'digest'))) throw new RecordFault('the body does not give the digest')

  const carrier = exactly(view.carrier, 24, 'carrier')
  refuseTimes(body, carrier)
  refuseShown(shown, body, carrier)
  if (view.type !== leafTypeOf((body.unmapped as { readonly kind?: unknown }).kind))
    throw new RecordFault('the type of its leaf is not that of its kind')
  if (view.flags !== 0) throw new RecordFault('it has flags, and none is defined')
  const slots = 2 ** view.path.length
  if (
    view.path.length < 2 ||
    view.path.length > 10 ||
    !Number.isInteger(view.position) ||
    view.position < 0 ||
    view.position >= slots
  )
    throw new RecordFault('the position is none among the slots')
  let root = await hashOf(hashDomain.slot, exactly(view.salt, 16, 'salt'), carrier, d)
  for (const [level, sibling] of view.path.entries()) {
    const other = exactly(sibling, 32, `path ${level}`)
    root = (view.position >> level) % 2 === 1 ? await hashOf(1, other, root) : await hashOf(1, root, other)
  }
  const leaf = formatLeaf({
    type: view.type,
    flags: view.flags,
    epoch: whole(view.epoch, 0xffff_ffff, 'epoch'),
    viewRoot: root,
    attrCommit: exactly(view.attr_commit, 32, 'attr_commit'),
    sealCommit: exactly(view.seal_commit, 32, 'seal_commit'),
  })
  return {
    leaf,
    reader: Array.from(carrier.subarray(0, 8), byte => byte.toString(16).padStart(2, '0')).join(''),
    unproved: withheld.filter(path => fieldAt(body, path as Withholdable) !== undefined),
  }
}

/**
 * The tens of seconds of what a slot shows are a time of the body, and those of its latency follow from both; what is
 * below is the reader's mark, which nothing else tells.
 */
function refuseTimes(body: ShownRecord['body'], carrier: Uint8Array): void {
  const { time, start_time: start } = body
  if (!isFloored(time) || (start !== undefined && !isFloored(start)))
    throw new RecordFault('its time is finer than ten seconds')
  const fields = new DataView(carrier.buffer, carrier.byteOffset)
  const [shown, latency] = [fields.getBigUint64(8), fields.getBigUint64(16)]
  if (isPlain(body, carrier)) return
  const from = BigInt(time) * 1_000n
  const tens = (shown / range) * range
  if (tens !== from && (start === undefined || tens !== BigInt(start) * 1_000n))
    throw new RecordFault('the time of the slot is not one of the body')
  const took = tookOf({ time, ...(start !== undefined && { start_time: start }) })
  if (start === undefined ? latency !== 0n : (latency / range) * range !== BigInt(took) * 1_000n)
    throw new RecordFault('the latency of the slot is not that of the body')
}

const range = BigInt(markedRange)

/** Of a calendar the last whole ten seconds, milliseconds (ECMAScript §21.4.1.1): a slot shows a moment within them. */
const farthest = 8.64e15 - 10_000

const isFloored = (ms: unknown): ms is number =>
  Number.isSafeInteger(ms) &&
  Math.abs((ms as number) - farthest / 2) <= farthest / 2 &&
  floorTime(ms as number) === ms

/** The digits that a person reads are those that are proved. */
function refuseShown(shown: Shown | undefined, body: ShownRecord['body'], carrier: Uint8Array): void {
  if (shown === undefined) return
  const own = shownOf(body, carrier)
  if (own.time !== shown.time || own.latency_s !== shown.latency_s || own.exact_to_s !== shown.exact_to_s)
    throw new RecordFault('the times that are shown are not those of the slot')
}

/** Not every reader of JSON has other numbers, or writes them in one way. */
function refuseParts(body: ShownRecord['body']): void {
  const rest: unknown[] = [body]
  while (rest.length > 0) {
    const next = rest.pop()
    if (typeof next === 'number' && !Number.isSafeInteger(next))
      throw new RecordFault(`${next} is no whole number below 2^53`)
    if (typeof next === 'object' && next !== null) for (const inner of Object.values(next)) rest.push(inner)
  }
}

/** A hash or a salt under another name would be one of nothing. */
function refuseNames({ field_salts = {}, field_hashes = {} }: View): void {
  for (const name of [...Object.keys(field_salts), ...Object.keys(field_hashes)])
    if (!(withholdable as readonly string[]).includes(name))
      throw new RecordFault(`${name} is no field that may be withheld`)
}

/** A part of it may be shown: each organisation's own. */
const shownInPart: readonly string[] = ['unmapped.hit']

/** What is said to be withheld is what has a hash in place of its value: neither can be said of a field alone. */
function refuseWithheld(
  body: ShownRecord['body'],
  withheld: readonly string[],
  { field_hashes = {} }: View,
): void {
  for (const [i, path] of withheld.entries()) {
    if (withheld.indexOf(path) !== i) throw new RecordFault(`${path} is said twice to be withheld`)
    if (
      !(withholdable as readonly string[]).includes(path) ||
      field_hashes[path as Withholdable] === undefined
    )
      throw new RecordFault(`${path} is said to be withheld, and has no hash`)
    if (!shownInPart.includes(path) && fieldAt(body, path as Withholdable) !== undefined)
      throw new RecordFault(`${path} is said to be withheld, and stands there`)
  }
}

async function fieldHashes(
  body: ShownRecord['body'],
  withheld: readonly string[],
  { field_salts = {}, field_hashes = {} }: View,
): Promise<FieldHashes> {
  const found: Partial<Record<Withholdable, string>> = {}
  for (const path of withholdable) {
    const value = fieldAt(body, path)
    const hidden = field_hashes[path]
    const salt = field_salts[path]
    if (hidden !== undefined) {
      if (salt !== undefined) throw new RecordFault(`${path} has a salt, and a hash`)
      if (!withheld.includes(path))
        throw new RecordFault(`${path} has a hash, and is not said to be withheld`)
      exactly(hidden, 32, `field_hashes ${path}`)
      found[path] = hidden
    } else if (value !== undefined) {
      if (salt === undefined) throw new RecordFault(`${path} has no salt`)
      const hash = await hashOf(
        hashDomain.field,
        exactly(salt, 16, `field_salts ${path}`),
        utf8(fieldText(value)),
      )
      found[path] = toText(hash)
    } else if (salt !== undefined) throw new RecordFault(`${path} has a salt, and is not there`)
  }
  return found
}

const isPlainObject = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** A body that cannot be put into canonical JSON is no body of the log. */
function committedOf(body: ShownRecord['body'], hashes: FieldHashes): string {
  try {
    return committedBody(body, hashes)
  } catch {
    throw new RecordFault('the body has no canonical form')
  }
}

const hashOf = (domain: number, ...parts: readonly Uint8Array[]): Promise<Uint8Array> => {
  const input = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 1))
  input[0] = domain
  let at = 1
  for (const part of parts) {
    input.set(part, at)
    at += part.length
  }
  return webSha256(input)
}

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text)

const same = (one: Uint8Array, other: Uint8Array): boolean => one.every((byte, i) => byte === other[i])

const toText = (bytes: Uint8Array): string =>
  btoa(String.fromCharCode(...bytes))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replace(/=+$/, '')

/** Bytes of this length, from base64url without padding (RFC 4648 §5). */
function exactly(text: unknown, length: number, what: string): Uint8Array {
  if (typeof text === 'string' && /^[A-Za-z0-9_-]+$/.test(text) && text.length % 4 !== 1) {
    const padded = text.replaceAll('-', '+').replaceAll('_', '/')
    const bytes = Uint8Array.from(atob(padded.padEnd(Math.ceil(text.length / 4) * 4, '=')), c =>
      c.charCodeAt(0),
    )
    // The same bytes have one text.
    if (bytes.length === length && toText(bytes) === text) return bytes
  }
  throw new RecordFault(`${what} is not base64url of ${length} bytes`)
}

function whole(value: number, most: number, what: string): number {
  if (!Number.isInteger(value) || value < 0 || value > most)
    throw new RecordFault(`${what} is no number from 0 to ${most}`)
  return value
}
