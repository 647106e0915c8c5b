/**
 * Layer B: digits of time and latency, each drawn for each reader evenly. Whoever has nothing to do with a leak has a tenth
 * of its digits in common with it, whoever it was copied from all, and each of several more than a tenth. Pure.
 */
import { markDigits } from '../marks.ts'
import { accuse, type LayerVerdict, type Tested } from './accuse.ts'
import { type Candidate, type MarkedRecord, type Reading, type Records, readingsByRecord } from './reading.ts'
import { type Draws, lnBinomialTail, lnChernoff } from './tails.ts'

/** How a value with fewer digits was made of a longer one. */
export type Rounding = 'cut' | 'rounded'

export interface DigitsEvidence {
  /** Leaked digits that are those of this reader, of how many that can be compared, and how many chance gives. */
  readonly matches: number
  readonly of: number
  readonly expected: number
  readonly rounding: Rounding
}

export interface DigitsVerdict extends LayerVerdict<DigitsEvidence> {
  /** Records of which a digit can be read. */
  readonly records: number
  /** Digits that can be compared; a place with several different ones is counted once. */
  readonly symbols: number
}

/** What is leaked of one value of one record. */
interface Value {
  readonly record: MarkedRecord
  readonly field: 'digits' | 'latency'
  /** For each digit, the seconds first, which ones were leaked: bit `d` for `d`. None, or all ten, tell nothing. */
  readonly places: readonly number[]
}

export function traceDigits(
  readings: readonly Reading[],
  records: Records,
  candidates: readonly Candidate[],
  epsilon: number,
): DigitsVerdict {
  const values = valuesOf(readings, records)
  // Whether it was cut or rounded is tried where it makes a difference, which the leak alone decides.
  const roundings: readonly Rounding[] = values.some(({ places }) => places.length < markDigits)
    ? ['cut', 'rounded']
    : ['cut']
  const tested = candidates.flatMap(candidate => {
    const [first, ...others] = roundings.map(rounding => compare(candidate, values, rounding))
    if (first === undefined || first.evidence.of === 0) return []
    return [others.reduce((best, one) => (one.lnChance < best.lnChance ? one : best), first)]
  })
  return {
    records: new Set(values.map(({ record }) => record.eid)).size,
    symbols: values.reduce((sum, { places }) => sum + places.filter(tells).length, 0),
    ...accuse(tested, epsilon, roundings.length),
  }
}

function valuesOf(readings: readonly Reading[], records: Records): readonly Value[] {
  return readingsByRecord(readings, records).flatMap(({ record, readings }) => {
    const time = placesOf(readings.map(({ timeDigits }) => timeDigits))
    // An entry with one instant has no latency that could be marked.
    const latency =
      record.marks.bias === undefined ? [] : placesOf(readings.map(({ latencyDigits }) => latencyDigits))
    const values: readonly Value[] = [
      { record, field: 'digits', places: time },
      { record, field: 'latency', places: latency },
    ]
    return values.filter(({ places }) => places.some(tells))
  })
}

/**
 * Of one record's values only the longest are taken that have a digit. A shorter one may be a longer one rounded: its digits follow from the
 * same number, and counted beside the others' they would be a second witness to one fact. Which are the longest is seen
 * in the leak alone, so that leaving out the others favours nobody.
 */
function placesOf(leaked: readonly string[]): readonly number[] {
  const texts = new Set(leaked.map(text => text.slice(0, markDigits)).filter(text => /[0-9]/.test(text)))
  let places: number[] = []
  for (const text of texts) {
    if (text.length > places.length) places = new Array<number>(text.length).fill(0)
    if (text.length < places.length) continue
    for (let i = 0; i < text.length; i++) {
      const symbol = text.charAt(i)
      if (symbol >= '0' && symbol <= '9') places[i] = (places[i] ?? 0) | (1 << Number(symbol))
    }
  }
  return places
}

const allTen = (1 << 10) - 1
const tells = (place: number): boolean => place !== 0 && place !== allTen

/** How many different digits a place has. */
const sizes = Uint8Array.from({ length: allTen + 1 }, (_, place) =>
  [...place.toString(2)].reduce((sum, bit) => sum + Number(bit), 0),
)

function compare(
  { id, slots }: Candidate,
  values: readonly Value[],
  rounding: Rounding,
): Tested<DigitsEvidence> {
  let matches = 0
  /** Places by how many different digits they have. */
  const of = new Uint32Array(11)
  for (const { record, field, places } of values) {
    const mark = record.marks.marks[slots.get(record.epoch) ?? -1]
    if (mark === undefined) continue
    let shown = shortened(mark[field], places.length, rounding)
    for (let i = places.length - 1; i >= 0; i--) {
      const place = places[i] ?? 0
      const digit = shown % 10
      shown = (shown - digit) / 10
      if (!tells(place)) continue
      const size = sizes[place] ?? 0
      of[size] = (of[size] ?? 0) + 1
      matches += (place >> digit) & 1
    }
  }
  const draws = [...of].flatMap((count, size): Draws[] =>
    count === 0 ? [] : [{ count, p: size / 10, hit: 1, miss: 0 }],
  )
  return {
    candidate: id,
    evidence: {
      matches,
      of: draws.reduce((sum, { count }) => sum + count, 0),
      expected: draws.reduce((sum, { count, p }) => sum + count * p, 0),
      rounding,
    },
    lnChance: lnChance(draws, matches),
  }
}

/** Exact where every place has as many digits as any other, which is any leak that was not merged; else a bound. */
function lnChance(draws: readonly Draws[], matches: number): number {
  const [only, ...others] = draws
  return only !== undefined && others.length === 0
    ? lnBinomialTail(matches, only.count, only.p)
    : lnChernoff(draws, matches)
}

/**
 * The first `k` of seven digits. Rounding may carry beyond the tens of seconds: what is left is even over all values then,
 * too, since it is an even number moved round a circle.
 */
export function shortened(number: number, k: number, rounding: Rounding): number {
  const unit = 10 ** (markDigits - k)
  if (rounding === 'cut') return Math.floor(number / unit)
  return Math.floor((number + unit / 2) / unit) % 10 ** k
}
