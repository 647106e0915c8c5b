/** Of leaks by coalitions: in how many a trace names one of them, and in how many somebody else. */
import type { MarkedRecord, Reading } from '../../../shared/watermark/trace/reading.ts'
import { traceMarks } from '../../../shared/watermark/trace/trace-marks.ts'
import { type Attack, attacksOf, everybody, type Layer, leakOf, membersOf, recordsOf } from './coalitions.ts'

export interface Leak {
  readonly layer: Layer
  readonly attack: Attack
  readonly coalition: number
  readonly records: number
}

const lengths: readonly (readonly [Layer, coalition: number, records: number])[] = [
  ['digits', 1, 2],
  ['digits', 2, 4],
  ['digits', 3, 5],
  ['digits', 5, 10],
  ['code', 1, 66],
  ['code', 2, 352],
  ['code', 3, 752],
  ['code', 5, 1_888],
]

/** How many records name somebody who leaked them, by layer and how many they are: each attack at that length. */
export const leaks: readonly Leak[] = lengths.flatMap(([layer, coalition, records]) =>
  attacksOf(coalition).map(attack => ({ layer, attack, coalition, records })),
)

/** Where that takes all that may be risked: how many records suffice with the risk of a trace that asks for no more. */
export const longer: readonly Leak[] = [
  { layer: 'digits', attack: 'minority', coalition: 5, records: 13 },
  { layer: 'code', attack: '10 % noise', coalition: 1, records: 80 },
]

/** What one trace may risk: all that an investigation may, and what it risks unless more is asked for. */
export const epsilons = [0.01, 0.001] as const
type Epsilon = (typeof epsilons)[number]

/** The smallest bounds with which somebody was named; 1 where nobody was. */
export interface Named {
  readonly member: number
  readonly innocent: number
  /** How many were tested who had no part in it. */
  readonly innocents: number
}

/** One layer's verdict on what these members leaked. */
export function namedBy(
  layer: Layer,
  readings: readonly Reading[],
  records: readonly MarkedRecord[],
  members: readonly number[],
): Named {
  const byId = new Map(records.map(record => [record.eid, record]))
  const { accused, tested } = traceMarks(readings, byId, everybody, Math.max(...epsilons))[layer]
  const least = (member: boolean): number =>
    Math.min(
      1,
      ...accused
        .filter(({ candidate }) => members.includes(Number(candidate)) === member)
        .map(({ bound }) => bound),
    )
  return { member: least(true), innocent: least(false), innocents: tested - members.length }
}

export interface Tally {
  readonly leak: Leak
  /** How many times it was leaked, with other keys and other members each time. */
  readonly times: number
  readonly innocents: number
  /** Of those times, in how many a member is named, and in how many somebody innocent. */
  readonly named: Readonly<Record<Epsilon, number>>
  readonly falsely: Readonly<Record<Epsilon, number>>
}

/** Each leak with each of the seeds. `onSeed` is told when one is done. */
export function tally(
  leaks: readonly Leak[],
  seeds: readonly number[],
  onSeed: (seed: number) => void = () => undefined,
): readonly Tally[] {
  const most = Math.max(...leaks.map(({ records }) => records))
  const found = leaks.map((): Named[] => [])
  for (const seed of seeds) {
    const all = recordsOf(seed, most)
    for (const [i, { layer, attack, coalition, records: count }] of leaks.entries()) {
      const [records, members] = [all.slice(0, count), membersOf(seed, coalition)]
      found[i]?.push(namedBy(layer, leakOf(layer, attack, records, members, seed), records, members))
    }
    onSeed(seed)
  }
  return leaks.map((leak, i) => {
    const named = found[i] ?? []
    const counted = (bound: (one: Named) => number): Record<Epsilon, number> => {
      const within = (epsilon: number): number => named.filter(one => atRisk(bound(one), epsilon)).length
      return { 0.01: within(0.01), 0.001: within(0.001) }
    }
    return {
      leak,
      times: named.length,
      innocents: named.reduce((sum, { innocents }) => sum + innocents, 0),
      named: counted(({ member }) => member),
      falsely: counted(({ innocent }) => innocent),
    }
  })
}

/** Each of the two layers may risk half of what the trace may. */
export const atRisk = (bound: number, epsilon: number): boolean => bound <= epsilon / 2
