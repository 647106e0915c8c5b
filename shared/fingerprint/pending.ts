/**
 * A reply's fingerprints as the gate leaves them for the exporter, which packs those of an hour: a line of JSON that says
 * whose they are, then the set. Pure.
 */
import { hourOf } from '../domain/time.ts'
import { isEntryId, timeOfEntry } from '../entries/id.ts'
import { epochAt } from '../watermark/epoch.ts'
import { formatSet, parseSet } from './set.ts'

export interface ReplyFacts {
  /** Of the outcome's entry. */
  readonly eid: string
  readonly organisation: string
  readonly agreement: string
  readonly client: string
  readonly model: string
  /** Units of all its texts (`units.ts`). */
  readonly words: number
}

export interface PendingReply extends ReplyFacts {
  /** Ascending, each once. */
  readonly fingerprints: BigUint64Array
}

const folder = 'attr/pending/'

/** What starts the keys of an epoch's replies that wait to be packed, or of one of its hours. */
export const pendingPrefix = (epoch: number, hour?: number): string =>
  hour === undefined ? `${folder}${epoch}/` : `${folder}${epoch}/${hour}/`

/** Throws a `TypeError` where `eid` is no id of an entry. */
export function pendingKey(eid: string): string {
  const ms = timeOfEntry(eid)
  return pendingPrefix(epochAt(ms), hourOf(ms)) + eid
}

/** `undefined` for a key that `pendingKey` does not make. */
export function readPendingKey(
  key: string,
): { readonly epoch: number; readonly hour: number; readonly eid: string } | undefined {
  const eid = key.slice(key.lastIndexOf('/') + 1)
  if (!isEntryId(eid) || pendingKey(eid) !== key) return undefined
  const ms = timeOfEntry(eid)
  return { epoch: epochAt(ms), hour: hourOf(ms), eid }
}

export function formatPending({ fingerprints, ...facts }: PendingReply): Uint8Array {
  const { eid, organisation, agreement, client, model, words } = facts
  const line = `${JSON.stringify({ eid, organisation, agreement, client, model, words })}\n`
  return Buffer.concat([Buffer.from(line), formatSet(fingerprints)])
}

/** `undefined` where the bytes are none. */
export function parsePending(bytes: Uint8Array): PendingReply | undefined {
  const end = bytes.indexOf(newline)
  if (end < 0) return undefined
  const facts = factsOf(Buffer.from(bytes.subarray(0, end)).toString())
  const fingerprints = parseSet(bytes.subarray(end + 1))
  return facts && fingerprints ? { ...facts, fingerprints } : undefined
}

const newline = 0x0a
/** A segment counts them in 32 bits. */
const mostWords = 2 ** 32 - 1
/** The first of an id's 26 characters has three bits. */
const is128Bits = /^entry_[0-7]/
const names = ['organisation', 'agreement', 'client', 'model'] as const

function factsOf(line: string): ReplyFacts | undefined {
  const said = parsed(line)
  if (typeof said !== 'object' || said === null) return undefined
  const { eid, words, ...rest } = said as Readonly<Record<string, unknown>>
  if (typeof eid !== 'string' || !isEntryId(eid) || !is128Bits.test(eid)) return undefined
  if (typeof words !== 'number' || !Number.isInteger(words) || words < 0 || words > mostWords)
    return undefined
  const [organisation, agreement, client, model] = names.map(name => rest[name])
  if (typeof organisation !== 'string' || typeof agreement !== 'string') return undefined
  if (typeof client !== 'string' || typeof model !== 'string') return undefined
  return { eid, organisation, agreement, client, model, words }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
