/** A partner asks once that a decision about it be looked at again. */
import { type Governed, keys, listed } from '../../../shared/domain/keys.ts'
import type { Organisation, PartnerFields } from '../../../shared/domain/parties.ts'
import { judgeMembership } from '../../../shared/domain/person-authority.ts'
import type { Appeal } from '../../../shared/domain/proposals.ts'
import { Refusal, refuse } from '../../../shared/domain/refusal.ts'
import { time } from '../../../shared/domain/time.ts'
import type { ActionName } from '../../../shared/domain/who-decides.ts'
import { decisionEntry } from '../../../shared/entries/decision.ts'
import { entryId, isEntryId } from '../../../shared/entries/id.ts'
import { itemAbsent, type Store, type Update } from '../../../shared/ports/store.ts'
import { modelsOf } from '../../grants.ts'
import { change } from '../engine/changes.ts'
import { commit } from '../engine/commit.ts'
import { readRules } from '../engine/decide.ts'
import { type Decision, readDecision } from '../engine/decided.ts'
import { noticePuts } from '../engine/notices.ts'
import type { Actor, GovernanceDeps } from '../engine/plan.ts'
import { sign } from '../engine/signer.ts'
import { deciders } from '../engine/subjects.ts'
import { isAppealable, isAppealableOnceDeclined } from './appealable.ts'
import { appealSubject } from './appeals.ts'
import { answerMs, appealId } from './once.ts'

/** Nothing where the decision can be appealed by the organisation that it is about. */
export function judgeAppealable(decided: Decision | undefined, organisation: string): Refusal | undefined {
  if (decided === undefined) return refuse('state_forbids', 'It records no decision.', { field: 'entry' })
  if (decided.by?.organisation === organisation)
    return refuse('state_forbids', 'Your own organisation decided it: decide anew.', { field: 'entry' })
  const taken = decided.step === 'applied' && isAppealable(decided.action)
  // What would have taken something away was declined in its favour; an appeal is answered once.
  const declined = decided.step === 'declined' && isAppealableOnceDeclined(decided.action)
  if (taken || declined) return undefined
  return refuse(
    'state_forbids',
    'An appeal is against what was suspended, revoked, held or declined. This was not.',
    { field: 'entry' },
  )
}

export interface Lodged {
  /** The entry of the decision. */
  readonly entry: string
  readonly text: string
  /** The request's id. */
  readonly request: string
}

/** Whether a decision is about an organisation, or hits it. */
const concerns = ({ organisation, hit = [] }: Decision['subject'], id: string): boolean =>
  organisation === id || hit.some(one => one.organisation === id)

/**
 * Who answers. A hold that hits a partner without naming it can be everybody's to decide on: of those, whoever selects
 * this partner and whoever placed it. Nobody else learns whom it hits, or lifts it.
 */
function answering(
  { subject, by }: Decision,
  organisation: Organisation,
): Pick<Decision['subject'], 'developers' | 'governments'> {
  if (subject.organisation === organisation.id) return subject
  const own = deciders(organisation)
  const among = (all: readonly string[], selecting: readonly string[]): readonly string[] =>
    all.some(id => selecting.includes(id))
      ? all.filter(id => selecting.includes(id) || id === by?.organisation)
      : all
  return {
    developers: among(subject.developers, own.developers),
    governments: among(subject.governments, own.governments),
  }
}

/** What stops for a time: it can end before anybody appeals. */
const stops: readonly ActionName[] = [
  'partner.suspend',
  'agreement.suspend',
  'grant.suspend',
  'client.suspend',
  'person.suspend',
  'hold.place',
]

/** Whether what was stopped goes on. What was stopped again, or ended, does not. */
async function goesOn(store: Store, { kind, id }: Decision['subject']): Promise<boolean> {
  switch (kind) {
    case 'organisation': {
      const [found] = await store.get([keys.organisation(id)])
      return found?.kind === 'partner' && (found.partner === 'active' || found.partner === 'reinstated')
    }
    case 'agreement':
      return (await store.get([keys.agreement(id)]))[0]?.state === 'effective'
    case 'grant':
      return (await store.get([keys.grant(id)]))[0]?.state === 'active'
    case 'client':
      return (await store.get([keys.client(id)]))[0]?.state === 'active'
    case 'person':
      return (await store.get([keys.person(id)]))[0]?.state === 'active'
    case 'hold': {
      const [hold] = await store.get([keys.hold(id)])
      return hold !== undefined && hold.state !== 'active'
    }
    default:
      return false
  }
}

/** There is nothing to give back of a stop that has ended: nobody has to answer an appeal against it. */
const judgeStanding = async (
  store: Store,
  { step, action, subject }: Decision,
): Promise<Refusal | undefined> =>
  step === 'applied' && stops.includes(action) && (await goesOn(store, subject))
    ? refuse('state_forbids', 'It does not stand any more: there is nothing to appeal against.', {
        field: 'entry',
      })
    : undefined

/** On the version that was seen: it is not closed at the same moment, and no closing that was proposed before goes on. */
function revocationAppealed(own: Governed<Organisation>, { id, entry }: Appeal): readonly Update[] {
  if (own.kind !== 'partner' || own.revoked?.entry !== entry) return []
  const revoked = { ...own.revoked, appeal: id }
  return [change<Organisation & PartnerFields>(keys.organisation(own.id) as never, own, { revoked })]
}

export async function lodge(
  deps: GovernanceDeps,
  actor: Actor,
  { entry, text, request }: Lodged,
): Promise<Governed<Appeal> | Refusal> {
  const { store, clock, random } = deps
  const { person, organisation } = actor
  const eid = entryId(clock.now(), random.bytes(16))
  return commit<Governed<Appeal> | Refusal>(deps, eid, actor, async () => {
    const now = clock.now()
    if (organisation.kind !== 'partner' || !person.roles.includes('partner-admin'))
      return refuse('role_missing', 'A partner-admin appeals, about a decision on their own organisation.')
    const id = appealId(entry, organisation.id)
    const [decision, before, own] = await store.get([
      keys.entry(entry),
      keys.appeal(id),
      keys.organisation(organisation.id),
    ])
    const member = judgeMembership(own)
    if (member instanceof Refusal) return member
    // What else stands in that table is no decision.
    const decided = decision && isEntryId(entry) ? readDecision(decision) : undefined
    const about = decided
      ? concerns(decided.subject, organisation.id)
      : decision?.organisation === organisation.id
    if (!about)
      return refuse('entry_unknown', 'It does not exist, or it is not about your organisation.', {
        field: 'entry',
      })
    if (before !== undefined)
      return refuse('record_exists', `It was appealed on ${time(before.at)}: ${before.id}.`, {
        field: 'entry',
        next: `See what became of it: sallyport appeal get ${before.id}`,
      })
    const refused = judgeAppealable(decided, organisation.id)
    if (refused || decided === undefined) return refused ?? refuse('state_forbids', 'It records no decision.')

    const ended = await judgeStanding(store, decided)
    if (ended) return ended

    const { kind, id: subjectId, name, model } = decided.subject
    const { developers, governments } = answering(decided, organisation)
    const models =
      model === undefined && ['organisation', 'person', 'client', 'hold'].includes(kind)
        ? await modelsOf(store, organisation.id)
        : []
    const by = sign(actor, 'partner-admin', now)
    const appeal: Governed<Appeal> = {
      id,
      organisation: organisation.id,
      entry,
      subject: {
        kind,
        id: subjectId,
        name,
        developers,
        governments,
        ...(model !== undefined && { model }),
        ...(models.length > 0 && { models }),
      },
      text,
      by,
      state: 'open',
      at: now,
      dueAt: now + answerMs,
      rev: 1,
      ...listed('appeal', organisation.id, id),
    }
    const subject = { ...appealSubject(appeal), rev: 0 }
    const rules = await readRules(store)
    return {
      ops: [
        { kind: 'put', key: keys.appeal(id), item: appeal, if: itemAbsent },
        ...(own ? revocationAppealed(own, appeal) : []),
        ...noticePuts({
          eid,
          now,
          type: 'appeal.lodged',
          text: `${organisation.name} appeals a decision about ${name}. An answer is due by ${time(appeal.dueAt)}.`,
          subject,
        }),
      ],
      entry: decisionEntry({
        eid,
        now,
        step: 'proposed',
        action: { name: 'appeal.lodge', params: { decision: entry } },
        subject,
        by,
        reason: { code: 'request', text },
        rules: rules.version,
        request,
      }),
      done: appeal,
    }
  })
}

/** The appeal that stands for this decision, where these very words of this person made it. */
export async function lodgedBefore(
  store: Store,
  { person, organisation }: Pick<Actor, 'person' | 'organisation'>,
  { entry, text }: Pick<Lodged, 'entry' | 'text'>,
): Promise<Governed<Appeal> | undefined> {
  const [found] = await store.get([keys.appeal(appealId(entry, organisation.id))])
  return found?.by.person === person.id && found.text === text ? found : undefined
}
