/** Does what was found to be done: entries first, the state last, so that whatever breaks it off, it can be run again. */
import { stagingKey } from '../../functions/sequencer/staged.ts'
import { keys } from '../../shared/domain/keys.ts'
import type { LogState } from '../../shared/domain/log.ts'
import { outcomeId } from '../../shared/entries/id.ts'
import { logRestoredEntry } from '../../shared/entries/log-restored.ts'
import { putEntry } from '../../shared/entries/put.ts'
import { itemAbsent, type Put } from '../../shared/ports/store.ts'
import type { Random } from '../../shared/ports/world.ts'
import { deedOf, writeOf } from './deeds.ts'
import { type Found, linesOf, type RestoreDeps } from './look.ts'
import { type FoundReaders, noReaders, writesOf } from './readers.ts'

export interface RestoreOrder {
  readonly operator: string
  readonly reason?: string
}

export interface PutBack {
  readonly size: number
  /** The entry that tells of it. */
  readonly eid: string
}

export async function putBack(
  deps: RestoreDeps & { readonly random: Random },
  found: Found,
  order: RestoreOrder,
  readers: FoundReaders = noReaders,
): Promise<PutBack> {
  const { store } = deps
  for (const item of found.epochs) await store.write({ kind: 'put', key: keys.logEpoch(item.epoch), item })
  await putEntries(deps, found)

  const now = deps.clock.now()
  const { counts, displaced, target } = found
  const entry = logRestoredEntry({
    now,
    random: deps.random.bytes(16),
    log: deps.logKey.origin,
    from: found.state?.size ?? 0,
    to: target.size,
    putBack: counts.put + counts.replace,
    placed: counts.place,
    displaced,
    ...told(readers),
    ...order,
  })
  const { ok } = await store.transact([stateOf(found, now), putEntry(entry), ...writesOf(readers)])
  if (!ok)
    throw new Error(
      'the state of the log, or a slot, was changed meanwhile: look what runs, and run it again.',
    )
  return { size: target.size, eid: entry.eid }
}

/** Where the table is as it should be, and the registry is not. */
export async function putReadersBack(
  { store, clock, random, logKey }: RestoreDeps & { readonly random: Random },
  readers: FoundReaders,
  order: RestoreOrder,
): Promise<PutBack> {
  const [state] = await store.get([keys.logState])
  const size = state?.size ?? 0
  const none = { putBack: 0, placed: 0, displaced: [] } as const
  const entry = logRestoredEntry({
    now: clock.now(),
    random: random.bytes(16),
    log: logKey.origin,
    ...{ from: size, to: size, ...none, ...told(readers), ...order },
  })
  const { ok } = await store.transact([putEntry(entry), ...writesOf(readers)])
  if (!ok) throw new Error('a slot was given meanwhile: look what runs, and run it again.')
  return { size, eid: entry.eid }
}

const told = ({ corrections, contested }: FoundReaders) => ({
  readers: corrections.reduce((sum, { changed }) => sum + changed.length, 0),
  contested,
})

async function putEntries(deps: RestoreDeps, { archives, target, from, kept, ended }: Found): Promise<void> {
  const { store } = deps
  for (const archive of archives)
    for await (const group of linesOf(deps, target.read, archive, from)) {
      const there = await store.get(group.map(({ eid }) => keys.entry(eid)))
      const deeds = group.map((line, n) => ({ line, deed: deedOf(line, there[n], kept) }))
      const back = deeds.filter(({ deed }) => deed.do === 'put' || deed.do === 'replace')
      const outcomes = await store.get(back.map(({ line }) => keys.entry(outcomeId(line.eid))))
      const open = new Set(
        back.flatMap(({ line: { eid, body } }, n) =>
          isIntent(body) && outcomes[n] === undefined && !ended(eid) ? [eid] : [],
        ),
      )
      await Promise.all(
        deeds.map(async ({ line, deed }) => {
          if (deed.do === 'refuse') throw new Error(deed.why)
          const op = writeOf(line, deed, kept, open.has(line.eid))
          if (op && !(await store.write(op)).ok)
            throw new Error(`${line.eid} was changed meanwhile: look what runs, and run it again.`)
        }),
      )
    }
}

const isIntent = (body: string): boolean =>
  (JSON.parse(body) as { readonly unmapped: { readonly kind: string } }).unmapped.kind === 'intent'

/**
 * Its version is beyond every one that the lost states can have had, so that no sequencer that still knows one takes the
 * edge that it kept for this tree's. A commit that is not published yet is left to the sequencer to finish.
 */
function stateOf({ state, target: { size, root, checkpoint, staged } }: Found, now: number): Put<LogState> {
  const hex = Buffer.from(root).toString('hex')
  const applied = stagingKey(size, size, hex)
  const item: LogState = {
    size,
    checkpoint,
    staged: staged?.key ?? applied,
    finished: staged === undefined ? applied : (state?.finished ?? ''),
    at: now,
    rev: Math.max(now, (state?.rev ?? 0) + 1),
  }
  if (state === undefined) return { kind: 'put', key: keys.logState, item, if: itemAbsent }
  const { halted, rev } = state
  return {
    kind: 'put',
    key: keys.logState,
    item,
    if: {
      and: [
        { eq: [['rev'], rev] },
        halted === undefined ? { absent: ['halted'] } : { eq: [['halted', 'at'], halted.at] },
      ],
    },
  }
}
