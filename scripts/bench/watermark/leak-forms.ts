/** What readers make of their copies before they leak them. Records are those of one reader's bundle. */
import { csvCell } from '../../../shared/bundle/csv.ts'
import { type BundleRecord, recordLine } from '../../../shared/bundle/records.ts'
import { textAt } from '../../../shared/search/body.ts'
import type { EntryStream } from '../../../shared/watermark/stream.ts'

export const wholeRecord = (record: BundleRecord): string => recordLine(record)

interface Row {
  readonly time: string
  readonly latency: string | undefined
  readonly record: BundleRecord
}

const titles = 'time,latency_s,sentence,kind,organisation,client,model\r\n'

/** A table without the ids by which a record could be looked up. */
const table = (rows: readonly Row[]): string =>
  titles +
  rows
    .map(
      ({ time, latency, record: { body, sentence } }) =>
        `${[
          time,
          latency,
          sentence,
          textAt(body, 'unmapped', 'kind'),
          textAt(body, 'actor', 'user', 'org', 'uid'),
          textAt(body, 'actor', 'app_uid'),
          textAt(body, 'ai_model', 'uid'),
        ]
          .map(csvCell)
          .join(',')}\r\n`,
    )
    .join('')

const rowOf = (record: BundleRecord): Row => ({
  time: record.shown?.time ?? '',
  latency: record.shown?.latency_s,
  record,
})

export const tableOf = (records: readonly BundleRecord[]): string => table(records.map(rowOf))

/** To the nearest second. */
export const roundedTable = (records: readonly BundleRecord[]): string =>
  table(
    records.map(rowOf).map(({ time, latency, record }) => ({
      time: `${new Date(Math.round(Date.parse(time) / 1000) * 1000).toISOString().slice(0, 19)}Z`,
      latency: latency === undefined ? undefined : String(Math.round(Number(latency))),
      record,
    })),
  )

/** Each row from one of several copies, and each of its digits below ten seconds with this chance another one. */
export function mergedTable(
  copies: readonly (readonly BundleRecord[])[],
  chance: EntryStream,
  randomised: number,
): string {
  const noise = (digit: string): string =>
    chance.below(100) < randomised * 100 ? String(chance.below(10)) : digit
  const rows = (copies[0] ?? []).map((first, n) => rowOf(copies[chance.below(copies.length)]?.[n] ?? first))
  return table(
    rows.map(({ time, latency, record }) => ({
      // …:2|3.481516Z and 1|2.345678
      time: time.slice(0, 18) + time.slice(18).replace(/\d/g, noise),
      latency: latency?.replace(/\d(?:\.\d+)$/, digits => digits.replace(/\d/g, noise)),
      record,
    })),
  )
}

/** What somebody makes up who knows the facts, and has nobody's copy: either instant, and any digits. */
export function madeUpTable(records: readonly BundleRecord[], chance: EntryStream): string {
  const digits = (): string => String(chance.belowWide(10_000_000)).padStart(7, '0')
  return table(
    records.map(record => {
      const { time, start_time } = record.body as { readonly time: number; readonly start_time?: number }
      const instant = start_time !== undefined && chance.below(2) === 0 ? start_time : time
      const [second, ...fraction] = digits()
      return {
        time: `${new Date(instant).toISOString().slice(0, 18)}${second}.${fraction.join('')}Z`,
        latency:
          start_time === undefined
            ? undefined
            : ((time - start_time) / 1000 + chance.belowWide(10_000_000) / 1e6).toFixed(6),
        record,
      }
    }),
  )
}
