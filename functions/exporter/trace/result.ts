/**
 * The answer of a trace, as the API shows it: nobody is named without the bound, and of who is not named nothing is told.
 * How near the nearest came would lead whoever asks again and again, a digit changed each time, to the marks of somebody
 * innocent, who would then be named by a leak that was made up.
 */
import type { Answered } from '../../../shared/domain/inquiries.ts'
import type { LeakFormat } from '../../../shared/leak/leak.ts'
import type { EpochKey } from '../../../shared/watermark/slots.ts'
import type { MarksVerdict } from '../../../shared/watermark/trace/trace-marks.ts'
import type { ExporterDeps } from '../deps.ts'
import type { Proved } from './proved.ts'
import { nameReader, type Readers } from './readers.ts'

interface Found {
  readonly epsilon: number
  readonly format: LeakFormat
  /** How many of each. */
  readonly rows: Readonly<Record<string, number>>
  readonly proved: Proved
  readonly marks: MarksVerdict
  readonly readers: Readers
  readonly epochs: ReadonlyMap<number, EpochKey>
}

/** That somebody without the month's key makes a record that proves itself as another reader's: a guess of 128 bits. */
const proofBound = 2 ** -128

/** What it does not say, to be shown with it. */
export const traceLimits = [
  'A name is a reason to ask that reader, and no verdict: whoever has their copy, or their session, can leak it.',
  'Whoever has the key of the month can make any reader’s copy. Against it stand that the log commits to the key before its first use and, of an export, its reader’s own signature.',
  'Whoever retells what a record says, without its proof and its times, is not found.',
  'Rows that tell of several records, or of none that you may see, are left out: they speak for nobody and against nobody.',
] as const

export async function traceResult(deps: ExporterDeps, found: Found): Promise<Answered> {
  const { epsilon, format, rows, proved, marks, readers, epochs } = found
  const evidence = evidenceOf(found)
  const accused = await Promise.all(
    [...evidence].map(async ([id, layers]) => {
      const suspect = readers.suspects.get(id) ?? { id, slots: new Map<number, number>() }
      const { A, B, C } = layers
      // Whoever is innocent could have been named by the marks of either layer.
      const byMarks = 2 * Math.min(B?.bound ?? 1, C?.bound ?? 1)
      const bound = Math.min(1, A?.bound ?? 1, byMarks)
      return { ...(await nameReader(deps, suspect, epochs)), layers, bound }
    }),
  )
  accused.sort((one, other) => one.bound - other.bound || (one.reader < other.reader ? -1 : 1))
  const { digits, code } = marks
  const result = {
    format,
    ...rows,
    epsilon,
    layers: {
      A: { records: new Set(proved.opened.map(({ eid }) => eid)).size, unproved: proved.unproved },
      B: {
        records: digits.records,
        symbols: digits.symbols,
        tested: digits.tested,
        epsilon: digits.epsilon,
      },
      C: { records: code.records, tested: code.tested, epsilon: code.epsilon },
    },
    readers: accused,
    limits: traceLimits,
  }
  return { result, named: accused.map(({ reader, bound }) => ({ id: reader, bound: boundText(bound) })) }
}

interface Layers {
  readonly A?: { readonly records: number; readonly bound: number }
  readonly B?: Omit<MarksVerdict['digits']['accused'][number], 'candidate'>
  readonly C?: Omit<MarksVerdict['code']['accused'][number], 'candidate'>
}

/** What speaks against each, layer by layer, each with a bound of its own. */
function evidenceOf({ proved, marks, readers }: Found): ReadonlyMap<string, Layers> {
  const all = new Map<string, Layers>()
  const add = (id: string, layer: Layers): void => void all.set(id, { ...all.get(id), ...layer })
  const opened = Map.groupBy(proved.opened, ({ epoch, slot }) => readers.of(epoch, slot))
  for (const [id, records] of opened) add(id, { A: { records: records.length, bound: proofBound } })
  for (const { candidate, ...B } of marks.digits.accused) add(candidate, { B })
  for (const { candidate, ...C } of marks.code.accused) add(candidate, { C })
  return all
}

/** Two digits: `2.9e-39`. */
export const boundText = (bound: number): string => bound.toExponential(1)
