/**
 * Readers who put their copies together, so that none of them is named, and what they leak. Marks are those of the log; keys, members and whatever the attack leaves to chance follow from a seed.
 */
import { hash } from 'node:crypto'
import { drawMarks, type Mark, markDigits, markedSlots } from '../../../shared/watermark/marks.ts'
import { type EntryStream, entryStream } from '../../../shared/watermark/stream.ts'
import type { Candidate, MarkedRecord, Reading } from '../../../shared/watermark/trace/reading.ts'

export const attacks = {
  interleave: 'each record whole from one of them',
  majority: 'what most of them have',
  minority: 'what fewest of them have',
  'all-1': 'the highest that one of them has',
  'all-0': 'the lowest that one of them has',
  coin: 'any that one of them has, all equally likely',
  '10 % noise': 'interleave, and one in ten replaced at random',
} as const
export type Attack = keyof typeof attacks

export type Layer = 'digits' | 'code'

/** One reader alone has nothing to choose from: what is left is to blur it. */
export const attacksOf = (coalition: number): readonly Attack[] =>
  coalition === 1 ? ['interleave', '10 % noise'] : (Object.keys(attacks) as Attack[])

export const slots = 64
const epoch = 2026 * 12 + 10
/** An outcome half a minute after its intent, so that the two instants are told apart. Milliseconds. */
const times = { start_time: 1_795_800_860_000, time: 1_795_800_890_000 }

/** All who can have leaked, those whose slots are plain among them. */
export const everybody: readonly Candidate[] = Array.from({ length: slots }, (_, slot) => ({
  id: `${slot}`,
  slots: new Map([[epoch, slot]]),
}))

const keyOf = (seed: number): Uint8Array => hash('sha256', `seed ${seed}`, 'buffer')

/** A log of its own. */
export function recordsOf(seed: number, count: number): readonly MarkedRecord[] {
  const key = keyOf(seed)
  return Array.from({ length: count }, (_, i) => {
    const eid = `entry_${i}.outcome`
    return { eid, epoch, marks: drawMarks(entryStream(key, eid), times, slots) }
  })
}

/** Different readers with marked slots, each as likely as any other. */
export function membersOf(seed: number, coalition: number): readonly number[] {
  const chance = entryStream(keyOf(seed), `members of ${coalition}`)
  const members = new Set<number>()
  while (members.size < coalition) members.add(chance.below(markedSlots(slots)))
  return [...members]
}

/** What these members leak of these records, in one layer alone. */
export function leakOf(
  layer: Layer,
  attack: Attack,
  records: readonly MarkedRecord[],
  members: readonly number[],
  seed: number,
): readonly Reading[] {
  const chance = entryStream(keyOf(seed), `${layer} ${attack} of ${members.length}`)
  return records.map(({ eid, epoch, marks }) => {
    const copies = members.flatMap(slot => marks.marks[slot] ?? [])
    if (layer === 'code') {
      const [instant] = mixed(attack, copies.map(bitOf), 2, chance)
      return { eid, epoch, timeDigits: '', latencyDigits: '', instant: instant === 1 ? 1 : 0 }
    }
    const digits = mixed(attack, copies.map(digitsOf), 10, chance).join('')
    return {
      eid,
      epoch,
      timeDigits: digits.slice(0, markDigits),
      latencyDigits: digits.slice(markDigits),
    }
  })
}

const bitOf = ({ instant }: Mark): readonly number[] => [instant]
const digitsOf = ({ digits, latency }: Mark): readonly number[] =>
  [digits, latency].flatMap(value => Array.from(`${value}`.padStart(markDigits, '0'), Number))

/** One record's symbols, of so many kinds, from the members' copies of them. */
function mixed(
  attack: Attack,
  copies: readonly (readonly number[])[],
  kinds: number,
  chance: EntryStream,
): readonly number[] {
  if (attack === 'interleave' || attack === '10 % noise') {
    const copy = anyOf(copies, chance)
    return attack === 'interleave'
      ? copy
      : copy.map(symbol => (chance.below(10) === 0 ? chance.below(kinds) : symbol))
  }
  const [first = []] = copies
  return first.map((_, i) => {
    const had = copies.map(copy => copy[i] ?? 0)
    const different = [...new Set(had)]
    const counts = different.map(symbol => had.filter(one => one === symbol).length)
    switch (attack) {
      case 'all-1':
        return Math.max(...had)
      case 'all-0':
        return Math.min(...had)
      case 'coin':
        return anyOf(different, chance)
      default: {
        const wanted = attack === 'majority' ? Math.max(...counts) : Math.min(...counts)
        return anyOf(
          different.filter((_, k) => counts[k] === wanted),
          chance,
        )
      }
    }
  })
}

function anyOf<T>(choices: readonly T[], chance: EntryStream): T {
  const [first, ...others] = choices
  if (first === undefined) throw new RangeError('There is nothing to choose from.')
  const at = chance.below(choices.length)
  return at === 0 ? first : (others[at - 1] ?? first)
}
