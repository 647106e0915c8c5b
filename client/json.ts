/** What stands at a path of a JSON value that another party sent; `undefined` where the path ends early. */
export const at = (value: unknown, ...path: readonly string[]): unknown =>
  path.reduce<unknown>(
    (found, name) =>
      typeof found === 'object' && found !== null && Object.hasOwn(found, name)
        ? (found as Record<string, unknown>)[name]
        : undefined,
    value,
  )

export function textAt(value: unknown, ...path: readonly string[]): string | undefined {
  const found = at(value, ...path)
  return typeof found === 'string' ? found : undefined
}

/** The JSON body of an answer, or `undefined` if it has none. */
export const readJson = (response: Response): Promise<unknown> => response.json().catch(() => undefined)
