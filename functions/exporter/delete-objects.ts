/** What of a month stands in objects: bundles that commits had staged, and archives. */

import { keys } from '../../shared/domain/keys.ts'
import type { DeletionWork } from '../../shared/domain/log-deletions.ts'
import { archiveFolder, openArchive, parseArchiveKey } from '../log/archive.ts'
import { readTree } from '../log/proofs.ts'
import { afterTurn, type Deletion, type Saved, saveTurn, turnOf } from './deletion-turn.ts'
import type { ExporterDeps } from './deps.ts'
import { type Orders, readOrders } from './orders.ts'

const folderOf = (epoch: number): string => `${archiveFolder}${epoch}/`
const stagedFolder = 'staging/'

/** Archives that are judged and taken together. */
const archivesAtOnce = 50

/** Every key below a prefix, in pages. */
async function* keysBelow(
  { objects }: ExporterDeps,
  prefix: string,
  after?: string,
): AsyncGenerator<readonly string[]> {
  let from = after
  do {
    const page = await objects.list(prefix, from)
    yield page.keys
    from = page.next
  } while (from !== undefined)
}

/**
 * A staged bundle holds the archives of its commit as well. All but the one that the state names has been applied, and
 * nobody reads it again; that one goes once another commit has followed.
 */
export async function takeStaged(deps: ExporterDeps, deletion: Deletion): Promise<Saved> {
  const { store, objects } = deps
  let { first, last } = deletion.work.places ?? { first: Number.MAX_SAFE_INTEGER, last: -1 }
  for await (const page of keysBelow(deps, folderOf(deletion.epoch)))
    for (const name of page.map(parseArchiveKey))
      if (name) [first, last] = [Math.min(first, name.first), Math.max(last, name.last)]
  const [state] = await store.get([keys.logState])
  let locked = 0
  for await (const page of keysBelow(deps, stagedFolder))
    for (const key of page) {
      const [, older, newer] = /^staging\/(\d+)-(\d+)-/.exec(key) ?? []
      const holds = newer !== undefined && Number(older) <= last && Number(newer) > first
      if (!holds || state === undefined) continue
      if (key === state.staged || !(await objects.remove(key)).ok) locked += 1
    }
  const { kept } = deletion.work
  const change: Partial<DeletionWork> = {
    phase: 'archives',
    kept: { ...kept, archives: locked },
    ...(last >= 0 && { places: { first, last } }),
  }
  return saveTurn(deps, deletion, change, ['position'])
}

/** Some archives further; `end` where there are no more. */
export async function takeArchives(
  deps: ExporterDeps,
  deletion: Deletion,
  end: () => Promise<Saved>,
): Promise<Saved> {
  const { store, objects } = deps
  const { epoch, work } = deletion
  // Begun before: what was placed since came too late for them.
  if (work.taking) return take(deps, deletion, work.taking)
  const { keys: names } = await objects.list(folderOf(epoch), work.position)
  const some = names.slice(0, archivesAtOnce)
  const last = some.at(-1)
  if (last === undefined) return end()
  const orders = await readOrders(store)
  const size = (await readTree(objects))?.size ?? 0
  const goes: string[] = []
  for (const key of some) if (await mayGo(deps, orders, key, size)) goes.push(key)
  const change: Partial<DeletionWork> = {
    position: last,
    kept: { ...work.kept, archives: work.kept.archives + some.length - goes.length },
    ...(goes.length > 0 && { taking: goes }),
  }
  const { ok } = await store.transact([orders.unchanged, turnOf(deletion, change)])
  if (!ok) {
    const [now] = await store.get([keys.logDeletion(deletion.id)])
    return now?.work.turn === work.turn ? deletion : undefined
  }
  const next = afterTurn(deletion, change)
  return goes.length === 0 ? next : take(deps, next, goes)
}

/** One that holds a single entry which is kept stays whole, and so does one beyond the published tree. */
async function mayGo(
  { objects, secrets }: ExporterDeps,
  orders: Orders,
  key: string,
  size: number,
): Promise<boolean> {
  const name = parseArchiveKey(key)
  if (name === undefined || name.last >= size) return false
  const found = await objects.get(key)
  // Taken already, by one that did not come further.
  if (found === undefined) return true
  const lines = await openArchive(secrets, name.epoch, found.bytes)
  return lines.every(line => !orders.keeps(line.eid, line))
}

/** Objects take no part in a transaction: that they are taken is written before, and that they are gone behind it. */
async function take(deps: ExporterDeps, deletion: Deletion, names: readonly string[]): Promise<Saved> {
  const { kept, removed } = deletion.work
  let gone = 0
  for (const key of names) if ((await deps.objects.remove(key)).ok) gone += 1
  const change: Partial<DeletionWork> = {
    removed: { ...removed, archives: removed.archives + gone },
    kept: { ...kept, archives: kept.archives + names.length - gone },
  }
  return saveTurn(deps, deletion, change, ['taking'])
}
