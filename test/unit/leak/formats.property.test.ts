/** What our own programs write is read again from each form in which it can be leaked, marks and facts alike. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { formatFacts, wrapped } from '../../../client/cli/facts.ts'
import { entryFacts, entryLines, searchedLines } from '../../../client/cli/log-entry.ts'
import { csvHeader, csvLine } from '../../../shared/bundle/csv.ts'
import { type BundleRecord, recordLine } from '../../../shared/bundle/records.ts'
import { factsOf } from '../../../shared/leak/facts.ts'
import type { LeakedRow, LeakFormat } from '../../../shared/leak/leak.ts'
import { readLeak } from '../../../shared/leak/read-leak.ts'
import { digitsText, entries, leakedRecord } from './leaked-records.ts'

const micros = fc.nat(9_999_999)
const leaks = fc.array(fc.record({ n: fc.nat(entries.length - 1), digits: micros, latency: micros }), {
  minLength: 1,
  maxLength: 6,
})

const lines = (told: (record: BundleRecord) => readonly (string | undefined)[]) => (record: BundleRecord) => {
  const [first = '', ...others] = told(record).filter(line => line !== undefined)
  return `${[wrapped(first, 0), ...others.map(line => `  ${wrapped(line, 2)}`)].join('\n')}\n`
}

const csv = (records: readonly BundleRecord[]) => records.map(csvLine).join('')
const jsonl = (records: readonly BundleRecord[]) => records.map(recordLine).join('')

interface Written {
  readonly format: LeakFormat
  readonly write: (records: readonly BundleRecord[]) => string
  readonly whole?: true
  readonly latency?: false
}

/** Ours has no quote, so that a spreadsheet would write these cells as they are. */
const pasted = (text: string) =>
  text.replaceAll(/"((?:[^"]|"")*)"|,/g, (all, cell?: string) => (all === ',' ? '\t' : (cell ?? '')))

const forms: Readonly<Record<string, Written>> = {
  'records.jsonl': { format: 'jsonl', write: jsonl, whole: true },
  'records.csv': { format: 'csv', write: records => csvHeader + csv(records) },
  'records.csv without titles': { format: 'csv', write: csv },
  'what is pasted from a spreadsheet': {
    format: 'pasted',
    write: records => pasted(csvHeader + csv(records)),
  },
  'an answer of the API': {
    format: 'json-fragments',
    write: records => JSON.stringify({ items: records, next: null }, null, 2),
    whole: true,
  },
  'JSON in a text of JSON': {
    format: 'json-fragments',
    write: records => `${JSON.stringify({ message: jsonl(records), level: 'info' }, null, 1)}\n`,
    whole: true,
  },
  'the inside of a text of JSON': {
    format: 'json-fragments',
    write: records => JSON.stringify(jsonl(records)).slice(1, -1),
  },
  'records without their braces': {
    format: 'json-fragments',
    write: records => records.map(one => recordLine(one).trim().slice(1, -1)).join(',\n'),
  },
  'records whose beginnings are cut off': {
    format: 'json-fragments',
    write: records => records.map(one => recordLine(one).slice(5)).join(''),
  },
  'records whose ends are cut off': {
    format: 'json-fragments',
    write: records => records.map(one => `${recordLine(one).slice(0, -60)}\n`).join(''),
  },
  'sallyport log search': {
    format: 'text',
    write: all => all.map(lines(searchedLines)).join(''),
    latency: false,
  },
  'sallyport log tail': { format: 'text', write: all => all.map(lines(entryLines)).join(''), latency: false },
  'sallyport log get': {
    format: 'text',
    write: all => all.map(one => formatFacts(entryFacts(one))).join(''),
  },
}

const row = (record: BundleRecord, digits: number, { whole, latency }: Written) => ({
  eid: record.eid,
  time: { tens: record.body.time, digits: digitsText(digits), window: 10_000 },
  ...(latency !== false && record.shown?.latency_s && { latency: record.shown.latency_s }),
  ...(whole && { record }),
})

const withoutFacts = ({ line: _, facts: __, ...rest }: LeakedRow): object => rest

describe.each(Object.entries(forms))('%s', (_, form) => {
  test('gives back each record with its marks', () => {
    fc.assert(
      fc.property(leaks, leaked => {
        const records = leaked.map(one => leakedRecord(one.n, one))
        const leak = readLeak(form.write(records))
        expect(leak.rows.map(withoutFacts)).toEqual(
          records.map((record, i) => row(record, leaked[i]?.digits ?? 0, form)),
        )
        expect([leak.beyond, leak.ambiguousTimes]).toEqual([0, 0])
        expect(leak.format).toBe(form.format)
      }),
      { numRuns: 12 },
    )
  })

  test('has no fact that its record has not, and some by which it is told from others', () => {
    const records = entries.map((_, n) => leakedRecord(n, { digits: 3_481_516, latency: 2_345_678 }))
    const { rows } = readLeak(form.write(records))
    expect(rows).toHaveLength(records.length)
    for (const [i, { facts }] of rows.entries()) {
      const record = records[i] as BundleRecord
      const known = factsOf({ ...record, index: record.view.index })
      expect(facts.filter(fact => !known.includes(fact))).toEqual([])
      expect(facts.length).toBeGreaterThan(1)
    }
  })
})

describe('several in one file', () => {
  const records = entries.slice(0, 8).map((_, n) => leakedRecord(n, { digits: n, latency: n }))

  test.each([
    ['two exports with their titles', [csvHeader, csv, csvHeader, csv]],
    ['JSON Lines and CSV', [jsonl, csvHeader, csv]],
    ['CSV and JSON Lines', [csvHeader, csv, jsonl]],
  ])('%s', (_, parts) => {
    const leak = readLeak(parts.map(part => (typeof part === 'string' ? part : part(records))).join(''))
    expect(leak.rows.map(({ eid }) => eid)).toEqual([...records, ...records].map(({ eid }) => eid))
    expect(leak.unread).toBe(0)
  })

  test('a record whose time was altered has the altered digits', () => {
    const record = leakedRecord(0, { digits: 3_481_516, latency: 0 })
    const { rows } = readLeak(recordLine(record).replace('3.481516Z', '3.999000Z'))
    expect(rows[0]?.time?.digits).toBe('3999000')
  })

  test('what stands in a body alone has no marks', () => {
    const { body } = leakedRecord(1, { digits: 1, latency: 1 })
    const { rows } = readLeak(JSON.stringify(body))
    expect(rows.map(({ time }) => time)).toEqual([
      { tens: body.time, digits: '', window: 10_000, plain: true },
    ])
    expect(rows[0]?.eid).toBe((body.metadata as { readonly uid: string }).uid)
  })
})
