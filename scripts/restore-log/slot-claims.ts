/** What the log says of who has which slot: each reading tells the slots that it was bound with, and so does each export. */
import { type Archived, archiveFolder, parseArchiveKey } from '../../functions/log/archive.ts'
import { pages } from '../../functions/pages.ts'
import { indexes } from '../../shared/domain/keys.ts'
import type { Entry } from '../../shared/entries/entry.ts'
import { everyPendingShard } from '../../shared/entries/id.ts'
import type { SlotOfEpoch } from '../../shared/entries/read.ts'
import { ObjectsUnavailable } from '../../shared/ports/objects.ts'
import { at, textAt } from '../../shared/search/body.ts'
import { linesOf, type RestoreDeps } from './look.ts'
import { findTarget } from './target.ts'

export interface SlotClaim extends SlotOfEpoch {
  /** `LogReader.id` */
  readonly reader: string
  readonly organisation: string
}

const kinds = ['log_read', 'export_made'] as const
const mostSlots = 1024

export interface ReadClaims {
  /** In the order in which they were told. One that is told again is there once, as the last. */
  readonly claims: readonly SlotClaim[]
  /** Archives of which nothing is known, and why: that is no reason to leave the rest undone. */
  readonly unread: readonly string[]
}

export async function readClaims(
  deps: Pick<RestoreDeps, 'store' | 'objects' | 'secrets' | 'logKey'>,
): Promise<ReadClaims> {
  const unread: string[] = []
  const told = new Map<string, SlotClaim>()
  const take = ({ body }: Pick<Archived, 'body'>): void => {
    for (const claim of claimsOf(body)) {
      const name = `${claim.epoch} ${claim.slot} ${claim.reader}`
      told.delete(name)
      told.set(name, claim)
    }
  }
  for await (const group of archived(deps, unread)) group.forEach(take)
  for await (const group of waiting(deps)) group.forEach(take)
  return { claims: [...told.values()], unread }
}

/** None where the entry is no reading, or was made before readings told it. */
export function claimsOf(body: string): readonly SlotClaim[] {
  if (!kinds.some(kind => body.includes(`"${kind}"`))) return []
  const parsed = JSON.parse(body) as Readonly<Record<string, unknown>>
  const kind = textAt(parsed, 'unmapped', 'kind')
  const slots = at(parsed, 'unmapped', 'slots')
  const uid = textAt(parsed, 'actor', 'user', 'uid')
  const organisation = textAt(parsed, 'actor', 'user', 'org', 'uid')
  if (!kinds.some(one => one === kind) || !Array.isArray(slots) || !uid || !organisation) return []
  const isWorkload = textAt(parsed, 'actor', 'user', 'type') === 'workload'
  return (slots as readonly SlotOfEpoch[])
    .filter(({ epoch, slot }) => isIndex(epoch, Number.MAX_SAFE_INTEGER) && isIndex(slot, mostSlots))
    .map(({ epoch, slot }) => ({
      ...{ epoch, slot, organisation },
      reader: isWorkload ? `workloads.${organisation}` : uid,
    }))
}

const isIndex = (value: unknown, below: number): boolean =>
  Number.isInteger(value) && Number(value) >= 0 && Number(value) < below

/** All that the bucket has, and what a commit that is on its way will put. Names are in the order of months and hours. */
async function* archived(
  deps: Pick<RestoreDeps, 'objects' | 'secrets' | 'logKey'>,
  unread: string[],
): AsyncGenerator<readonly Archived[]> {
  const target = await findTarget(deps)
  if (target === undefined) return
  const names = new Set<string>()
  for (let after: string | undefined; ; ) {
    const { keys, next } = await deps.objects.list(archiveFolder, after)
    for (const key of keys) names.add(key)
    if (next === undefined) break
    after = next
  }
  for (const key of target.archives) names.add(key)
  for (const key of [...names].sort()) {
    const name = parseArchiveKey(key)
    if (name === undefined) continue
    try {
      yield* linesOf(deps, target.read, { key, ...name }, 0)
    } catch (error) {
      if (error instanceof ObjectsUnavailable) throw error
      unread.push((error as Error).message)
    }
  }
}

/** What is in the table alone so far. */
async function* waiting({ store }: Pick<RestoreDeps, 'store'>): AsyncGenerator<readonly Entry[]> {
  for (const partition of everyPendingShard())
    for await (const batch of pages<Entry>(store, { index: indexes.pending, partition }))
      yield (await store.get(batch)).flatMap(entry => entry ?? [])
}
