import { base32, lastDigit, stamp } from '../domain/id.ts'

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

/** Intents without an outcome are spread over this many partitions, so that none is hot. */
const openShards = 16

export const openShard = (eid: string): string => `open#${lastDigit(eid) % openShards}`

export const everyOpenShard = (): readonly string[] =>
  Array.from({ length: openShards }, (_, shard) => `open#${shard}`)

function stampTime(ms: number): Uint8Array {
  const bytes = new Uint8Array(16)
  new DataView(bytes.buffer).setBigUint64(0, BigInt(ms) << 16n)
  return bytes
}
