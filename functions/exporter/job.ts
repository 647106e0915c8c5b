/**
 * An export is worked on by whoever has its lease. Every step is saved on the version that it was made of, so that one
 * whose lease has ended writes nothing; and what it puts has one name and the same bytes, so that it harms nothing either.
 */
import {
  type ExportFailure,
  type ExportJob,
  type ExportRecord,
  exportDue,
  type Lease,
} from '../../shared/domain/exports.ts'
import { randomId } from '../../shared/domain/id.ts'
import { keys } from '../../shared/domain/keys.ts'
import type { Condition, Path } from '../../shared/ports/store.ts'
import type { ExporterDeps } from './deps.ts'
import { isFree, LeaseLost, maxAttempts, pauseMs, tooOften, waitingFor } from './lease.ts'

/** Longer than a page takes, or a chunk. Milliseconds. */
const leaseMs = 60_000
/** It is renewed when so much of it is left. */
const renewMs = 40_000

/** Those that nobody works on, the oldest first. */
export const waitingJobs = (deps: ExporterDeps): Promise<readonly ExportRecord[]> =>
  waitingFor<ExportRecord>(deps, exportDue)

export interface Held {
  readonly job: ExportRecord
  readonly lease: Lease
}

/** `undefined` where another was faster, or it is done. */
export async function claim(deps: ExporterDeps, { id }: ExportRecord): Promise<Held | undefined> {
  const { store, clock, random } = deps
  const now = clock.now()
  const lease: Lease = { by: randomId('exporter', random.bytes(16)), until: now + leaseMs }
  const { ok, item } = await store.write<ExportRecord>({
    kind: 'update',
    key: keys.export(id),
    change: {
      set: [
        [['lease'], lease],
        [['state'], 'running'],
      ],
    },
    if: { and: [{ eq: [['due'], exportDue] }, isFree(now)] },
    ours: { eq: [['lease', 'by'], lease.by] },
  })
  return ok && item ? { job: item, lease } : undefined
}

type Progress = Partial<
  Pick<
    ExportJob,
    | 'position'
    | 'collected'
    | 'collectedAt'
    | 'parts'
    | 'rows'
    | 'partBytes'
    | 'readers'
    | 'seenAs'
    | 'proving'
    | 'edition'
  >
>

export const isHeld = ({ job, lease }: Held): Condition => ({
  and: [
    { eq: [['due'], exportDue] },
    { eq: [['lease', 'by'], lease.by] },
    { eq: [['parts'], job.parts] },
    { eq: [['edition'], job.edition] },
  ],
})

/** What was done, with a lease from now on. Throws `LeaseLost`. */
export async function save(
  { store, clock }: Pick<ExporterDeps, 'store' | 'clock'>,
  held: Held,
  progress: Progress,
): Promise<Held> {
  const lease: Lease = { ...held.lease, until: clock.now() + leaseMs }
  const set = Object.entries({ ...progress, lease, attempts: 0 }).map(
    ([name, value]) => [[name] as Path, value] as const,
  )
  const { ok, item } = await store.write<ExportRecord>({
    kind: 'update',
    key: keys.export(held.job.id),
    change: { set },
    if: isHeld(held),
    // The answer to this very write was lost: its lease tells it from every other.
    ours: { and: [{ eq: [['lease', 'by'], lease.by] }, { eq: [['lease', 'until'], lease.until] }] },
  })
  if (!ok || item === undefined) throw new LeaseLost()
  return { job: item, lease }
}

/** Nothing but the lease, and only where it would end soon. */
export const renew = async (deps: ExporterDeps, held: Held): Promise<Held> =>
  held.lease.until - deps.clock.now() > renewMs ? held : save(deps, held, {})

/** Somebody may go on at once. */
export async function release({ store }: ExporterDeps, held: Held, until = 0): Promise<void> {
  const lease: Lease = { by: '', until }
  await store.write<ExportRecord>({
    kind: 'update',
    key: keys.export(held.job.id),
    change: { set: [[['lease'], lease]] },
    if: isHeld(held),
  })
}

/** After an error. The failure to end it with, where there were too many. */
export async function pause(deps: ExporterDeps, held: Held): Promise<ExportFailure | undefined> {
  const { store, clock } = deps
  const attempts = held.job.attempts + 1
  if (attempts >= maxAttempts) return tooOften(attempts)
  const lease: Lease = { by: '', until: clock.now() + pauseMs(attempts) }
  await store.write<ExportRecord>({
    kind: 'update',
    key: keys.export(held.job.id),
    change: {
      set: [
        [['lease'], lease],
        [['attempts'], attempts],
      ],
    },
    if: isHeld(held),
  })
  return undefined
}
