/**
 * The marks of a copy: which of two true instants its reader is shown (layer C), and the digits below ten seconds of what
 * they are shown of time and latency (layer B). The facts are the same for everybody. Pure.
 */
import type { EntryStream } from './stream.ts'

/** Below this nothing that is shown of a time is a fact. Microseconds. */
export const markedRange = 10_000_000
/** Decimal digits, the seconds first. */
export const markDigits = 7

export interface Mark {
  /** Which instant is shown: 0 when it was received, 1 when it was completed. Of an entry with one it is that. */
  readonly instant: 0 | 1
  /** Microseconds below ten seconds: whole, from 0, each as likely as any other. */
  readonly digits: number
  /** The same of the latency; 0 where none is shown. */
  readonly latency: number
}

export interface EntryMarks {
  /** How likely a reader is shown the second of two instants; absent where there is one. */
  readonly bias: number | undefined
  /** Of the slots that are marked, as readers are given them. */
  readonly marks: readonly Mark[]
}

/** The times of a body: milliseconds, floored to ten seconds. */
export interface MarkedTimes {
  readonly time: number
  readonly start_time?: number
}

/**
 * Of an epoch's slots the last eighth is not marked: for evidence, whose times are exact, and which is bound to its
 * reader by the slot alone.
 */
export const markedSlots = (slots: number): number => slots - Math.max(1, slots / 8)

/**
 * The biases of a Tardos code for coalitions of up to six, in ten-thousandths, and up to which of a thousand each is drawn
 * (Nuida et al. 2009, "An improvement of discrete Tardos fingerprinting codes": the nodes of a Gauss–Legendre quadrature).
 */
const biases = [
  { below: 332, share: 1_127 },
  { below: 668, share: 5_000 },
  { below: 1_000, share: 8_873 },
] as const

/** In the order of the stream: the entry's bias, then each slot's digits, its latency, and its instant. */
export function drawMarks(stream: EntryStream, { start_time }: MarkedTimes, slots: number): EntryMarks {
  const drawn = stream.below(1_000)
  const { share } = biases.find(({ below }) => drawn < below) ?? biases[1]
  const marks: Mark[] = []
  for (let j = 0; j < markedSlots(slots); j++) {
    const digits = stream.belowWide(markedRange)
    const latency = stream.belowWide(markedRange)
    const second = stream.below(10_000) < share
    marks.push(
      start_time === undefined
        ? { instant: 1, digits, latency: 0 }
        : { instant: second ? 1 : 0, digits, latency },
    )
  }
  return { bias: start_time === undefined ? undefined : share / 10_000, marks }
}

/** Milliseconds, of whole tens of seconds. Clocks stand apart: what ended before it began took no time. */
export const tookOf = ({ time, start_time = time }: MarkedTimes): number => Math.max(0, time - start_time)

export interface SlotTimes {
  /** Microseconds since 1970. */
  readonly time: number
  /** Microseconds. */
  readonly latency: number
}

/** What a slot shows; without a mark, the body's time and no latency. */
export function slotTimes({ time, start_time = time }: MarkedTimes, mark: Mark | undefined): SlotTimes {
  if (mark === undefined) return { time: time * 1_000, latency: 0 }
  const instant = mark.instant === 1 ? time : start_time
  return {
    time: instant * 1_000 + mark.digits,
    latency: tookOf({ time, start_time }) * 1_000 + mark.latency,
  }
}
