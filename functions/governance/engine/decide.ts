/**
 * One person asks for a change. By the rule of `who-decides.ts` it is made at once, or becomes a proposal that carries
 * their signature; or they are only shown what it would do.
 */
import { randomId } from '../../../shared/domain/id.ts'
import { keys, type Made } from '../../../shared/domain/keys.ts'
import type { Role } from '../../../shared/domain/parties.ts'
import type { Action, Proposal, Subject } from '../../../shared/domain/proposals.ts'
import { Refusal, refuse } from '../../../shared/domain/refusal.ts'
import { defaultRules, type Rules } from '../../../shared/domain/rules.ts'
import type { Reason } from '../../../shared/domain/stop.ts'
import {
  type ActionName,
  fillsSeat,
  isDecided,
  judgeSignature,
  ruleOf,
} from '../../../shared/domain/who-decides.ts'
import { decisionEntry } from '../../../shared/entries/decision.ts'
import { entryId } from '../../../shared/entries/id.ts'
import type { Key, Put, Store } from '../../../shared/ports/store.ts'
import { definitionOf } from '../actions.ts'
import { type Commit, commit } from './commit.ts'
import { inEngagements } from './engagement.ts'
import { noticePuts } from './notices.ts'
import type { Actor, Carried, GovernanceDeps, Plan } from './plan.ts'
import { openProposal } from './proposal-record.ts'
import { hitting, type Shown, show } from './shown.ts'
import { judgeSight } from './sight.ts'
import { judgeFresh, judgeRole, sign } from './signer.ts'

export interface Asked {
  readonly action: Action
  readonly reason: Reason
  /** The version of the record that was seen; absent for what does not exist yet. */
  readonly rev?: number
  /** One person does what takes two, in an emergency that others review. */
  readonly breakGlass?: boolean
  /** The request's id. */
  readonly request: string
  /** A repeated request finds there what was answered. */
  readonly once?: { readonly key: Key<Made>; readonly put: (decided: Decided) => Put }
}

export type Decided =
  | ({
      readonly step: 'applied'
      readonly subject: Subject
      readonly entry: string
      /** The version of the subject from now on. */
      readonly rev: number
      /** By when a second person has to stand by a stop. */
      readonly ratifyBy?: number
      /** What it left to two people. */
      readonly proposals: readonly Proposal[]
    } & Shown)
  | {
      readonly step: 'proposed'
      readonly subject: Subject
      readonly entry: string
      readonly proposal: Proposal
    }

/** How long a decision that nothing holds up looks for what could come later. Milliseconds. */
const lookMs = 1_500

export async function decide(deps: GovernanceDeps, actor: Actor, asked: Asked): Promise<Decided | Refusal> {
  const { clock, random } = deps
  const eid = entryId(clock.now(), random.bytes(16))
  const ids: string[] = []
  const until = clock.now() + lookMs
  const isLate = (): boolean => clock.now() >= until
  // The same in every attempt.
  const idOf = (at: number): string => (ids[at] ??= randomId('proposal', random.bytes(16)))
  return commit<Decided>(deps, eid, actor, async () => {
    const now = clock.now()
    const considered = await consider(deps, actor, asked, now, isLate)
    // Another request of the same key came first: what it was answered is this one's answer too. Looked at after the
    // records, which may show what that one has made.
    if (asked.once && (await isMade(deps, asked.once.key)))
      return refuse('idempotency_key_reused', 'It was made with this key already.')
    if (considered instanceof Refusal) return considered
    const { plan, name } = considered
    const by = sign(actor, considered.role, now)
    const signatures = fillsSeat(name, by.role, by.organisation, plan.subject) ? [by] : []
    const step = { eid, now, by, signatures, ...considered, asked, idOf }
    const overridden = asked.breakGlass === true && ruleOf(asked.action.name).stops === true
    return overridden || isDecided(name, signatures, plan.subject) ? apply(step) : propose(step)
  })
}

const isMade = async ({ store, clock }: GovernanceDeps, key: Key<Made>): Promise<boolean> => {
  const [made] = await store.get([key])
  return made !== undefined && made.exp * 1000 > clock.now()
}

/** What it would do and who would have to sign, without doing it. */
export async function preview(
  deps: GovernanceDeps,
  actor: Actor,
  asked: Asked,
): Promise<(Shown & { readonly subject: Subject; readonly rule: ActionName }) | Refusal> {
  const considered = await consider(deps, actor, asked, deps.clock.now())
  if (considered instanceof Refusal) return considered
  return { ...considered.shown, subject: considered.plan.subject, rule: considered.name }
}

interface Considered {
  readonly plan: Plan
  /** The rule that it takes. */
  readonly name: ActionName
  readonly role: Role
  readonly rules: Rules
  readonly shown: Shown
}

async function consider(
  deps: GovernanceDeps,
  actor: Actor,
  { action, reason, rev, breakGlass = false }: Asked,
  now: number,
  isLate: () => boolean = () => false,
): Promise<Considered | Refusal> {
  const rules = await readRules(deps.store)
  const planning = { now, rules, actor, reason, breakGlass, isLate }
  const made = await definitionOf(action.name).plan(deps, action, planning)
  if (made instanceof Refusal) return made
  const plan = { ...made, subject: await inEngagements(deps.store, made.subject) }
  const unseen = judgeSight(actor, plan.subject)
  if (unseen) return unseen
  const name = plan.rule ?? action.name
  const role = judgeRole(name, actor, plan.subject)
  if (role instanceof Refusal) return role
  if (rev !== undefined && rev !== plan.subject.rev)
    return refuse('version_stale', `You saw version ${rev}; it is version ${plan.subject.rev} now.`)
  const refused =
    judgeFresh(name, actor, rules, now) ??
    judgeSignature({ ...actor.person, person: actor.person.id }, [], '', plan.raises)
  if (refused) return refused
  const { hit, ...shown } = await show(deps, action, reason, plan, now, isLate)
  return { plan: hitting(plan, hit), name, role, rules, shown }
}

export const readRules = async (store: Store): Promise<Rules> =>
  (await store.get([keys.rules]))[0] ?? defaultRules

const recorded = ({ recorded: params }: Plan, action: Action): Action =>
  params === undefined ? action : { ...action, params }

interface Step extends Considered, Pick<Carried, 'eid' | 'now' | 'by' | 'signatures'> {
  readonly asked: Asked
  readonly idOf: (at: number) => string
}

function apply({ plan, rules, shown, eid, now, by, asked, idOf }: Step): Commit<Decided> {
  const { action, reason, breakGlass = false, request } = asked
  const { subject, told } = plan
  const proposals = (plan.proposes ?? []).map((proposed, i) =>
    openProposal(idOf(i), { ...proposed, shown, reason, by, signatures: [by], rules, now, eid }),
  )
  const hit = subject.hit && { hit: subject.hit }
  const carried = { now, eid, by, signatures: [by], reason, rules, breakGlass, ...shown, ...hit }
  const entry = decisionEntry({
    eid,
    now,
    step: 'applied',
    action: recorded(plan, action),
    subject,
    by,
    signatures: [by],
    reason,
    ...shown,
    rules: rules.version,
    ...(breakGlass && { breakGlass: true }),
    request,
  })
  const notices = told
    ? noticePuts({ eid, now, ...told, subject, ...(plan.tells && { tells: plan.tells }) })
    : []
  const done: Decided = {
    step: 'applied',
    subject,
    entry: eid,
    rev: plan.keeps ? subject.rev : subject.rev + 1,
    ...(ruleOf(action.name).stops && { ratifyBy: now + rules.ratifyHours * 3_600_000 }),
    proposals: proposals.map(({ proposal }) => proposal),
    ...shown,
  }
  return {
    ops: [
      ...plan.writes(carried),
      ...proposals.map(({ put }) => put),
      ...notices,
      ...(asked.once ? [asked.once.put(done)] : []),
    ],
    entry,
    done,
  }
}

function propose({ plan, name, rules, shown, eid, now, by, signatures, asked, idOf }: Step): Commit<Decided> {
  const { action, reason, request } = asked
  const { difference, asked: waiting } = plan
  const subject = waiting ? { ...plan.subject, rev: waiting.rev } : plan.subject
  const id = idOf(0)
  const opened = openProposal(id, {
    action,
    rule: name,
    subject,
    difference,
    shown,
    reason,
    by,
    signatures,
    rules,
    now,
    eid,
  })
  const entry = decisionEntry({
    eid,
    now,
    step: 'proposed',
    action: recorded(plan, action),
    subject,
    by,
    signatures,
    reason,
    proposal: id,
    ...shown,
    rules: rules.version,
    request,
  })
  const notices = noticePuts({
    eid,
    now,
    type: 'proposal.opened',
    text: `${by.name} proposes ${action.name} of ${subject.name}.`,
    next: `sallyport proposal get ${id}`,
    subject,
  })
  const done: Decided = { step: 'proposed', subject, entry: eid, proposal: opened.proposal }
  return {
    ops: [
      opened.put,
      ...(waiting?.writes({ now, eid }) ?? []),
      ...notices,
      ...(asked.once ? [asked.once.put(done)] : []),
    ],
    entry,
    done,
  }
}
