/** After a restore of the registry: what had been stopped since is stopped again; the rest is for people. Repeatable. */
import { definitionOf } from '../functions/governance/actions.ts'
import { endOf, look } from '../functions/governance/engine/approve.ts'
import { type Commit, commit } from '../functions/governance/engine/commit.ts'
import { readRules } from '../functions/governance/engine/decide.ts'
import { noticePuts } from '../functions/governance/engine/notices.ts'
import type { Actor, GovernanceDeps } from '../functions/governance/engine/plan.ts'
import { openProposal } from '../functions/governance/engine/proposal-record.ts'
import { show } from '../functions/governance/engine/shown.ts'
import { operators } from '../functions/governance/holds/holds.ts'
import { randomId } from '../shared/domain/id.ts'
import { keys } from '../shared/domain/keys.ts'
import type { Role } from '../shared/domain/parties.ts'
import type { Action } from '../shared/domain/proposals.ts'
import { Refusal, refuse } from '../shared/domain/refusal.ts'
import type { Rules } from '../shared/domain/rules.ts'
import type { Reason, Signature } from '../shared/domain/stop.ts'
import { decisionEntry } from '../shared/entries/decision.ts'
import { entryId } from '../shared/entries/id.ts'
import type { Store } from '../shared/ports/store.ts'
import { keyOf, type Logged, type Lost, lostOf, readLog } from './lost-decisions.ts'

export interface Replayed {
  /** Stopped again. */
  readonly applied: readonly Lost[]
  /** What took away something that is not there, or is taken away already. */
  readonly needless: readonly { readonly lost: Lost; readonly why: string }[]
  /** Could not be applied: a person has to look. */
  readonly failed: readonly { readonly lost: Lost; readonly why: string }[]
  /** What gave something: people decide on it again, or not. */
  readonly forPeople: readonly Lost[]
}

export interface ReplayOrder {
  /** The moment that the registry was restored to; milliseconds. */
  readonly from: number
  /** Who runs the command: not chosen by them. */
  readonly operator: string
  /** Only finds out what would be done. */
  readonly dryRun: boolean
}

/**
 * A decision is dated before its transaction: one from just before the moment of the restore can have come after it.
 * What the registry has is told by the versions, so that looking at too many does no harm. Milliseconds.
 */
const earlierMs = 60_000

/** In the order of time, each in a transaction of its own with its entry and its notices. */
export async function replay(deps: GovernanceDeps, order: ReplayOrder): Promise<Replayed> {
  const log = await readLog(deps.store, order.from - earlierMs)
  const lost = await lostOf(deps.store, log)
  const applied: Lost[] = []
  const needless: { lost: Lost; why: string }[] = []
  const failed: { lost: Lost; why: string }[] = []
  for (const one of lost.filter(({ restricts, again }) => restricts && !again)) {
    const done = lapsed(log, one) ?? (order.dryRun ? true : await applyAgain(deps, one, order.operator))
    if (!(done instanceof Refusal)) applied.push(one)
    else if (['record_unknown', 'state_forbids', 'record_exists'].includes(done.code))
      needless.push({ lost: one, why: done.facts.detail })
    else failed.push({ lost: one, why: `${done.code}: ${done.facts.detail}` })
  }
  return { applied, needless, failed, forPeople: lost.filter(({ restricts, again }) => !restricts && !again) }
}

/** It has ended by its own time, which does not begin again. */
const lapsed = (log: readonly Logged[], { decision: { action, subject } }: Lost): Refusal | undefined =>
  action === 'hold.place' &&
  log.some(({ decision: later }) => later.step === 'lapsed' && later.subject.id === subject.id)
    ? refuse('state_forbids', 'It has lapsed since.')
    : undefined

async function applyAgain(deps: GovernanceDeps, lost: Lost, operator: string): Promise<true | Refusal> {
  const { clock, random, store } = deps
  const eid = entryId(clock.now(), random.bytes(16))
  return commit<true>(deps, eid, undefined, async () => {
    const at = { now: clock.now(), eid, rules: await readRules(store) }
    return lost.decision.step === 'applied'
      ? stopAgain(deps, lost, at, operator)
      : endAgain(store, lost, at, operator)
  })
}

interface Moment {
  readonly now: number
  readonly eid: string
  readonly rules: Rules
}

async function stopAgain(
  { store, random }: Pick<GovernanceDeps, 'store' | 'random'>,
  { eid: replays, at, decision }: Lost,
  { now, eid, rules }: Moment,
  operator: string,
): Promise<Commit<true> | Refusal> {
  const { action: name, subject: before, params, breakGlass } = decision
  const reason: Reason = decision.reason ?? { code: 'operational', text: 'Decided before the restore.' }
  // It stops whatever version of an agreement the copy has.
  const { digest: _, ...others } = params
  const action: Action = { name, id: before.id, params: others }
  const key = before.rev === 0 ? keyOf(before) : undefined
  if (key && (await store.get([key]))[0]) return refuse('record_exists', 'It is there already.')
  const actor = await actorOf(store, decision)
  // What was to lapse lapses when it was to; one that was concurred with since may be past that, and begins anew.
  const inTime = name === 'hold.place' && at + rules.governmentHoldDays * 86_400_000 > now
  const planning = { now: inTime ? at : now, rules, reason, breakGlass }
  const { plan: planned } = definitionOf(name)
  const asThen = await planned({ store }, action, { ...planning, ...(actor && { actor }) })
  // The rights of whoever decided it may have come since the copy, which then does not show them what it has.
  const unseen = asThen instanceof Refusal && ['record_unknown', 'role_missing'].includes(asThen.code)
  const plan = actor && unseen ? await planned({ store }, action, planning) : asThen
  if (plan instanceof Refusal) return plan
  const { effects, shown, difference } = await show({ store }, action, reason, plan, now)
  const by = signatureOf(decision, at)
  const carried = { now, eid, by, signatures: [by], reason, rules, breakGlass, effects, shown }
  // A grant that a mission hangs on goes on again, and two people are asked again.
  const proposals = (plan.proposes ?? []).map(proposed =>
    openProposal(randomId('proposal', random.bytes(16)), {
      ...proposed,
      shown: { effects, shown, difference },
      reason,
      by,
      signatures: [by],
      rules,
      now,
      eid,
    }),
  )
  return {
    ops: [
      ...plan.writes(carried),
      ...proposals.map(({ put }) => put),
      ...(plan.told
        ? noticePuts({
            eid,
            now,
            type: plan.told.type,
            text: `${plan.told.text} It was decided before a restore, and is in force again.`,
            subject: plan.subject,
            ...(plan.tells && { tells: plan.tells }),
          })
        : []),
    ],
    entry: decisionEntry({
      eid,
      now,
      step: 'applied',
      action: { name, params: { ...params, replays } },
      subject: plan.subject,
      signatures: [by],
      reason,
      difference,
      effects,
      shown,
      rules: rules.version,
      ...(breakGlass && { breakGlass: true }),
      actor: `replay-decisions by ${operator}`,
    }),
    done: true,
  }
}

/** A proposal that was declined or withdrawn, and is open again. */
async function endAgain(
  store: Store,
  { eid: replays, at, decision }: Lost,
  { now, eid, rules }: Moment,
  operator: string,
): Promise<Commit<true> | Refusal> {
  const how = decision.step === 'declined' ? 'declined' : 'withdrawn'
  const [proposal] = await store.get([keys.proposal(decision.proposal ?? '-')])
  if (proposal === undefined) return refuse('record_unknown', 'The proposal is not there.')
  if (proposal.state !== 'open') return refuse('state_forbids', `The proposal is ${proposal.state}.`)
  const { reason = proposal.reason } = decision
  const by = signatureOf(decision, at)
  const { ops } = endOf(await look({ store }, proposal, { rules, now, eid }), how, by, { reason })
  const { name, params } = proposal.action
  const entry = decisionEntry({
    eid,
    now,
    step: how,
    action: { name, params: { ...params, replays } },
    subject: proposal.subject,
    signatures: proposal.signatures,
    reason,
    proposal: proposal.id,
    rules: rules.version,
    actor: `replay-decisions by ${operator}`,
  })
  return { ops, entry, done: true }
}

/** Who had decided it: a second look is asked of another person than that. */
function signatureOf({ by }: Lost['decision'], at: number): Signature {
  const { person, name, organisation, role, authTime } = by ?? {
    person: 'operator:unknown',
    name: 'an operator',
    organisation: operators,
    role: 'operator',
    authTime: at,
  }
  return { person, name, organisation, role: role as Role, at, authTime }
}

/** As far as the restored registry still knows them: some judgements ask whose decision it is. */
async function actorOf(store: Store, { by }: Lost['decision']): Promise<Actor | undefined> {
  if (by === undefined) return undefined
  const [person, organisation] = await store.get([keys.person(by.person), keys.organisation(by.organisation)])
  return person && organisation && { person, organisation, authTime: by.authTime }
}
