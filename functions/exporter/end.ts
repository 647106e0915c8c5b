/** How an export ends: with what it is, or why it is none, in one transaction with the entry that says so. */
import {
  type ExportFailure,
  type ExportRecord,
  exportKept,
  exportKeptMs,
  isOpen,
} from '../../shared/domain/exports.ts'
import { keys } from '../../shared/domain/keys.ts'
import { exportFailedEntry, exportMadeEntry } from '../../shared/entries/export.ts'
import { type NamedEntry, putEntry } from '../../shared/entries/put.ts'
import type { SlotOfEpoch } from '../../shared/entries/read.ts'
import type { Change } from '../../shared/ports/store.ts'
import type { ExporterDeps } from './deps.ts'
import { type Held, isHeld } from './job.ts'
import { LeaseLost } from './lease.ts'
import type { ZipFacts } from './zip.ts'

export async function endMade(
  deps: ExporterDeps,
  held: Held,
  file: ZipFacts,
  slots: readonly SlotOfEpoch[],
): Promise<void> {
  const { job } = held
  const now = deps.clock.now()
  const { bytes, sha256, chunks } = file
  const entry = exportMadeEntry(
    job,
    { records: job.rows, bytes, sha256, slots },
    { now, random: deps.random.bytes(16) },
  )
  await end(deps, held, entry, {
    set: [
      [['state'], 'done'],
      [['chunks'], chunks],
      [['bytes'], bytes],
      [['sha256'], sha256],
      [['madeAt'], now],
    ],
  })
}

export async function endFailed(deps: ExporterDeps, held: Held, failure: ExportFailure): Promise<void> {
  const now = deps.clock.now()
  const entry = exportFailedEntry(held.job, failure.code, { now, random: deps.random.bytes(16) })
  // What the records refuse its requester is nothing that an operator could mend.
  if (failure.code === 'internal')
    deps.telemetry.alarm('export_failed', { export: held.job.id, code: failure.code })
  await end(deps, held, entry, {
    set: [
      [['state'], 'failed'],
      [['failure'], failure],
    ],
  })
}

/** Once, whoever comes first. */
async function end(deps: ExporterDeps, held: Held, entry: NamedEntry, change: Change): Promise<void> {
  const { store } = deps
  const { id, organisation } = held.job
  const key = keys.openExports(organisation)
  // Nobody else takes it off that list before this one has ended.
  const [list] = await store.get([key])
  const { ok } = await store.transact([
    {
      kind: 'update',
      key: keys.export(id),
      change: {
        set: [
          ...(change.set ?? []),
          [['ended'], entry.eid],
          [['keptUntil'], deps.clock.now() + exportKeptMs],
          [['due'], exportKept],
        ],
        remove: [['lease']],
      },
      if: isHeld(held),
      ours: { eq: [['ended'], entry.eid] },
    },
    putEntry(entry),
    ...(list?.open[id] === undefined
      ? []
      : [{ kind: 'update', key, change: { remove: [['open', id]] } } as const]),
  ])
  if (!ok && !(await hasEnded(deps, held.job))) throw new LeaseLost()
}

async function hasEnded({ store }: ExporterDeps, { id }: ExportRecord): Promise<boolean> {
  const [job] = await store.get([keys.export(id)])
  return job !== undefined && !isOpen(job)
}
