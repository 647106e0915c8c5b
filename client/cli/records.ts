/** Records and lists of the API, as a person reads them. */
import { at, textAt } from '../json.ts'
import type { Cli } from './cli.ts'
import { toldBy } from './decision.ts'
import { type Fact, formatFacts, wrapped } from './facts.ts'
import type { Column } from './output.ts'

export type Query = Readonly<Record<string, string | undefined>>

export interface Listing {
  /** Below `/api/v1`. */
  readonly path: string
  readonly query?: Query
  /** For a table: its columns, or the lines of a row where these would not fit; the first one stands out. */
  readonly table: readonly Column<unknown>[] | ((row: unknown) => readonly (string | undefined)[])
  readonly csv: readonly Column<unknown>[]
  /** What an empty list means. */
  readonly none: string
  /** Rows at most; absent: all of them. */
  readonly atMost?: number
}

export async function readRecord(cli: Cli, path: string): Promise<unknown> {
  const { gateway } = await cli.openPerson()
  return toldBy(gateway.issuer, await gateway.get(path))
}

/** Over all pages. */
export async function readList(
  cli: Cli,
  path: string,
  query: Query = {},
  atMost = Number.POSITIVE_INFINITY,
): Promise<readonly unknown[]> {
  const given = Object.entries(query).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, value] as const],
  )
  const rows: unknown[] = []
  let after: string | undefined
  do {
    const limit = String(Math.min(100, atMost - rows.length))
    const asked = new URLSearchParams({
      ...Object.fromEntries(given),
      limit,
      ...(after !== undefined && { after }),
    })
    const page = await readRecord(cli, `${path}?${asked}`)
    const items = at(page, 'items')
    rows.push(...(Array.isArray(items) ? items : []))
    after = textAt(page, 'next')
  } while (after !== undefined && rows.length < atMost)
  return rows
}

export const printList = async (
  cli: Cli,
  { path, query, table, csv, none, atMost }: Listing,
): Promise<void> => printRows(cli, await readList(cli, path, query, atMost), { table, csv, none })

/** Rows that were read already. */
export async function printRows(
  cli: Cli,
  rows: readonly unknown[],
  { table, csv, none }: Pick<Listing, 'table' | 'csv' | 'none'>,
): Promise<void> {
  const { json, output } = cli.options()
  if (json || output !== 'table') return cli.printRows(rows, { table: [], csv })
  if (rows.length === 0) return cli.remark(none)
  if (typeof table !== 'function') return cli.printRows(rows, { table, csv })
  for (const row of rows) {
    const [first = '', ...others] = table(row).filter(line => line !== undefined)
    const lines = [wrapped(first, 0), ...others.map(line => `  ${wrapped(line, 2)}`)]
    await cli.terminal.write(`${lines.join('\n')}\n`)
  }
}

/** One record: told in facts, or as the API says it with `--json`. */
export async function printRecord(
  cli: Cli,
  path: string,
  factsOf: (record: unknown) => readonly Fact[],
): Promise<void> {
  const record = await readRecord(cli, path)
  await (cli.options().json ? cli.printValue(record) : cli.terminal.write(formatFacts(factsOf(record))))
}

/** A text of a row, by its path. */
export const column = (title: string, ...path: readonly string[]): Column<unknown> => ({
  title,
  value: row => textAt(row, ...path),
})

/** Columns of a CSV file, each named as its field is; the parts of a path have dots between. */
export const fields = (...names: readonly string[]): readonly Column<unknown>[] =>
  names.map(name => ({ title: name.replaceAll('.', '_'), value: row => plain(at(row, ...name.split('.'))) }))

function plain(value: unknown): string | number | undefined {
  if (value === undefined || value === null) return undefined
  if (typeof value === 'string' || typeof value === 'number') return value
  if (Array.isArray(value) && value.every(one => typeof one === 'string')) return value.join(' ')
  return JSON.stringify(value)
}
