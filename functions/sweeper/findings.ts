/** What runs out about a finding: its embargo, and the patience with a clearinghouse. Nothing is changed; it is told. */
import type { Finding } from '../../shared/domain/findings.ts'
import { type Governed, keys } from '../../shared/domain/keys.ts'
import { time } from '../../shared/domain/time.ts'
import { givenUpMs } from '../../shared/webhooks/delivery.ts'
import { findingSubject } from '../governance/findings/finding-record.ts'
import type { Lapse } from '../governance/lapse.ts'
import { remind, reminderId } from './reminder.ts'

const day = 86_400_000

/** Before the end of an embargo; of a shorter one, in its second half. */
const aheadMs = 7 * day

/** A sweeper that was down for longer tells nothing of it any more. */
const afterMs = 7 * day

/** Time enough to fix it, or to hand it over. */
const warnsAt = ({ embargoUntil = 0, reportedAt }: Finding): number =>
  Math.max(embargoUntil - aheadMs, (reportedAt + embargoUntil) / 2)

const the = ({ kind, id, model }: Finding): string => `the ${kind} ${id} of ${model}`

const next = ({ id }: Finding): string => `sallyport finding get ${id}`

export const embargoEnding: Lapse<Finding> = {
  name: 'embargoes_ending',
  key: keys.finding,
  due: (finding, { now }) =>
    finding.state === 'reported' &&
    finding.embargoUntil !== undefined &&
    warnsAt(finding) <= now &&
    now < finding.embargoUntil,
  eid: finding => reminderId(`embargo ending ${finding.id} ${finding.embargoUntil}`, warnsAt(finding)),
  end: ({ store }, finding, at) =>
    remind(
      store,
      {
        subject: findingSubject(finding),
        type: 'finding.embargo_ending',
        text: `The embargo of ${the(finding)} ends at ${time(finding.embargoUntil ?? 0)}, and it was not handed to a clearinghouse yet.`,
        next: next(finding),
        dueAt: finding.embargoUntil ?? 0,
      },
      at,
    ),
}

export const embargoEnded: Lapse<Finding> = {
  name: 'embargoes_ended',
  key: keys.finding,
  due: ({ embargoUntil }, { now }) =>
    embargoUntil !== undefined && embargoUntil <= now && now < embargoUntil + afterMs,
  eid: ({ id, embargoUntil = 0 }) => reminderId(`embargo ended ${id} ${embargoUntil}`, embargoUntil),
  end: ({ store }, finding, at) =>
    remind(
      store,
      {
        subject: findingSubject(finding),
        type: 'finding.embargo_ended',
        text: `The embargo of ${the(finding)} has ended: auditors of the model read its words from now on, and so do consultants whom it is shared with.`,
        next: next(finding),
        dueAt: finding.embargoUntil ?? 0,
      },
      at,
    ),
}

/** The same patience as with a webhook, which is given up then. This is not: it is sent on. */
const overdueAt = ({ handOff }: Pick<Governed<Finding>, 'handOff'>): number => (handOff?.at ?? 0) + givenUpMs

export const overdueHandOff: Lapse<Finding> = {
  name: 'hand_offs_overdue',
  key: keys.finding,
  due: (finding, { now }) =>
    finding.due === 'hand_off' && finding.handOff !== undefined && overdueAt(finding) <= now,
  eid: finding => reminderId(`hand-off ${finding.id} ${overdueAt(finding)}`, overdueAt(finding)),
  end: ({ store }, finding, at) =>
    remind(
      store,
      {
        subject: findingSubject(finding),
        type: 'finding.hand_off_overdue',
        text: `No receipt has come for ${the(finding)} in three days: the clearinghouse of ${finding.handOff?.to} does not take it. It is sent on.`,
        next: next(finding),
        dueAt: overdueAt(finding),
      },
      at,
    ),
}
