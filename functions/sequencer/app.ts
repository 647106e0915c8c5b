/**
 * Gives every entry its place in the tree: one commit after another, each of which is there whole or not at all. Any
 * number may run at once; one of them wins a commit, and any of them finishes it. The six steps are those of
 * `docs/log-format.md`.
 */
import { keys } from '../../shared/domain/keys.ts'
import type { LogState } from '../../shared/domain/log.ts'
import { itemAbsent, type WriteOp } from '../../shared/ports/store.ts'
import { parseCheckpoint } from '../../shared/tlog/checkpoint.ts'
import { rootOf } from '../../shared/tlog/grow.ts'
import { sameHash } from '../../shared/tlog/hash.ts'
import { parseNote } from '../../shared/tlog/note.ts'
import { sha256 } from '../log-tiles.ts'
import { candidates } from './candidates.ts'
import type { SequencerDeps } from './deps.ts'
import { emptyOpenEdge, type OpenEdge, readEdge } from './edge.ts'
import { finish } from './finish.ts'
import { Halted, halt } from './halt.ts'
import { type Prepared, prepare, Unreadable } from './prepare.ts'
import { type Published, readPublished } from './published.ts'
import { formatStaged } from './staged.ts'

export interface Round {
  /** Leaves of the tree that is published. */
  readonly size: number
  /** Leaves that this round appended. */
  readonly appended: number
  /** There is more to do at once: a batch was full, or another sequencer was faster. */
  readonly more: boolean
  readonly halted?: true
}

export interface Sequencer {
  /** One round: finishes what was begun, and appends one batch at most. Throws where a store or a key fails. */
  round(): Promise<Round>
}

/** With 2 kB each, and as much again for tiles and bodies, a batch stays below 20 MB. */
const defaultBatch = 4_096

export function createSequencer(deps: SequencerDeps): Sequencer {
  const kept: Kept = {}
  return {
    async round() {
      try {
        return await sequence(deps, kept)
      } catch (error) {
        if (error instanceof Unreadable) deps.telemetry.alarm('log_entry_unreadable', { entry: error.eid })
        if (!(error instanceof Halted)) throw error
        await halt(deps, error)
        return { size: 0, appended: 0, more: false, halted: true }
      }
    },
  }
}

/** The edge that this sequencer has made itself, for as long as nobody else appends. */
interface Kept {
  rev?: number
  edge?: OpenEdge
}

async function sequence(deps: SequencerDeps, kept: Kept): Promise<Round> {
  const { store, objects } = deps
  // 1. The checkpoint is read before the state: it follows the state, so it can only be behind what is read after it.
  const published = await readPublished(deps)
  const [state] = await store.get([keys.logState])
  if (state?.halted) return { size: state.size, appended: 0, more: false, halted: true }
  refuseBehind(published, state)

  // 2. Without this, entries of the last commit would be taken for candidates once more.
  if (state && state.finished !== state.staged) await finish(deps, state)

  // 3.
  const { entries, more } = await candidates(deps, deps.batch ?? defaultBatch)
  const size = state?.size ?? 0
  if (entries.length === 0) return { size, appended: 0, more: false }

  // 4. An object of that name is the same commit, staged by one that did not come further.
  const edge = await edgeOf(deps, state, kept)
  const prepared = await prepare(deps, edge, entries)
  const { key, staged } = prepared
  const bytes = formatStaged(staged)
  if (!(await objects.put(key, bytes, { ifAbsent: true })).ok) {
    const there = await objects.get(key)
    if (there === undefined || !sameHash(there.bytes, bytes))
      throw new Halted('contradiction', `${key} stands with other bytes`)
  }

  // 5. Of all that were prepared on one state, one becomes the next.
  const next = nextState(state, prepared, deps.clock.now())
  const written = await store.write(commitTo(state, next))
  if (!written.ok) return { size, appended: 0, more: true }
  kept.rev = next.rev
  kept.edge = prepared.edge

  // 6.
  await finish(deps, next, staged)
  return { size: next.size, appended: entries.length, more }
}

/** A state that was restored from before must not grow another tree beside the one that people have seen. */
function refuseBehind(published: Published | undefined, state: LogState | undefined): void {
  if (published === undefined) return
  const { size, root } = published
  if (state === undefined || state.size < size)
    throw new Halted('behind', `a tree of ${size} is published, and the state is at ${state?.size ?? 0}`)
  if (state.size === size && !sameHash(checkpointOf(state).root, root))
    throw new Halted('contradiction', `another tree of ${size} is published than the state's`)
}

const checkpointOf = ({ checkpoint }: LogState) => parseCheckpoint(parseNote(checkpoint).text)

async function edgeOf(
  { objects }: SequencerDeps,
  state: LogState | undefined,
  kept: Kept,
): Promise<OpenEdge> {
  if (state === undefined) return emptyOpenEdge
  const { root } = checkpointOf(state)
  // A table that was restored has numbers twice: another commit may have this version and this size.
  const isThat = kept.rev === state.rev && kept.edge?.tree.size === state.size
  if (kept.edge && isThat && sameHash(rootOf(sha256, kept.edge.tree), root)) return kept.edge
  return readEdge(objects, state.size, root)
}

const nextState = (state: LogState | undefined, { key, staged }: Prepared, at: number): LogState => ({
  size: staged.newer,
  checkpoint: staged.checkpoint,
  staged: key,
  finished: state?.finished ?? '',
  at,
  rev: (state?.rev ?? 0) + 1,
})

/** `ours`: the answer to this very write was lost. Nobody else's has this staged object under this version. */
const commitTo = (state: LogState | undefined, item: LogState): WriteOp<LogState> => ({
  kind: 'put',
  key: keys.logState,
  item,
  if: state === undefined ? itemAbsent : { and: [{ eq: [['rev'], state.rev] }, { absent: ['halted'] }] },
  ours: { and: [{ eq: [['rev'], item.rev] }, { eq: [['staged'], item.staged] }] },
})
