/**
 * A hold that an operator places where nobody can sign in. It is the same hold as people place, by the same plan, in
 * force at once; developer, government and whoever it hits are told, and somebody of an organisation reviews it.
 */
import { definitionOf } from '../functions/governance/actions.ts'
import { commit } from '../functions/governance/engine/commit.ts'
import { readRules } from '../functions/governance/engine/decide.ts'
import { noticePuts } from '../functions/governance/engine/notices.ts'
import type { GovernanceDeps, Plan } from '../functions/governance/engine/plan.ts'
import { hitting, type Shown, show } from '../functions/governance/engine/shown.ts'
import { operators } from '../functions/governance/holds/holds.ts'
import { randomId } from '../shared/domain/id.ts'
import { keys } from '../shared/domain/keys.ts'
import { judgeText } from '../shared/domain/marking.ts'
import { everyone } from '../shared/domain/parties.ts'
import type { Action, Hit } from '../shared/domain/proposals.ts'
import type { HoldScope } from '../shared/domain/records.ts'
import { Refusal } from '../shared/domain/refusal.ts'
import type { Rules } from '../shared/domain/rules.ts'
import type { Reason, Signature } from '../shared/domain/stop.ts'
import { time } from '../shared/domain/time.ts'
import { decisionEntry } from '../shared/entries/decision.ts'
import { entryId } from '../shared/entries/id.ts'
import type { Store, TransactOp } from '../shared/ports/store.ts'

export interface EmergencyOrder {
  readonly scope: HoldScope
  readonly reason: Reason
  /** Who runs the command: not chosen by them. */
  readonly operator: string
}

export interface Foreseen extends Shown {
  readonly plan: Plan
  /** Who is told. */
  readonly organisations: readonly string[]
  /** Those of them that decide about it: one of them reviews it. */
  readonly reviewers: readonly string[]
  readonly rules: Rules
  readonly now: number
}

export interface Placed extends Foreseen {
  readonly hold: string
  readonly entry: string
  /** By when it is to be reviewed. */
  readonly reviewBy: number
}

/** What one transaction has room for beside the hold and its entry. */
const maxTold = 80

/** Whom it would hit, without doing it. */
export async function foresee(
  { store, clock }: Pick<GovernanceDeps, 'store' | 'clock'>,
  { scope, reason }: EmergencyOrder,
  id = randomId('hold', new Uint8Array(16)),
): Promise<Foreseen | Refusal> {
  const marked = judgeText(reason.text, 'text') ?? judgeText(reason.reference ?? '', 'reference')
  if (marked) return marked
  const now = clock.now()
  const action: Action = { name: 'hold.place', id, params: { scope } }
  const rules = await readRules(store)
  const plan = await definitionOf(action.name).plan({ store }, action, {
    now,
    rules,
    reason,
    breakGlass: true,
  })
  if (plan instanceof Refusal) return plan
  const { hit, ...shown } = await show({ store }, action, reason, plan, now)
  const organisations = await concerned(store, plan, hit)
  const { developers, governments } = plan.subject
  const reviewers = organisations.filter(one => developers.includes(one) || governments.includes(one))
  return { ...shown, plan: hitting(plan, hit), organisations, reviewers, rules, now }
}

export async function placeEmergencyHold(
  deps: GovernanceDeps,
  order: EmergencyOrder,
): Promise<Placed | Refusal> {
  const { clock, random } = deps
  const { scope, reason, operator } = order
  const id = randomId('hold', random.bytes(16))
  const eid = entryId(clock.now(), random.bytes(16))
  return commit<Placed>(deps, eid, undefined, async () => {
    const foreseen = await foresee(deps, order, id)
    if (foreseen instanceof Refusal) return foreseen
    const { plan, rules, now, effects, shown, difference } = foreseen
    const { subject } = plan
    const by = signatureOf(operator, now)
    const carried = {
      now,
      eid,
      by,
      signatures: [],
      reason,
      rules,
      breakGlass: true,
      effects,
      shown,
      ...(subject.hit && { hit: subject.hit }),
    }
    const reviewBy = now + rules.ratifyHours * 3_600_000
    const notices = tellings(foreseen, { id, eid, reason, reviewBy })
    const entry = decisionEntry({
      eid,
      now,
      step: 'applied',
      action: { name: 'hold.place', params: { scope } },
      subject,
      reason,
      difference,
      effects,
      shown,
      rules: rules.version,
      breakGlass: true,
      actor: `break-glass by ${operator}`,
    })
    return {
      ops: [...plan.writes(carried), ...notices],
      entry,
      done: { ...foreseen, hold: id, entry: eid, reviewBy },
    }
  })
}

/** Whoever it only stops is not asked for what they cannot do. */
function tellings(
  { plan: { subject }, now, organisations, reviewers }: Foreseen,
  {
    id,
    eid,
    reason,
    reviewBy,
  }: Pick<Placed, 'reviewBy'> & {
    readonly id: string
    readonly eid: string
    readonly reason: Reason
  },
): readonly TransactOp[] {
  const placed = `An operator has placed an emergency hold that stops ${subject.name}: ${reason.code}.`
  const about = { ...subject, organisation: everyone, developers: [], governments: [], hit: [] }
  const common = { eid, now, type: 'hold.placed', subject: about }
  return [
    ...noticePuts({
      ...common,
      text: `${placed} Review it by ${time(reviewBy)}.`,
      next: `sallyport hold ratify ${id}`,
      tells: reviewers,
    }),
    ...noticePuts({
      ...common,
      text: placed,
      next: `sallyport hold get ${id}`,
      tells: organisations.filter(one => !reviewers.includes(one)),
    }),
  ]
}

/** No role of anybody's: it fills no seat, and whoever reviews it is of another organisation. */
const signatureOf = (operator: string, now: number): Signature => ({
  person: `operator:${operator}`,
  name: operator,
  organisation: operators,
  role: 'operator',
  at: now,
  authTime: now,
})

/** Whoever decides about it, and whose clients and people it stops. */
async function concerned(store: Store, { subject }: Plan, hit: readonly Hit[]): Promise<readonly string[]> {
  const stopped = hit.map(({ organisation }) => organisation)
  const all = new Set([subject.organisation, ...subject.developers, ...subject.governments, ...stopped])
  const known = await store.get([...all].slice(0, maxTold).map(keys.organisation))
  return known.flatMap(one => (one ? [one.id] : []))
}
