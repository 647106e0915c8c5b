/** `log.delete`: the bodies of one month, once everything of it is older than it is kept. The exporter takes them away. */
import { type Governed, keys, listed } from '../../../shared/domain/keys.ts'
import {
  deletableFrom,
  deletionDue,
  epochOfMonth,
  type LogDeletion,
  nothingCounted,
} from '../../../shared/domain/log-deletions.ts'
import { everyone } from '../../../shared/domain/parties.ts'
import { Refusal, refuse } from '../../../shared/domain/refusal.ts'
import { time } from '../../../shared/domain/time.ts'
import { itemAbsent, type TransactOp } from '../../../shared/ports/store.ts'
import { startOfEpoch } from '../../../shared/watermark/epoch.ts'
import type { Definition } from '../engine/plan.ts'
import { judgeRole } from '../engine/signer.ts'
import { everyDecider } from '../holds/holds.ts'

const remove: Definition = {
  async plan({ store, retentionMs }, { id: month }, { now, actor }) {
    const whose = { kind: 'deletion', id: month, name: month, rev: 0, organisation: everyone } as const
    const { id: own = '', kind } = actor?.organisation ?? {}
    // Before anything is read: who has no part in it is told so, whatever they name.
    const role =
      actor &&
      judgeRole('log.delete', actor, {
        ...whose,
        developers: kind === 'developer' ? [own] : [],
        governments: kind === 'government' ? [own] : [],
      })
    if (role instanceof Refusal) return role
    const epoch = epochOfMonth(month)
    if (epoch === undefined)
      return refuse('body_malformed', 'A month is written 2026-01.', { field: 'month' })
    // Where nobody knows for how long things are kept, nothing is deleted.
    const span = { begins: startOfEpoch(epoch), ends: startOfEpoch(epoch + 1) }
    const from = deletableFrom(span, retentionMs ?? Number.POSITIVE_INFINITY)
    if (now < from)
      return refuse(
        'state_forbids',
        Number.isFinite(from)
          ? `The bodies of ${month} are kept until ${time(from)} at least.`
          : 'It is not set for how long bodies are kept.',
        {
          field: 'month',
          next: 'Name a month that ended longer ago; those that were deleted: sallyport log deletions',
        },
      )
    const [before, begun, orders] = await store.get([
      keys.logDeletion(month),
      keys.logEpoch(epoch),
      keys.standingOrders,
    ])
    if (before)
      return refuse('state_forbids', `The bodies of ${month} were deleted by ${before.entry}.`, {
        field: 'month',
      })
    if (begun === undefined)
      return refuse('state_forbids', `The log has nothing of ${month}.`, { field: 'month' })
    // It is everybody's: each of those who decide is told, can decline it, and can place a preservation order.
    const all = await everyDecider(store)
    return {
      subject: { ...whose, name: `the bodies of ${month}`, ...all },
      difference: [{ field: 'state', from: null, to: 'deleting' }],
      writes: ({ eid, signatures, reason, now: at }) => {
        const item: Governed<LogDeletion> = {
          id: month,
          epoch,
          state: 'deleting',
          reason,
          signatures,
          entry: eid,
          at,
          work: { turn: 0, nextAt: at, phase: 'entries', kept: nothingCounted, removed: nothingCounted },
          due: deletionDue,
          rev: 1,
          ...listed('deletion', everyone, month),
        }
        const none: TransactOp = {
          kind: 'put',
          key: keys.standingOrders,
          item: { orders: {}, rev: 1 },
          if: itemAbsent,
        }
        return [
          { kind: 'put', key: keys.logDeletion(month), item, if: itemAbsent },
          ...(orders === undefined ? [none] : []),
        ]
      },
      told: {
        type: 'log.deleted',
        text: `The bodies of ${month} are deleted, but for what a preservation order covers. The leaves stay.`,
        next: `sallyport log deletions`,
      },
    }
  },
}

export const logActions = { 'log.delete': remove } satisfies Readonly<Record<string, Definition>>
