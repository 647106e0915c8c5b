/** Segments of very many replies on disk, and what a question to all of them takes. Their fingerprints are random. */
import { randomBytes, randomFillSync } from 'node:crypto'
import { type FileHandle, mkdtemp, open, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { entryId, outcomeId } from '../../../shared/entries/id.ts'
import { frameOf, inOrder } from '../../../shared/fingerprint/build-segment.ts'
import { lookup, openSegment, readReplies } from '../../../shared/fingerprint/read-segment.ts'
import { pairBytes, type SegmentReply } from '../../../shared/fingerprint/segment-format.ts'

/** What winnowing keeps of 750 words. */
const fingerprints = 300
/** Of an excerpt of 60 words: its grams, and how many of them its reply kept. */
const grams = 56
const kept = 22

export interface Size {
  readonly replies: number
  /** As many as fit 128 MB. */
  readonly inSegment: number
  readonly questions: number
}

export interface ManyReplies {
  readonly segments: number
  readonly pairs: number
  readonly bytes: number
  /** Of each question, milliseconds. */
  readonly took: readonly number[]
  /** Bytes that a question reads, and in how many reads. */
  readonly read: { readonly bytes: number; readonly times: number }
  /** Questions that found all that was kept of their excerpt, in its reply. */
  readonly answered: number
  /** Grams that were seen in any other reply. */
  readonly falseMatches: number
  readonly grams: number
}

/** Everything is under a temporary folder, which goes at the end. */
export async function askManyReplies(size: Size, print: (line: string) => void): Promise<ManyReplies> {
  const folder = await mkdtemp(join(tmpdir(), 'fingerprints-'))
  try {
    const made = await makeSegments(folder, size, print)
    return await ask(made, size.questions)
  } finally {
    await rm(folder, { recursive: true })
  }
}

interface Made {
  readonly paths: readonly string[]
  readonly pairs: number
  readonly bytes: number
  /** Of one reply in each segment, all that it has. */
  readonly known: readonly { readonly eid: string; readonly set: BigUint64Array }[]
}

async function makeSegments(folder: string, size: Size, print: (line: string) => void): Promise<Made> {
  const made = { paths: [] as string[], pairs: 0, bytes: 0, known: [] as Made['known'][number][] }
  for (let first = 0; first < size.replies; first += size.inSegment) {
    const count = Math.min(size.inSegment, size.replies - first)
    const { bytes, known } = randomSegment(first, count)
    const path = join(folder, `${made.paths.length}`)
    await writeFile(path, bytes)
    made.paths.push(path)
    made.known.push(known)
    made.pairs += count * fingerprints
    made.bytes += bytes.length
    print(`${(first + count).toLocaleString('en-US')} replies, ${made.bytes.toLocaleString('en-US')} bytes`)
  }
  return made
}

/** As `buildSegment` makes them, but that what is random is sorted at once. */
function randomSegment(first: number, count: number) {
  const replies = inOrder(Array.from({ length: count }, (_, i) => replyOf(first + i)))
  const frame = frameOf(epoch, replies)
  const all = randomFillSync(new BigUint64Array(count * fingerprints)).sort()
  const of = Math.floor(count / 2)
  const set = new BigUint64Array(fingerprints)
  let found = 0
  for (let i = 0; i < all.length; i++) {
    // Each reply has as many.
    const reply = i % count
    frame.pairs.setBigUint64(i * pairBytes, all[i] as bigint)
    frame.pairs.setUint32(i * pairBytes + 8, reply)
    if (reply === of) set[found++] = all[i] as bigint
  }
  return { bytes: frame.close(), known: { eid: replies[of]?.eid ?? '', set } }
}

const epoch = 24_322
const begins = Date.UTC(2026, 10, 1)

const replyOf = (n: number): SegmentReply => ({
  eid: outcomeId(entryId(begins + n * 1_000, randomBytes(16))),
  organisation: `organisation ${n % 8}`,
  agreement: `agreement ${n % 8}`,
  client: `client ${n % 40}`,
  model: 'model',
  words: 750,
  fingerprints,
})

async function ask({ paths, known, ...made }: Made, questions: number): Promise<ManyReplies> {
  const files = await Promise.all(paths.map(path => open(path)))
  const took: number[] = []
  const read = { bytes: 0, times: 0 }
  let [answered, falseMatches] = [0, 0]
  try {
    for (let n = 0; n < questions; n++) {
      const { eid, set } = known[n % known.length] ?? { eid: '', set: new BigUint64Array() }
      const own = set.slice(n % (fingerprints - kept), (n % (fingerprints - kept)) + kept)
      const sought = [...own, ...randomFillSync(new BigUint64Array(grams - kept))]
      const before = performance.now()
      const seen: { readonly gram: bigint; readonly eid: string | undefined }[] = []
      for (const file of files) {
        const segment = await openSegment({ get: (from, to) => rangeOf(file, from, to, read) })
        const groups = await lookup(segment, sought)
        const numbers = groups.flatMap(group => group.replies)
        const facts = await readReplies(segment, numbers)
        for (const { fingerprint, replies } of groups)
          for (const number of replies) seen.push({ gram: fingerprint, eid: facts.get(number)?.eid })
      }
      took.push(performance.now() - before)
      if (own.every(gram => seen.some(one => one.gram === gram && one.eid === eid))) answered++
      falseMatches += seen.filter(one => one.eid !== eid).length
    }
  } finally {
    await Promise.all(files.map(file => file.close()))
  }
  return {
    ...made,
    segments: paths.length,
    took,
    read: { bytes: read.bytes / questions, times: read.times / questions },
    answered,
    falseMatches,
    grams: grams * questions,
  }
}

async function rangeOf(
  file: FileHandle,
  from: number,
  to: number,
  read: { bytes: number; times: number },
): Promise<Uint8Array> {
  const bytes = Buffer.allocUnsafe(to - from)
  const { bytesRead } = await file.read(bytes, 0, bytes.length, from)
  read.bytes += bytesRead
  read.times++
  return bytes.subarray(0, bytesRead)
}
