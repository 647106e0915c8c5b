/** Records with marks as a test wants them. */
import type { Mark } from '../../../../shared/watermark/marks.ts'
import type { Candidate, MarkedRecord, Reading, Records } from '../../../../shared/watermark/trace/reading.ts'

export const november = 2026 * 12 + 10
export const december = november + 1

/** Of each slot the digits of its time; the rest follows where nothing is said. */
export const record = (
  eid: string,
  times: readonly string[],
  {
    epoch = november,
    bias,
    marks = [],
  }: { epoch?: number; bias?: number; marks?: readonly Partial<Mark>[] } = {},
): MarkedRecord => ({
  eid,
  epoch,
  marks: {
    bias,
    marks: times.map((time, slot) => ({ instant: 1, digits: Number(time), latency: 0, ...marks[slot] })),
  },
})

export const recordsById = (...records: readonly MarkedRecord[]): Records =>
  new Map(records.map(one => [one.eid, one]))

export const candidate = (id: string, slot: number, epochs: readonly number[] = [november]): Candidate => ({
  id,
  slots: new Map(epochs.map(epoch => [epoch, slot])),
})

export const reading = (eid: string, rest: Partial<Reading> = {}): Reading => ({
  eid,
  epoch: november,
  timeDigits: '',
  latencyDigits: '',
  ...rest,
})
