/** Finds out what a restore of the log would do. Nothing is written here, and whatever contradicts is an error. */
import { type Archived, openArchive } from '../../functions/log/archive.ts'
import { keys } from '../../shared/domain/keys.ts'
import type { LogEpoch, LogState } from '../../shared/domain/log.ts'
import { outcomeId, timeOfEntry } from '../../shared/entries/id.ts'
import type { Displaced } from '../../shared/entries/log-restored.ts'
import type { Secrets } from '../../shared/ports/keys.ts'
import type { Store } from '../../shared/ports/store.ts'
import type { Clock } from '../../shared/ports/world.ts'
import { parseCheckpoint } from '../../shared/tlog/checkpoint.ts'
import { sameHash } from '../../shared/tlog/hash.ts'
import { parseNote } from '../../shared/tlog/note.ts'
import { tileWidth } from '../../shared/tlog/tile.ts'
import { epochAt, startOfEpoch } from '../../shared/watermark/epoch.ts'
import { parseLeaf } from '../../shared/watermark/leaf.ts'
import { bind } from '../../shared/watermark/slots.ts'
import { type ArchiveAt, findArchives } from './archives.ts'
import { type Deed, deedOf, type Kept } from './deeds.ts'
import { createEpochKeys } from './epoch-keys.ts'
import { readKept } from './kept.ts'
import { findTarget, type Target, type TargetDeps } from './target.ts'
import { checkTree, readBundle, type TreeOf } from './whole-tree.ts'

export interface RestoreDeps extends TargetDeps {
  readonly store: Store
  readonly secrets: Pick<Secrets, 'derive'>
  readonly clock: Clock
  readonly retentionMs: number
}

export interface Found {
  readonly state: LogState | undefined
  readonly target: Target
  /** Tiles of hashes that were compared with the leaves. */
  readonly tiles: number
  /** The first place that the table may lack. */
  readonly from: number
  readonly archives: readonly ArchiveAt[]
  readonly counts: Readonly<Record<Deed['do'], number>>
  readonly displaced: readonly Displaced[]
  /** Places whose bodies are gone by decision or by time. */
  readonly gone: number
  readonly epochs: readonly LogEpoch[]
  /** Whether an outcome is among the entries of the tree that were looked at. */
  readonly ended: (intent: string) => boolean
  readonly kept: Kept
}

/** What stands is the tree that is published, or what the sequencer finishes by itself. */
export type NothingToDo = { readonly nothing: string }

export async function look(deps: RestoreDeps): Promise<Found | NothingToDo> {
  const { store, clock } = deps
  const target = await findTarget(deps)
  if (target === undefined) return { nothing: 'No tree was ever published.' }
  const [state] = await store.get([keys.logState])
  const judged = judge(state, target)
  if (judged !== undefined) return judged
  const older = olderTree(state)
  const tiles = await checkTree(target.read, target, older)
  const from = firstUnsure(state)
  const now = clock.now()
  const kept = await readKept(store, now, deps.retentionMs)
  const archives = await findArchives(deps.objects, target, { from, since: state?.at || now, now })
  return {
    state,
    target,
    tiles,
    from,
    archives,
    kept,
    ...(await lookThrough(deps, target, from, archives, kept)),
  }
}

/** `undefined` where there is something to do. */
function judge(state: LogState | undefined, { size, published, staged }: Target): NothingToDo | undefined {
  if (state?.halted && state.halted.why !== 'behind')
    throw new Error(`the log is halted for another reason, ${state.halted.why}: ${state.halted.detail}`)
  if (state === undefined || state.size < published.size) return undefined
  if (state.size > published.size) {
    if (state.halted && state.size > size)
      throw new Error(`the table is at ${state.size}, and no commit that brought it there.`)
    if (state.halted) return undefined
    return {
      nothing: `The table is at ${state.size}, beyond what is published: the sequencer finishes that.`,
    }
  }
  if (state.size > 0 && !sameHash(checkpointOf(state).root, published.root))
    throw new Error(`the table is at another tree of ${state.size} than is published.`)
  // A commit of which something is there was in the state once, and the state has forgotten it.
  if (state.halted || staged?.begun) return undefined
  return { nothing: `The table is at ${state.size}, as is what is published.` }
}

const checkpointOf = ({ checkpoint }: LogState) => parseCheckpoint(parseNote(checkpoint).text)

/** The last commit of the restored table may have been under way: its entries are looked at again. */
function firstUnsure(state: LogState | undefined): number {
  const [, older] = /^staging\/(\d+)-/.exec(state?.staged ?? '') ?? []
  return older === undefined ? 0 : Math.min(Number(older), state?.size ?? 0)
}

interface LookedThrough {
  readonly counts: Readonly<Record<Deed['do'], number>>
  readonly displaced: readonly Displaced[]
  readonly gone: number
  readonly epochs: readonly LogEpoch[]
  readonly ended: (intent: string) => boolean
}

async function lookThrough(
  deps: RestoreDeps,
  target: Target,
  from: number,
  archives: readonly ArchiveAt[],
  kept: Kept,
): Promise<LookedThrough> {
  const { size, read } = target
  const epochs = createEpochKeys(deps.store, deps.secrets, deps.logKey.origin)
  const leafAt = createLeafAt(target)
  const counts: Record<Deed['do'], number> = { nothing: 0, leave: 0, put: 0, place: 0, replace: 0, refuse: 0 }
  const displaced: Displaced[] = []
  const seen = new Set<string>()
  const there = new Uint8Array(size - from)
  for (const archive of archives)
    for await (const group of linesOf(deps, read, archive, from)) {
      for (const line of group) {
        const { i, eid } = line
        if (i >= size || there[i - from] || seen.has(eid))
          throw new Error(`${archive.key} holds ${eid} at the place ${i}, where another one is.`)
        there[i - from] = 1
        seen.add(eid)
        if (epochAt(timeOfEntry(eid)) !== archive.epoch)
          throw new Error(`${archive.key} holds ${eid}, which is of another month.`)
        await epochs.learn(line)
        if (!sameHash(bind(await epochs.keyOf(archive.epoch), eid, line).leaf, await leafAt(i)))
          throw new Error(`the leaf at ${i} is not that of ${eid} in ${archive.key}.`)
      }
      const entries = await deps.store.get(group.map(({ eid }) => keys.entry(eid)))
      for (const [n, line] of group.entries()) {
        const deed = deedOf(line, entries[n], kept)
        if (deed.do === 'refuse') throw new Error(deed.why)
        counts[deed.do] += 1
        if (deed.do !== 'replace') continue
        const { digest, charge } = deed.there
        displaced.push({ eid: line.eid, digest, ...(charge !== undefined && { charge }) })
      }
    }
  const gone = await countGone(there, from, leafAt, kept)
  return {
    counts,
    displaced,
    gone,
    epochs: await epochs.corrections(),
    ended: intent => seen.has(outcomeId(intent)),
  }
}

/** Its lines from a place on, in groups that one read of the table answers. */
export async function* linesOf(
  { secrets }: Pick<RestoreDeps, 'secrets'>,
  read: Target['read'],
  { key, epoch }: ArchiveAt,
  from: number,
): AsyncGenerator<readonly Archived[]> {
  const bytes = await read(key)
  if (bytes === undefined) throw new Error(`${key} is not there any more.`)
  const opened = await openArchive(secrets, epoch, bytes).catch(() => {
    throw new Error(`${key} was not sealed by this deployment, or is another one's.`)
  })
  const lines = opened.filter(({ i }) => i >= from)
  for (let at = 0; at < lines.length; at += groupSize) yield lines.slice(at, at + groupSize)
}

const groupSize = 100

/** Places come in their order, so few bundles are read twice. */
function createLeafAt({ read, size }: Target): (i: number) => Promise<Uint8Array> {
  const bundles = new Map<number, Promise<readonly Uint8Array[]>>()
  return async i => {
    const index = Math.floor(i / tileWidth)
    const bundle = bundles.get(index) ?? readBundle(read, size, index)
    if (bundles.size >= 64) bundles.clear()
    bundles.set(index, bundle)
    return (await bundle)[i % tileWidth] ?? new Uint8Array()
  }
}

/** A place without its archive is one whose month may be deleted, by its own leaf; any other is an error. */
async function countGone(
  there: Uint8Array,
  from: number,
  leafAt: (i: number) => Promise<Uint8Array>,
  { now, retentionMs }: Kept,
): Promise<number> {
  let gone = 0
  for (let n = there.indexOf(0); n >= 0; n = there.indexOf(0, n + 1)) {
    const leaf = parseLeaf(await leafAt(from + n))
    if (leaf === undefined || startOfEpoch(leaf.epoch + 1) + retentionMs > now)
      throw new Error(`no archive holds the entry at the place ${from + n}.`)
    gone += 1
  }
  return gone
}

/** What the table's tree has to be the beginning of. */
const olderTree = (state: LogState | undefined): TreeOf | undefined =>
  state === undefined || state.size === 0 ? undefined : { size: state.size, root: checkpointOf(state).root }
