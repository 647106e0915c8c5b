/**
 * What time ends by itself. Each end is one transaction with its entry and its notices, made from the record as it
 * stands then; so whoever comes second finds nothing to do, and several sweepers at once are harmless.
 */
import { base32 } from '../../shared/domain/id.ts'
import { type Governed, indexes, type RecordKind } from '../../shared/domain/keys.ts'
import type { Action, Subject } from '../../shared/domain/proposals.ts'
import { Refusal, refuse } from '../../shared/domain/refusal.ts'
import type { Rules } from '../../shared/domain/rules.ts'
import type { Reason } from '../../shared/domain/stop.ts'
import { decisionEntry, type Step } from '../../shared/entries/decision.ts'
import { entryId } from '../../shared/entries/id.ts'
import type { Key, TransactOp } from '../../shared/ports/store.ts'
import { pages } from '../pages.ts'
import { type Commit, commit } from './engine/commit.ts'
import { readRules } from './engine/decide.ts'
import { noticePuts } from './engine/notices.ts'
import type { GovernanceDeps } from './engine/plan.ts'

/** When a record is looked at. */
export interface Moment {
  readonly now: number
  readonly rules: Rules
}

export interface Ending extends Moment {
  readonly eid: string
}

/** Something that time does to the records of a kind. */
export interface Lapse<R extends object> {
  /** What it is counted as. */
  readonly name: string
  key(id: string): Key<Governed<R>>
  /** By the record alone: most have nothing due, and cost no more than being looked at. */
  due(record: Governed<R>, at: Moment): boolean
  /** Nothing where it turns out that it is not due. Throws where records that it needs are missing. */
  end(deps: GovernanceDeps, record: Governed<R>, at: Ending): Promise<Commit<true> | undefined>
  /** Where the same event has the same entry, whoever records it; otherwise it is a random one. */
  eid?(record: Governed<R>, at: Moment): string
}

/** What a walk over records does, and how often it did. */
export type Lapsed = Record<string, number>

/**
 * Walks over a kind of records and ends what is due; one that cannot be ended is told, and the others are ended all
 * the same. It begins at a random place and goes round, so that a walk that is cut short at `until` leaves nobody out
 * for ever.
 */
export async function lapseRecords<R extends object>(
  deps: GovernanceDeps,
  kind: RecordKind,
  lapses: readonly Lapse<R>[],
  until: number,
  lapsed: Lapsed,
): Promise<void> {
  const { store, clock, telemetry } = deps
  const rules = await readRules(store)
  const chosen = kind === 'organisation' || kind === 'model'
  const start = `${kind}#${chosen ? '' : `${kind}_`}${base32(deps.random.bytes(16)).slice(1)}`
  for (const range of [
    { from: start, to: `${kind}$` },
    { from: `${kind}#`, to: start },
  ])
    for await (const batch of pages<Governed<R>>(store, {
      index: indexes.byRecord,
      partition: kind,
      ...range,
    }))
      for (const record of await store.get(batch)) {
        if (clock.now() >= until) return
        for (const lapse of lapses) {
          if (record === undefined || !lapse.due(record, { now: clock.now(), rules })) continue
          try {
            if (await endOne(deps, lapse, record)) lapsed[lapse.name] = (lapsed[lapse.name] ?? 0) + 1
          } catch (error) {
            telemetry.error('one record could not be ended', error, { record: record.listed, by: lapse.name })
          }
        }
      }
}

/** False where nothing was to be done. */
async function endOne<R extends object>(
  deps: GovernanceDeps,
  lapse: Lapse<R>,
  seen: Governed<R>,
): Promise<boolean> {
  const { store, clock, random } = deps
  const key = lapse.key(seen.listed.slice(seen.record.length + 1))
  const at = { now: clock.now(), rules: await readRules(store) }
  const eid = lapse.eid?.(seen, at) ?? entryId(at.now, random.bytes(16))
  const done = await commit<true>(deps, eid, undefined, async () => {
    const moment = { now: clock.now(), rules: await readRules(store) }
    const [record] = await store.get([key])
    if (record === undefined || !lapse.due(record, moment)) return nothing
    // Of an entry that several could write, whoever comes second is too late.
    if (lapse.eid && lapse.eid(record, moment) !== eid) return nothing
    return (await lapse.end(deps, record, { ...moment, eid })) ?? nothing
  })
  if (done === nothing) return false
  if (done instanceof Refusal) throw new Error(`${done.code}: ${done.facts.detail}`)
  return true
}

const nothing = refuse('state_forbids', 'It has ended already.')

export interface Told {
  readonly step: Step
  readonly action: Pick<Action, 'name' | 'params'>
  readonly subject: Subject
  readonly reason?: Reason
  readonly difference?: readonly { readonly field: string; readonly from: unknown; readonly to: unknown }[]
  readonly breakGlass?: true
  readonly type: string
  readonly text: string
  readonly next?: string
  /** Organisations that are told beside those of the subject. */
  readonly tells?: readonly string[]
}

/** The writes with the entry that records them and the notices that tell of them. Nobody acts: it is time. */
export function lapseCommit(
  { now, rules, eid }: Ending,
  writes: readonly TransactOp[],
  told: Told,
): Commit<true> {
  const { step, action, subject, reason, difference, breakGlass, type, text, next, tells } = told
  const entry = decisionEntry({
    eid,
    now,
    step,
    action,
    subject,
    ...(reason && { reason }),
    ...(difference && { difference }),
    ...(breakGlass && { breakGlass }),
    rules: rules.version,
  })
  const notices = noticePuts({
    eid,
    now,
    type,
    text,
    subject,
    ...(next && { next }),
    ...(tells && { tells }),
  })
  return { ops: [...writes, ...notices], entry, done: true }
}
