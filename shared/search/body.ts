/** Reading an entry's body, of which anything may be missing: a view leaves out what is not for its reader. */

import { at } from '../domain/json-path.ts'

export { at }

/** An OCSF record as `shared/entries` makes it. */
export type Body = object

/** An empty text is none. */
export function textAt(value: unknown, ...path: readonly string[]): string | undefined {
  const found = at(value, ...path)
  return typeof found === 'string' && found !== '' ? found : undefined
}

export function numberAt(value: unknown, ...path: readonly string[]): number | undefined {
  const found = at(value, ...path)
  return typeof found === 'number' && Number.isFinite(found) ? found : undefined
}

export function listAt(value: unknown, ...path: readonly string[]): readonly unknown[] {
  const found = at(value, ...path)
  return Array.isArray(found) ? found : []
}

export const textsAt = (value: unknown, ...path: readonly string[]): readonly string[] =>
  listAt(value, ...path).filter(one => typeof one === 'string' && one !== '') as readonly string[]
