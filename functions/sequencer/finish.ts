/**
 * Step 2, and 6: a commit that the state names is applied, by whoever finds it: every write here is the same for all,
 * and one that was done before changes nothing.
 */
import { keys } from '../../shared/domain/keys.ts'
import type { LogState } from '../../shared/domain/log.ts'
import type { Entry } from '../../shared/entries/entry.ts'
import { timeOfEntry } from '../../shared/entries/id.ts'
import type { Update } from '../../shared/ports/store.ts'
import { sameHash } from '../../shared/tlog/hash.ts'
import { logFolder } from '../log-origin.ts'
import type { SequencerDeps } from './deps.ts'
import { Halted } from './halt.ts'
import { publish } from './published.ts'
import { parseStaged, type Staged, type StagedObject } from './staged.ts'

const writesAtOnce = 64

/** `known` is what the state names, for whoever has just put it. */
export async function finish(deps: SequencerDeps, state: LogState, known?: Staged): Promise<void> {
  const staged = known ?? (await readStaged(deps, state.staged))
  await atOnce(staged.objects, object => putOnce(deps, object))
  await publish(deps, staged.checkpoint)
  await atOnce([...staged.eids.entries()], ([n, eid]) => place(deps, eid, staged.older + n))
  await deps.store.write<LogState>({
    kind: 'update',
    key: keys.logState,
    change: { set: [[['finished'], state.staged]] },
    // Another may have gone on from here; then it is finished all the same.
    if: { eq: [['staged'], state.staged] },
  })
}

async function readStaged({ objects }: SequencerDeps, key: string): Promise<Staged> {
  const found = await objects.get(key)
  if (found === undefined) throw new Halted('missing', `${key}, which the state names, is not there`)
  return parseStaged(found.bytes)
}

/** What is there already has these bytes, or it is not the tree that it was. */
async function putOnce(
  { objects, clock, retentionMs }: SequencerDeps,
  { key, bytes }: StagedObject,
): Promise<void> {
  const retainUntil = isKept(key) ? clock.now() + retentionMs : undefined
  if ((await objects.put(key, bytes, { ifAbsent: true }, retainUntil)).ok) return
  const there = await objects.get(key)
  if (there === undefined || !sameHash(there.bytes, bytes))
    throw new Halted('contradiction', `${key} stands with other bytes`)
}

/** Bodies, and what of the tree no longer one takes the place of. */
const isKept = (key: string): boolean =>
  key.startsWith('body/') || (key.startsWith(`${logFolder}tile/`) && !key.includes('.p/'))

/** Its place is set once; with it goes the mark that it waits, and from now on the table may let go of it in time. */
async function place({ store, retentionMs }: SequencerDeps, eid: string, i: number): Promise<void> {
  const exp = Math.ceil((timeOfEntry(eid) + retentionMs) / 1000)
  const placed: Update<Entry> = {
    kind: 'update',
    key: keys.entry(eid),
    change: {
      set: [
        [['i'], i],
        [['exp'], exp],
      ],
      remove: [['pending']],
    },
    if: { absent: ['i'] },
    ours: { eq: [['i'], i] },
  }
  const { ok, item } = await store.write(placed)
  if (ok) return
  if (item === undefined) throw new Halted('missing', `${eid} has place ${i} in the tree and is not there`)
  throw new Halted('contradiction', `${eid} has place ${item.i}, and was to have ${i}`)
}

async function atOnce<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const rest = items[Symbol.iterator]()
  const worker = async (): Promise<void> => {
    for (const item of rest) await work(item)
  }
  await Promise.all(Array.from({ length: Math.min(writesAtOnce, items.length) }, worker))
}
