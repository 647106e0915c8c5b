/**
 * Carries findings to the clearinghouse: what waits is found through a sparse index, sent under a claim, and done with
 * once a receipt names the digest of what was sent. It is never given up: after days it is told, and tried on.
 */

import type { Finding } from '../../shared/domain/findings.ts'
import type { Governed } from '../../shared/domain/keys.ts'
import { indexes, keys } from '../../shared/domain/keys.ts'
import { receiptEntry } from '../../shared/entries/hand-off.ts'
import { entryId } from '../../shared/entries/id.ts'
import { putEntry } from '../../shared/entries/put.ts'
import { givenUpMs, pauseAfter } from '../../shared/webhooks/delivery.ts'
import { noticePuts } from '../governance/engine/notices.ts'
import { findingSubject } from '../governance/findings/finding-record.ts'
import { pages } from '../pages.ts'
import type { NotifierDeps } from './deps.ts'
import { claimFinding, type HandedOff, isHandedOff, putOff } from './hand-off-claim.ts'
import { type Receipt, sendAdvisory } from './hand-off-send.ts'
import type { Told } from './tell.ts'

/** Offices that are served at the same time. */
const atOnce = 4

export interface Carried extends Readonly<Record<Told, number>> {
  /** The least time at which something is due that was not in this pass; milliseconds. */
  readonly nextDueAt?: number
}

/** One pass. An office that did not take one is asked for nothing more in it: it may hang on each of them. */
export async function handOver(deps: NotifierDeps, until: number): Promise<Carried> {
  const { clock, telemetry } = deps
  const { queues, nextDueAt } = await collect(deps)
  const told = { done: 0, later: 0, given_up: 0, passed_over: 0 }
  const waiting = queues.values()
  await Promise.all(
    Array.from({ length: atOnce }, async () => {
      for (const queue of waiting)
        for (const finding of queue) {
          if (clock.now() >= until) return
          const became = await carry(deps, finding).catch((error: unknown): Told => {
            telemetry.error('a finding could not be handed over', error, { finding: finding.id })
            return 'passed_over'
          })
          told[became] += 1
          if (became === 'later') break
        }
    }),
  )
  return { ...told, ...(nextDueAt !== undefined && { nextDueAt }) }
}

/** Of one office each. */
async function collect({ store, clock }: NotifierDeps): Promise<{
  readonly queues: readonly (readonly HandedOff[])[]
  readonly nextDueAt: number | undefined
}> {
  const now = clock.now()
  const queues = new Map<string, HandedOff[]>()
  let nextDueAt: number | undefined
  const query = { index: indexes.byDue, partition: 'hand_off' }
  for await (const batch of pages<Governed<Finding>>(store, query))
    for (const finding of await store.get(batch)) {
      if (!isHandedOff(finding)) continue
      const { to, nextAt } = finding.handOff
      if (nextAt > now) nextDueAt = Math.min(nextDueAt ?? nextAt, nextAt)
      else queues.set(to, [...(queues.get(to) ?? []), finding])
    }
  return { queues: [...queues.values()], nextDueAt }
}

async function carry(deps: NotifierDeps, seen: HandedOff): Promise<Told> {
  const { store, clock, telemetry } = deps
  const claimed = await claimFinding(store, seen, clock.now(), share(deps))
  if (claimed === undefined) return 'passed_over'
  const { handOff } = claimed
  const [office] = await store.get([keys.organisation(handOff.to)])
  const url = office?.clearinghouse?.url
  const sent = url === undefined ? 'address' : await sendAdvisory(deps, handOff, url)
  telemetry.count('hand_offs', { outcome: typeof sent === 'string' ? sent : 'taken' })
  if (typeof sent !== 'string') return (await receive(deps, claimed, sent)) ? 'done' : 'passed_over'
  const now = clock.now()
  await putOff(store, claimed, now + pauseAfter(handOff.attempts, share(deps)))
  if (now - handOff.at >= givenUpMs)
    telemetry.alarm('hand_off_overdue', {
      finding: claimed.id,
      organisation: handOff.to,
      why: sent,
      hours: Math.floor((now - handOff.at) / 3_600_000),
    })
  return 'later'
}

/** A decision about the finding at the same moment makes it be written anew. */
const tries = 5

/** False where another notifier has written it down already. */
async function receive(deps: NotifierDeps, { id }: HandedOff, receipt: Receipt): Promise<boolean> {
  const { store, clock, random } = deps
  const now = clock.now()
  const eid = entryId(now, random.bytes(16))
  for (let left = tries; left > 0; left--) {
    const [finding] = await store.get([keys.finding(id)])
    if (!isHandedOff(finding)) return false
    const { ok } = await store.transact(receiptOps(finding, receipt, { now, eid }))
    if (ok) return true
  }
  throw new Error('the record changed again and again')
}

function receiptOps(finding: HandedOff, receipt: Receipt, { now, eid }: { now: number; eid: string }) {
  const { id, handOff, state, rev } = finding
  const subject = findingSubject(finding)
  const { to, digest: advisory, attempts } = handOff
  // What its developer has resolved meanwhile stays so.
  const became = state === 'handed_off' ? 'received' : state
  const kept = { at: now, id: receipt.id, digest: receipt.digest, entry: eid }
  return [
    {
      kind: 'update',
      key: keys.finding(id),
      if: { and: [{ eq: [['rev'], rev] }, { absent: ['handOff', 'receipt'] }] },
      change: {
        set: [
          [['state'], became],
          [['handOff', 'receipt'], kept],
        ],
        add: [[['rev'], 1]],
        remove: [['due']],
      },
    },
    putEntry(
      receiptEntry({
        ...{ eid, now, subject, to, advisory, attempts },
        receipt: receipt.id,
        receiptDigest: receipt.digest,
      }),
    ),
    ...noticePuts({
      ...{ eid, now, subject },
      type: 'finding.received',
      text: `The clearinghouse of ${to} has received the ${finding.kind} ${id} of ${finding.model}. Its receipt: ${receipt.id}.`,
      next: `sallyport finding get ${id}`,
    }),
  ] as const
}

/** From 0 to 1, without 1. */
const share = ({ random }: NotifierDeps): number => Buffer.from(random.bytes(4)).readUInt32BE() / 2 ** 32
