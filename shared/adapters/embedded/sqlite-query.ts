import type { DatabaseSync, StatementSync } from 'node:sqlite'
import type { Index, Page, Query } from '../../ports/store.ts'
import { decodePosition, encodePosition } from '../page-position.ts'
import { column, indexed, indexName } from './sqlite-schema.ts'

/** Pages by position, not by count: what is written meanwhile makes no row appear twice or not at all. */
export function sqliteQuery(database: DatabaseSync, declared: readonly Index[]): (query: Query) => Page {
  const known = new Set(declared.map(indexName))
  const statements = new Map<string, StatementSync>()

  const prepared = (sql: string): StatementSync => {
    const statement = statements.get(sql) ?? database.prepare(sql)
    statements.set(sql, statement)
    return statement
  }

  return query => {
    const { index, limit } = query
    if (!known.has(indexName(index))) throw new TypeError(`The store was opened without index ${index.name}`)
    const { sql, values } = selection(query)
    const rows = prepared(sql)
      .all(...values, limit + 1)
      .map(row => ({ sort: String(row.sort), pk: String(row.pk), sk: String(row.sk) }))
    const page = rows.slice(0, limit)
    const last = rows.length > limit ? page.at(-1) : undefined
    return {
      keys: page.map(({ pk, sk }) => ({ table: index.table, pk, sk })),
      next: last && encodePosition([last.sort, last.pk, last.sk]),
    }
  }
}

function selection({ index, partition, from, to, order, after }: Query): { sql: string; values: string[] } {
  const sort = column(index.sort)
  const terms = [`${column(index.partition)} = ?`, indexed(index)]
  const values = [partition]
  const position = after === undefined ? undefined : decodePosition(after)
  // The sort attribute of the position is a bound as well: only with it does the search begin there.
  const lower = order === 'asc' ? (position?.[0] ?? from) : from
  const upper = order === 'desc' ? (position?.[0] ?? to) : to
  if (lower !== undefined) {
    terms.push(`${sort} >= ?`)
    values.push(lower)
  }
  if (upper !== undefined) {
    terms.push(`${sort} <= ?`)
    values.push(upper)
  }
  if (position !== undefined) {
    terms.push(`(${sort}, pk, sk) ${order === 'asc' ? '>' : '<'} (?, ?, ?)`)
    values.push(...position)
  }
  const sql = `SELECT ${sort} AS sort, pk, sk FROM ${index.table} INDEXED BY ${indexName(index)}
    WHERE ${terms.join(' AND ')} ORDER BY 1 ${order}, 2 ${order}, 3 ${order} LIMIT ?`
  return { sql, values }
}
