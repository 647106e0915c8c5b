/**
 * Fingerprints of texts: winnowed, keyed hashes of their 5-grams (Schleimer, Wilkerson, Aiken 2003, “Winnowing: local
 * algorithms for document fingerprinting”, SIGMOD). Two texts that share a run of `guaranteedRun` units share a fingerprint;
 * without the key nobody can tell what a fingerprint is of, or try what it may be. Pure.
 */
import { hash } from 'node:crypto'
import { units } from './units.ts'

/** Units of a gram: fewer are common phrases. */
export const gramUnits = 5
/** Grams of a window, of each of which the least is kept. */
export const windowGrams = 4
/** A run of so many units that two texts share is never missed: a window of grams lies wholly within it. */
export const guaranteedRun = gramUnits + windowGrams - 1

/**
 * Of each 5-gram, in order: the first 64 bits of HMAC-SHA256 (RFC 2104) over its units, with a blank between them.
 * A text of fewer units has none. `key`: 32 bytes.
 */
export function gramsOf(key: Uint8Array, text: string): BigUint64Array {
  return hashGrams(padsOf(key), units(text))
}

/**
 * What is kept of a reply, of each of its texts apart: no gram reaches from one to the next. Ascending, each once.
 * A text whose grams make no whole window has the least of them.
 */
export function fingerprintsOf(key: Uint8Array, texts: readonly string[]): BigUint64Array {
  const pads = padsOf(key)
  return sortedUnique(texts.map(text => winnow(hashGrams(pads, units(text)))))
}

/** Of what is longer the first so many units are kept: ten times what a model says at once. */
export const mostUnits = 1_000_000

export interface Fingerprinted {
  readonly set: BigUint64Array
  /** How many units were looked at. */
  readonly words: number
  /** There were more. */
  readonly cut: boolean
}

/** What `fingerprintsOf` makes, a piece at a time: whatever else this process does has its turn between two of them. */
export async function fingerprintsInTurns(
  key: Uint8Array,
  texts: readonly string[],
  othersTurn: () => Promise<void>,
  most = mostUnits,
): Promise<Fingerprinted> {
  const pads = padsOf(key)
  const parts: BigUint64Array[] = []
  let words = 0
  let pieces = 0
  for (const text of texts) {
    let last: readonly string[] = []
    let row = new BigUint64Array()
    let whole = false
    for (const piece of piecesOf(text)) {
      if (words >= most) return { set: sortedUnique(parts), words, cut: true }
      if (pieces++ > 0) await othersTurn()
      const own = units(piece)
      words += own.length
      // No gram is in what a piece takes over from the one before, and no window in what it takes over of its grams.
      const all = [...last, ...own]
      last = all.slice(1 - gramUnits)
      row = concat(row, hashGrams(pads, all))
      if (row.length < windowGrams) continue
      whole = true
      parts.push(winnow(row).slice())
      row = row.slice(1 - windowGrams)
    }
    if (!whole) parts.push(winnow(row))
  }
  return { set: sortedUnique(parts), words, cut: false }
}

/** UTF-16 code units: some thousand words, of which the hashes take some milliseconds. */
const pieceLength = 32_768

/** Parted at blanks, where no word is parted; of what has none, between two characters. */
export function* piecesOf(text: string): Generator<string> {
  for (let from = 0; from < text.length; ) {
    const least = from + pieceLength
    const blank = text.slice(least, least + pieceLength).search(/[ \t\r\n\u3000]/)
    let end = blank < 0 ? least : least + blank + 1
    // What stands on a character goes with it.
    while (
      blank < 0 &&
      /^(?:[\udc00-\udfff]|\p{M}|\p{DI})/u.test(text.slice(end, end + 2)) &&
      end < least + pieceLength
    )
      end += 1
    yield text.slice(from, end)
    from = end
  }
}

function concat(a: BigUint64Array, b: BigUint64Array): BigUint64Array<ArrayBuffer> {
  const both = new BigUint64Array(a.length + b.length)
  both.set(a)
  both.set(b, a.length)
  return both
}

/** The least gram of each window, the rightmost where several are least. */
export function winnow(grams: BigUint64Array): BigUint64Array {
  const kept = new BigUint64Array(grams.length)
  let count = 0
  let least = -1
  for (let end = Math.min(windowGrams, grams.length) - 1; end >= 0 && end < grams.length; end++) {
    const from = Math.max(0, end - windowGrams + 1)
    let at = end
    for (let i = end - 1; i >= from; i--) {
      if ((grams[i] as bigint) < (grams[at] as bigint)) at = i
    }
    if (at !== least) kept[count++] = grams[at] as bigint
    least = at
  }
  return kept.subarray(0, count)
}

/** The union. */
function sortedUnique(parts: readonly BigUint64Array[]): BigUint64Array {
  const all = new BigUint64Array(parts.reduce((sum, part) => sum + part.length, 0))
  let count = 0
  for (const part of parts) {
    all.set(part, count)
    count += part.length
  }
  all.sort()
  count = 0
  for (const one of all) {
    if (count === 0 || all[count - 1] !== one) all[count++] = one
  }
  return all.slice(0, count)
}

const blockBytes = 64
const digestBytes = 32

interface Pads {
  readonly inner: Uint8Array
  readonly outer: Uint8Array
}

/** The key's two blocks (RFC 2104 §2), which every gram shares. */
function padsOf(key: Uint8Array): Pads {
  // A key longer than a block is its hash. Ours are 32 bytes; this keeps the function an HMAC for all.
  const short = key.length > blockBytes ? hash('sha256', key, 'buffer') : key
  const padded = (pad: number): Uint8Array => {
    const block = new Uint8Array(blockBytes)
    block.set(short)
    return block.map(byte => byte ^ pad)
  }
  return { inner: padded(0x36), outer: padded(0x5c) }
}

const blank = 0x20

/**
 * Filled anew for each gram, and viewed at each length once: the gate makes a reply's fingerprints when its last byte is
 * out, and `createHmac` takes fifteen times as long.
 */
const innerInput = Buffer.alloc(1_024)
const innerViews: Buffer[] = []
const outerInput = Buffer.alloc(blockBytes + digestBytes)
const firstBytes = new DataView(new ArrayBuffer(8))

function hashGrams({ inner, outer }: Pads, words: readonly string[]): BigUint64Array {
  const grams = new BigUint64Array(Math.max(0, words.length - gramUnits + 1))
  if (grams.length === 0) return grams
  const bytes = Buffer.from(words.join(' '))
  const starts = startsOf(bytes, words.length)
  innerInput.set(inner)
  outerInput.set(outer)
  for (let i = 0; i < grams.length; i++) {
    const message = bytesOf(inner, bytes, starts[i] as number, (starts[i + gramUnits] as number) - 1)
    outerInput.write(hash('sha256', message, 'binary'), blockBytes, 'binary')
    const digest = hash('sha256', outerInput, 'binary')
    firstBytes.setUint32(0, wordAt(digest, 0))
    firstBytes.setUint32(4, wordAt(digest, 4))
    grams[i] = firstBytes.getBigUint64(0)
  }
  return grams
}

/** Where each unit starts, and last where one more would. */
function startsOf(bytes: Uint8Array, count: number): Uint32Array {
  const starts = new Uint32Array(count + 1)
  let next = 1
  for (let at = 0; at < bytes.length; at++) {
    if (bytes[at] === blank) starts[next++] = at + 1
  }
  starts[count] = bytes.length + 1
  return starts
}

/** The inner pad and the gram. */
function bytesOf(inner: Uint8Array, bytes: Uint8Array, from: number, to: number): Uint8Array {
  const length = blockBytes + to - from
  if (length > innerInput.length) return Buffer.concat([inner, bytes.subarray(from, to)])
  for (let at = from, put = blockBytes; at < to; at++, put++) innerInput[put] = bytes[at] as number
  innerViews[length] ??= innerInput.subarray(0, length)
  return innerViews[length]
}

/** Four bytes of a string of bytes, the most significant first. */
const wordAt = (text: string, at: number): number =>
  (text.charCodeAt(at) << 24) |
  (text.charCodeAt(at + 1) << 16) |
  (text.charCodeAt(at + 2) << 8) |
  text.charCodeAt(at + 3)
