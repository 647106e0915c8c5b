/**
 * Layer C: which of two instants a leak shows, record by record, against which each reader was shown. The score is that of
 * Škorić, Katzenbeisser and Celik (2008), "Symmetric Tardos fingerprinting codes for arbitrary alphabet sizes": to agree
 * where few would counts for much, and to differ counts against. Pure.
 */
import { accuse, type LayerVerdict, type Tested } from './accuse.ts'
import { type Candidate, type MarkedRecord, type Reading, type Records, readingsByRecord } from './reading.ts'
import { type Draws, lnChernoff } from './tails.ts'

export interface CodeEvidence {
  /** Records whose leaked instant this reader was shown, of how many, and how many chance gives. */
  readonly matches: number
  readonly of: number
  readonly expected: number
  /** Of an innocent reader 0 on average, and as spread as the square root of `of`. */
  readonly score: number
}

export interface CodeVerdict extends LayerVerdict<CodeEvidence> {
  /** Records whose instant can be told. */
  readonly records: number
  /** Those that were leaked with one instant and with the other: left out, since every reader was shown one of them. */
  readonly both: number
}

/** How likely a reader is shown the second instant, and which was leaked: one of a few pairs. */
interface Pair {
  readonly bias: number
  readonly leaked: 0 | 1
}

interface Column {
  readonly record: MarkedRecord
  /** Its number among the pairs. */
  readonly pair: number
}

export function traceCode(
  readings: readonly Reading[],
  records: Records,
  candidates: readonly Candidate[],
  epsilon: number,
): CodeVerdict {
  const { columns, pairs, both } = columnsOf(readings, records)
  const { of, agreed } = count(columns, pairs, candidates)
  const tested = candidates.flatMap(({ id }, c) => {
    const own = (counts: Uint32Array): Uint32Array =>
      counts.subarray(c * pairs.length, (c + 1) * pairs.length)
    const { evidence, lnChance } = weigh(pairs, own(of), own(agreed))
    return evidence.of === 0 ? [] : [{ candidate: id, evidence, lnChance }]
  })
  return { records: columns.length, both, ...accuse(tested, epsilon, 1) }
}

function columnsOf(readings: readonly Reading[], records: Records) {
  const columns: Column[] = []
  const pairs: Pair[] = []
  let both = 0
  for (const { record, readings: rows } of readingsByRecord(readings, records)) {
    const { bias } = record.marks
    const [leaked, ...others] = new Set(rows.flatMap(({ instant }) => instant ?? []))
    if (bias === undefined || leaked === undefined) continue
    if (others.length > 0) {
      both++
      continue
    }
    const known = pairs.findIndex(pair => pair.bias === bias && pair.leaked === leaked)
    columns.push({ record, pair: known === -1 ? pairs.push({ bias, leaked }) - 1 : known })
  }
  return { columns, pairs, both }
}

/** For each candidate and each pair: how many records they had, and in how many they were shown what was leaked. */
function count(columns: readonly Column[], pairs: readonly Pair[], candidates: readonly Candidate[]) {
  const of = new Uint32Array(candidates.length * pairs.length)
  const agreed = new Uint32Array(of.length)
  const slotsIn = new Map<number, Int32Array>()
  for (const { record, pair } of columns) {
    const { epoch, marks } = record
    const slots = slotsIn.get(epoch) ?? Int32Array.from(candidates, one => one.slots.get(epoch) ?? -1)
    slotsIn.set(epoch, slots)
    const leaked = pairs[pair]?.leaked
    for (let c = 0, at = pair; c < slots.length; c++, at += pairs.length) {
      const mark = marks.marks[slots[c] ?? -1]
      if (mark === undefined) continue
      of[at] = (of[at] ?? 0) + 1
      if (mark.instant === leaked) agreed[at] = (agreed[at] ?? 0) + 1
    }
  }
  return { of, agreed }
}

/** What the score of a reader who was shown `shown` grows by; of the innocent its mean is 0 and its variance 1. */
export function symbolScore({ bias: p, leaked }: Pair, shown: 0 | 1): number {
  const rarity = Math.sqrt(leaked === 1 ? (1 - p) / p : p / (1 - p))
  return shown === leaked ? rarity : -1 / rarity
}

/**
 * The chance is that of this very leak, over the marks of somebody who had no part in it: no length and no threshold is
 * fixed beforehand, and it holds whatever those who leaked did (Furon and Desoubeaux 2014, "Tardos codes for real").
 */
function weigh(
  pairs: readonly Pair[],
  of: Uint32Array,
  agreed: Uint32Array,
): Pick<Tested<CodeEvidence>, 'evidence' | 'lnChance'> {
  let [matches, all, expected, score] = [0, 0, 0, 0]
  const draws = pairs.map((pair, i): Draws => {
    const [count, hits] = [of[i] ?? 0, agreed[i] ?? 0]
    const p = pair.leaked === 1 ? pair.bias : 1 - pair.bias
    const [hit, miss] = [symbolScore(pair, pair.leaked), symbolScore(pair, pair.leaked === 1 ? 0 : 1)]
    matches += hits
    all += count
    expected += count * p
    score += hits * hit + (count - hits) * miss
    return { count, p, hit, miss }
  })
  return { evidence: { matches, of: all, expected, score }, lnChance: lnChernoff(draws, score) }
}
