/** An inquiry as a job: its lease, its tries, and its end. */
import type { ExportFailure, Lease } from '../../../shared/domain/exports.ts'
import { randomId } from '../../../shared/domain/id.ts'
import {
  type Answered,
  type Inquiry,
  type InquiryRecord,
  inputKey,
  inquiryDue,
  inquiryKept,
  inquiryKeptMs,
} from '../../../shared/domain/inquiries.ts'
import { keys } from '../../../shared/domain/keys.ts'
import { inquiryAnsweredEntry, inquiryFailedEntry } from '../../../shared/entries/inquiry.ts'
import { type NamedEntry, putEntry } from '../../../shared/entries/put.ts'
import type { Change, Condition } from '../../../shared/ports/store.ts'
import type { ExporterDeps } from '../deps.ts'
import { isFree, LeaseLost, maxAttempts, pauseMs, tooOften, waitingFor } from '../lease.ts'

/** Longer than an answer takes, as it is not renewed. Where it is not, two answer, and one of them ends it. Milliseconds. */
const leaseMs = 600_000

export interface HeldInquiry {
  readonly inquiry: InquiryRecord
  readonly lease: Lease
}

/** Those that nobody works on, the oldest first. */
export const waitingInquiries = (deps: ExporterDeps): Promise<readonly InquiryRecord[]> =>
  waitingFor<InquiryRecord>(deps, inquiryDue)

/** `undefined` where another was faster, or it has ended. A try counts when it begins: it may take the process with it. */
export async function claimInquiry(
  { store, clock, random }: ExporterDeps,
  { id }: Pick<Inquiry, 'id'>,
): Promise<HeldInquiry | undefined> {
  const now = clock.now()
  const lease: Lease = { by: randomId('exporter', random.bytes(16)), until: now + leaseMs }
  const { ok, item } = await store.write<InquiryRecord>({
    kind: 'update',
    key: keys.inquiry(id),
    change: {
      set: [
        [['lease'], lease],
        [['state'], 'running'],
      ],
      add: [[['attempts'], 1]],
    },
    if: { and: [isOpen, isFree(now)] },
    ours: { eq: [['lease', 'by'], lease.by] },
  })
  return ok && item ? { inquiry: item, lease } : undefined
}

const isOpen: Condition = { and: [{ eq: [['due'], inquiryDue] }, { absent: ['ended'] }] }
const isHeld = ({ lease }: HeldInquiry): Condition => ({ and: [isOpen, { eq: [['lease', 'by'], lease.by] }] })

/** The failure to end it with, where there were too many tries. */
export const outOfTries = ({ inquiry: { attempts } }: HeldInquiry): ExportFailure | undefined =>
  attempts <= maxAttempts ? undefined : tooOften(maxAttempts)

/** After an error it waits, longer each time. */
export async function pauseInquiry({ store, clock }: ExporterDeps, held: HeldInquiry): Promise<void> {
  const lease: Lease = { by: '', until: clock.now() + pauseMs(held.inquiry.attempts) }
  await store.write({
    kind: 'update',
    key: keys.inquiry(held.inquiry.id),
    change: { set: [[['lease'], lease]] },
    if: isHeld(held),
  })
}

/** The process ends: another goes on at once, and this was no try. */
export async function releaseInquiry({ store }: ExporterDeps, held: HeldInquiry): Promise<void> {
  await store.write({
    kind: 'update',
    key: keys.inquiry(held.inquiry.id),
    change: { set: [[['attempts'], held.inquiry.attempts - 1]], remove: [['lease']] },
    if: isHeld(held),
  })
}

export async function endAnswered(deps: ExporterDeps, held: HeldInquiry, answered: Answered): Promise<void> {
  const entry = inquiryAnsweredEntry(held.inquiry, answered, at(deps))
  await end(deps, held, entry, {
    set: [
      [['state'], 'done'],
      [['result'], JSON.stringify(answered.result)],
      [['madeAt'], deps.clock.now()],
    ],
  })
}

export async function endFailed(
  deps: ExporterDeps,
  held: HeldInquiry,
  failure: ExportFailure,
): Promise<void> {
  if (failure.code === 'internal')
    deps.telemetry.alarm('inquiry_failed', { inquiry: held.inquiry.id, code: failure.code })
  await end(deps, held, inquiryFailedEntry(held.inquiry, failure.code, at(deps)), {
    set: [
      [['state'], 'failed'],
      [['failure'], failure],
    ],
  })
}

const at = ({ clock, random }: ExporterDeps) => ({ now: clock.now(), random: random.bytes(16) })

/** Once, whoever comes first. Throws `LeaseLost`. */
async function end(
  { store, clock }: ExporterDeps,
  held: HeldInquiry,
  entry: NamedEntry,
  { set = [] }: Change,
): Promise<void> {
  const { ok } = await store.transact([
    {
      kind: 'update',
      key: keys.inquiry(held.inquiry.id),
      change: {
        set: [...set, [['ended'], entry.eid], [['keptUntil'], clock.now() + inquiryKeptMs]],
        remove: [['lease']],
      },
      if: isHeld(held),
      ours: { eq: [['ended'], entry.eid] },
    },
    putEntry(entry),
  ])
  if (!ok) throw new LeaseLost()
}

/** Of one that has ended: it is due for nothing more when what was handed in is gone, but for its own end. */
export async function leaveInput(
  { store, objects }: ExporterDeps,
  { id }: Pick<Inquiry, 'id'>,
): Promise<void> {
  if (!(await objects.remove(inputKey(id))).ok) return
  await store.write({
    kind: 'update',
    key: keys.inquiry(id),
    change: { set: [[['due'], inquiryKept]] },
    if: { and: [{ eq: [['due'], inquiryDue] }, { exists: ['ended'] }] },
  })
}
