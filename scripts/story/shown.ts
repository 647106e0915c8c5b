/** How what the API says is put into a line. */
import { at, textAt } from '../../client/json.ts'

export const stateOf = (record: unknown): string => (textAt(record, 'state') ?? '').replaceAll('_', ' ')

export const listOf = (value: unknown, ...path: readonly string[]): readonly unknown[] =>
  (at(value, ...path) as readonly unknown[] | undefined) ?? []

export const numberAt = (value: unknown, ...path: readonly string[]): number => Number(at(value, ...path))

export const figure = (n: number): string => n.toLocaleString('en-US')

/** The beginning of a digest or a signature: enough to know it again. */
export const short = (text: string | undefined): string => `${text?.slice(0, 10) ?? ''}…`
