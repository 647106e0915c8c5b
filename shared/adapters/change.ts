import type { Change, Path } from '../ports/store.ts'
import { attribute, isMap } from './condition.ts'

type Item = Readonly<Record<string, unknown>>

/**
 * The item after a change, which leaves the given one as it is. Throws a `TypeError` on a change that no
 * item, or not this one, can take: DynamoDB would reject it too, so it must not pass unseen elsewhere.
 */
export function changed(item: Item, change: Change): Item {
  const assignments: readonly (readonly [Path, unknown])[] = [
    ...(change.set ?? []),
    ...(change.add ?? []).map(([path, n]) => [path, numberAt(item, path, 0) + n] as const),
    ...(change.sum ?? []).map(([target, source, n]) => [target, numberAt(item, source) + n] as const),
  ]
  const removals = change.remove ?? []
  refuseOverlap([...assignments.map(([path]) => path), ...removals])

  let next = item
  for (const [path, value] of assignments) {
    if (value === undefined) throw new TypeError(`No value to set at ${shown(path)}; remove it instead`)
    // A computed key defines an attribute even where its name is `__proto__`.
    next = replaced(next, path, (map, name) => ({ ...map, [name]: value }))
  }
  for (const path of removals)
    next = replaced(next, path, (map, name) => {
      const { [name]: _, ...rest } = map
      return rest
    })
  return next
}

function replaced(item: Item, path: Path, replace: (map: Item, name: string) => Item): Item {
  const [name, ...rest] = path
  if (!isPath(rest)) return replace(item, name)
  const child = attribute(item, [name])
  if (!isMap(child)) throw new TypeError(`No map at ${name}, above ${shown(rest)}`)
  return { ...item, [name]: replaced(child, rest, replace) }
}

const isPath = (steps: readonly string[]): steps is Path => steps.length > 0

function numberAt(item: Item, path: Path, missing?: number): number {
  const found = attribute(item, path)
  const value = found === undefined ? missing : found
  if (typeof value !== 'number') throw new TypeError(`No number at ${shown(path)}`)
  return value
}

function refuseOverlap(paths: readonly Path[]): void {
  for (const [i, path] of paths.entries()) {
    if (path[0] === 'pk' || path[0] === 'sk') throw new TypeError('An item keeps its key')
    for (const other of paths.slice(i + 1)) {
      const [outer, inner] = path.length < other.length ? [path, other] : [other, path]
      if (outer.every((step, depth) => step === inner[depth]))
        throw new TypeError(`${shown(outer)} and ${shown(inner)} overlap in one change`)
    }
  }
}

const shown = (path: Path): string => path.join('.')
