/**
 * What a trace compares: what a leak shows of the marks, and who was given which. Rows have been matched to records by
 * their facts alone. A row that was matched by its marks would make every bound here void. Pure.
 */
import type { EntryMarks } from '../marks.ts'

/** What one leaked row shows of the marks of the record it was matched to. */
export interface Reading {
  readonly eid: string
  readonly epoch: number
  /** Digits of the time below ten seconds as leaked, the seconds first: `3481` of …23.481. `?` is one that cannot be read. */
  readonly timeDigits: string
  /** The same of the latency. */
  readonly latencyDigits: string
  /** Which instant its tens of seconds are; absent where both are the same, or where it cannot be told. */
  readonly instant?: 0 | 1
}

export interface MarkedRecord {
  readonly eid: string
  readonly epoch: number
  readonly marks: EntryMarks
}

/** Somebody who can have leaked: their slot in each epoch in which they had one. A slot that nobody has can be named too. */
export interface Candidate {
  readonly id: string
  readonly slots: ReadonlyMap<number, number>
}

/** Records by their ids: those that a row was matched to. */
export type Records = ReadonlyMap<string, MarkedRecord>

/** By record, in the order of the leak; what belongs to no record of these is left out. */
export function readingsByRecord(
  readings: readonly Reading[],
  records: Records,
): readonly { readonly record: MarkedRecord; readonly readings: readonly Reading[] }[] {
  const byRecord = new Map<string, Reading[]>()
  for (const reading of readings) {
    const others = byRecord.get(reading.eid)
    if (others === undefined) byRecord.set(reading.eid, [reading])
    else others.push(reading)
  }
  return [...byRecord].flatMap(([eid, readings]) => {
    const record = records.get(eid)
    return record === undefined ? [] : [{ record, readings }]
  })
}
