/** The archives that hold the entries of the last part of a tree. */
import { archiveFolder, parseArchiveKey } from '../../functions/log/archive.ts'
import type { Objects } from '../../shared/ports/objects.ts'
import { epochAt } from '../../shared/watermark/epoch.ts'
import type { Target } from './target.ts'

export interface ArchiveAt {
  readonly key: string
  readonly epoch: number
  readonly first: number
  readonly last: number
}

export interface Wanted {
  /** The first place that is looked for. */
  readonly from: number
  /** When the tree was of that size, at about: what came later was mostly made later. Milliseconds. */
  readonly since: number
  readonly now: number
}

/** In the order of their places. Throws where one holds what no commit that is known has brought. */
export async function findArchives(
  objects: Objects,
  { size, archives }: Pick<Target, 'size' | 'archives'>,
  { from, since, now }: Wanted,
): Promise<readonly ArchiveAt[]> {
  const found = new Map<string, ArchiveAt>()
  const take = (key: string): void => {
    const name = parseArchiveKey(key)
    if (name === undefined || name.last < from) return
    if (name.last >= size)
      throw new Error(`${key} holds places beyond ${size}, and no commit that brings them.`)
    found.set(key, { key, epoch: name.epoch, first: name.first, last: name.last })
  }
  for (const key of archives) take(key)
  const [first, last] = [epochAt(since), epochAt(now) + 1]
  const listed = async (prefix: string): Promise<void> => {
    for (let after: string | undefined; ; ) {
      const { keys, next } = await objects.list(prefix, after)
      for (const key of keys) take(key)
      if (next === undefined) return
      after = next
    }
  }
  for (let epoch = first; epoch <= last; epoch++) await listed(`${archiveFolder}${epoch}/`)
  // An entry may have waited from the month before, or longer.
  if (!covers([...found.values()], from, size)) await listed(archiveFolder)
  return [...found.values()].sort((a, b) => a.first - b.first || a.last - b.last)
}

/** By their names, which tell the first and the last place of each. */
function covers(archives: readonly ArchiveAt[], from: number, size: number): boolean {
  let next = from
  for (const { first, last } of archives.toSorted((a, b) => a.first - b.first)) {
    if (first > next) return false
    next = Math.max(next, last + 1)
  }
  return next >= size
}
