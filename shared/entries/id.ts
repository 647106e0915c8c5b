import { base32, lastDigit, leadingBits, stamp } from '../domain/id.ts'

/** Times in bodies and ids stand on this grid: finer ones could tell a reader's copy from another's. */
const floorMs = 10_000

export const floorTime = (ms: number): number => ms - (ms % floorMs)

const prefix = 'entry_'
const suffix = '.outcome'

/**
 * The id of an entry: a UUIDv8 (RFC 9562 §5.8) of the floored time, 48 bits, then `random` (16 bytes, of
 * which the last ten count). Ids sort in time. An id made of a hash in place of random bytes is the same
 * for the same event, so that its entry exists once.
 */
export function entryId(ms: number, random: Uint8Array): string {
  const bytes = Uint8Array.from(random.subarray(0, 16))
  new DataView(bytes.buffer).setBigUint64(
    0,
    (BigInt(floorTime(ms)) << 16n) | BigInt(((bytes[6] ?? 0) << 8) | (bytes[7] ?? 0)),
  )
  return prefix + base32(stamp(bytes, 8))
}

/** The least id that an entry at `ms` or later can have: a bound for queries. */
export const entryIdFrom = (ms: number): string => prefix + base32(stampTime(floorTime(ms)))

export const outcomeId = (intent: string): string => intent + suffix

/** What many entries share is spread over this many partitions of an index, so that none is hot. */
const shards = 16

/** By the id's random part: an outcome stands with its intent. */
const shardOf = (eid: string): number => lastDigit(eid.split('.', 1)[0] ?? '') % shards

const everyShard = (name: string): readonly string[] =>
  Array.from({ length: shards }, (_, shard) => `${name}#${shard}`)

/** Intents without an outcome. */
export const openShard = (eid: string): string => `open#${shardOf(eid)}`
export const everyOpenShard = (): readonly string[] => everyShard('open')

/** Entries without a place in the tree. */
export const pendingShard = (eid: string): string => `pending#${shardOf(eid)}`
export const everyPendingShard = (): readonly string[] => everyShard('pending')

/** Entries of a day of UTC, by the time that their ids tell: an outcome stands with its intent. */
export const dayShard = (eid: string): string => `${dayName(timeOfEntry(eid))}#${shardOf(eid)}`
/** `ms` is a moment of the day. */
export const everyDayShard = (ms: number): readonly string[] => everyShard(dayName(ms))

const dayName = (ms: number): string => `day#${new Date(ms).toISOString().slice(0, 10)}`

const shape = /^entry_([0-9a-hjkmnp-tv-z]{26})(?:\.outcome)?$/

export const isEntryId = (text: string): boolean => shape.test(text)

/** The floored time that an id tells. Milliseconds. Throws a `TypeError` where it is no id of an entry. */
export function timeOfEntry(eid: string): number {
  const [, digits] = shape.exec(eid) ?? []
  if (digits === undefined) throw new TypeError('this is no id of an entry')
  return leadingBits(digits)
}

function stampTime(ms: number): Uint8Array {
  const bytes = new Uint8Array(16)
  new DataView(bytes.buffer).setBigUint64(0, BigInt(ms) << 16n)
  return bytes
}
