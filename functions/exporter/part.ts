/**
 * A part of an export: what a page of looking found, as one object that is put once. Its first line says where looking
 * ended, so that whoever finds it goes on from there and collects nothing twice. Then come the records, as they stand in
 * the file; for evidence their exact times as well, a line each.
 */

import type { MonthReader } from '../../shared/bundle/manifest.ts'
import type { SeenAs } from '../../shared/domain/exports.ts'

export interface PartHead {
  /** Where looking ended; absent: there was nothing more. */
  readonly last?: string
  readonly rows: number
  /** Of the records' lines. */
  readonly bytes: number
  readonly readers: readonly MonthReader[]
  readonly seenAs: SeenAs
}

export interface Part {
  readonly head: PartHead
  /** Lines with their newlines. */
  readonly records: Uint8Array
  readonly exact: Uint8Array
}

export function formatPart(
  head: Omit<PartHead, 'rows' | 'bytes'>,
  records: readonly string[],
  exact: readonly string[],
): Part & { readonly bytes: Uint8Array } {
  const [lines, times] = [Buffer.from(records.join('')), Buffer.from(exact.join(''))]
  const whole: PartHead = { ...head, rows: records.length, bytes: lines.length }
  const bytes = Buffer.concat([Buffer.from(`${JSON.stringify(whole)}\n`), lines, times])
  return { head: whole, records: lines, exact: times, bytes }
}

export function parsePart(bytes: Uint8Array): Part {
  const whole = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const end = whole.indexOf(0x0a) + 1
  const head = JSON.parse(whole.subarray(0, end).toString()) as PartHead
  return {
    head,
    records: whole.subarray(end, end + head.bytes),
    exact: whole.subarray(end + head.bytes),
  }
}

/** Texts of lines without their ends, one after the other: a part has thousands. */
export function* linesOf(bytes: Uint8Array): Generator<string> {
  const whole = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  for (let at = 0; at < whole.length; ) {
    const end = whole.indexOf(0x0a, at)
    yield whole.toString('utf8', at, end)
    at = end + 1
  }
}
