import { at } from '../shared/domain/json-path.ts'

export { at }

export function textAt(value: unknown, ...path: readonly string[]): string | undefined {
  const found = at(value, ...path)
  return typeof found === 'string' ? found : undefined
}

/** The JSON body of an answer, or `undefined` if it has none. */
export const readJson = (response: Response): Promise<unknown> => response.json().catch(() => undefined)
