/**
 * What waits on somebody: proposals that their signature is missing from, stops that a second person stands by, appeals
 * that nobody has proposed an answer to, and what agreements wait for.
 */
import { type Governed, indexes, keys } from '../../shared/domain/keys.ts'
import type { Notice } from '../../shared/domain/notices.ts'
import type { Appeal, Proposal, Subject } from '../../shared/domain/proposals.ts'
import { Refusal } from '../../shared/domain/refusal.ts'
import type { Stop } from '../../shared/domain/stop.ts'
import { time } from '../../shared/domain/time.ts'
import { type ActionName, openSeats, roleFor } from '../../shared/domain/who-decides.ts'
import { sees } from '../../shared/domain/who-sees.ts'
import { entryIdFrom } from '../../shared/entries/id.ts'
import type { Key, Store } from '../../shared/ports/store.ts'
import { appealFacts, appealSubject } from '../governance/appeals/appeals.ts'
import { proposalFacts } from '../governance/engine/sight.ts'
import { sign } from '../governance/engine/signer.ts'
import { clientSubject, grantSubject, organisationSubject } from '../governance/engine/subjects.ts'
import { holdSubject } from '../governance/holds/holds.ts'
import { personSubject, readMember } from '../governance/people/members.ts'
import { type AgreementWait, agreementWaits } from './agreement-waits.ts'
import { readBounded } from './bounded.ts'
import type { PersonCaller } from './caller.ts'

export interface Wait {
  readonly kind: 'proposal' | 'ratification' | 'appeal' | AgreementWait['kind']
  readonly id: string
  readonly subject: string
  readonly text: string
  /** When it ends by itself, or is flagged. Milliseconds. */
  readonly until: number
}

export interface Waits {
  readonly proposals: readonly Wait[]
  readonly stops: readonly Wait[]
  readonly appeals: readonly Wait[]
  readonly agreements: readonly Wait[]
  readonly reviews: readonly Wait[]
  /** There were more records than one request looks at. */
  readonly atLeast: boolean
}

/** Records that one request asks about. */
const maxSubjects = 100
const stoppable: readonly string[] = ['organisation', 'person', 'client', 'grant', 'hold']
/** Of stops: most are stood by within a day, and flagged after it. */
const lookBackMs = 14 * 86_400_000

export async function waitsOn(store: Store, caller: PersonCaller, now: number): Promise<Waits> {
  const range = { index: indexes.byRecord, order: 'asc' } as const
  const [proposals, appeals, stops, agreements] = await Promise.all([
    readBounded<Governed<Proposal>>(store, { ...range, partition: 'proposal' }),
    readBounded<Governed<Appeal>>(store, { ...range, partition: 'appeal' }),
    unratified(store, caller, now),
    agreementWaits(store, caller, now),
  ])
  const open = proposals.records.filter(({ state, expiresAt }) => state === 'open' && expiresAt > now)
  return {
    proposals: (
      await asSeen(
        store,
        open.filter(one => isMissing(caller, one, now)),
      )
    ).map(waitOfProposal),
    stops: stops.waits,
    appeals: appeals.records.filter(one => isToAnswer(caller, one, open)).map(waitOfAppeal),
    agreements: agreements.agreements,
    reviews: agreements.reviews,
    atLeast: [proposals, stops, appeals, agreements].some(({ atLeast }) => atLeast),
  }
}

interface Found {
  readonly waits: readonly Wait[]
  readonly atLeast: boolean
}

const keyOf: Readonly<Record<string, (id: string) => Key<Governed<object>>>> = {
  organisation: keys.organisation,
  person: keys.person,
  client: keys.client,
  grant: keys.grant,
  agreement: keys.agreement,
  model: keys.model,
  hold: keys.hold,
  appeal: keys.appeal,
}
/** What one read takes. */
const batch = 100

/** Where the record has changed since, a signature would only find the proposal stale: it waits for nobody. */
async function asSeen(store: Store, proposals: readonly Proposal[]): Promise<readonly Proposal[]> {
  const judged: Proposal[] = []
  for (let i = 0; i < proposals.length; i += batch) {
    const some = proposals.slice(i, i + batch)
    const known = some.filter(({ subject }) => Object.hasOwn(keyOf, subject.kind))
    const wanted = known.flatMap(({ subject }) => keyOf[subject.kind]?.(subject.id) ?? [])
    const records = await store.get(wanted)
    const revs = new Map(known.map((one, at) => [one.id, records[at]?.rev ?? 0]))
    judged.push(...some.filter(({ id, subject }) => (revs.get(id) ?? subject.rev) === subject.rev))
  }
  return judged
}

const waitOfProposal = ({ id, action, subject, expiresAt }: Proposal): Wait => ({
  kind: 'proposal',
  id,
  subject: subject.kind,
  text: `${action.name} of ${subject.name}`,
  until: expiresAt,
})

/** Once somebody has proposed to uphold or to dismiss it, it is that proposal that waits on somebody. */
function isToAnswer(
  { person, viewer }: PersonCaller,
  appeal: Governed<Appeal>,
  open: readonly Proposal[],
): boolean {
  if (appeal.state !== 'open' || sees(viewer, appealFacts(appeal)) === undefined) return false
  if (open.some(({ subject }) => subject.kind === 'appeal' && subject.id === appeal.id)) return false
  const subject = appealSubject(appeal)
  const answers: readonly ActionName[] = ['appeal.uphold', 'appeal.dismiss']
  return answers.some(name => roleFor(name, { person: person.id, ...person }, subject) !== undefined)
}

const waitOfAppeal = ({ id, subject, by, dueAt }: Appeal): Wait => ({
  kind: 'appeal',
  id,
  subject: subject.kind,
  text: `${by.name} appeals a decision about ${subject.name}: it is upheld or dismissed.`,
  until: dueAt,
})

/** Actions that give a person rights: they do not sign them themselves. */
const ofOwnRights: readonly ActionName[] = ['person.roles', 'person.first_admin', 'person.reinstate']

/** Their signature would fill a seat that is still open. */
export function isMissing(caller: PersonCaller, proposal: Proposal, now: number): boolean {
  const { person, viewer } = caller
  const { action, rule, subject, signatures, proposedBy, state, expiresAt } = proposal
  if (state !== 'open' || expiresAt <= now || proposedBy.person === person.id) return false
  if (signatures.some(one => one.person === person.id)) return false
  if (ofOwnRights.includes(action.name) && subject.id === person.id) return false
  if (sees(viewer, proposalFacts(proposal)) === undefined) return false
  const role = roleFor(rule, { person: person.id, ...person }, subject)
  if (role === undefined) return false
  const open = openSeats(rule, signatures, subject)
  return openSeats(rule, [...signatures, sign(caller, role, now)], subject).length < open.length
}

interface Stopped {
  readonly action: ActionName
  readonly subject: Subject
  readonly stop: Stop | undefined
}

/** Every stop tells the organisations that decide on it: the own notices name what may be stopped. */
async function unratified(store: Store, caller: PersonCaller, now: number): Promise<Found> {
  const { records, atLeast } = await readBounded<Notice>(store, {
    index: indexes.byOwner,
    partition: caller.organisation.id,
    from: `notice#${entryIdFrom(now - lookBackMs)}`,
    to: 'notice$',
    order: 'desc',
  })
  const subjects = new Map(
    records
      .filter(({ subject }) => stoppable.includes(subject.kind))
      .map(({ subject }) => [`${subject.kind}#${subject.id}`, subject]),
  )
  const newest = [...subjects.values()].slice(0, maxSubjects)
  const stopped = await Promise.all(newest.map(one => readStopped(store, one)))
  const waits = stopped.flatMap(one => (one && isToRatify(caller, one) ? [ratification(one)] : []))
  return { waits, atLeast: atLeast || subjects.size > maxSubjects }
}

function isToRatify({ person, organisation }: PersonCaller, { action, subject, stop }: Stopped): boolean {
  if (stop === undefined || stop.ratified || stop.by.person === person.id) return false
  if (stop.breakGlass && stop.by.organisation === organisation.id) return false
  return roleFor(action, { person: person.id, ...person }, subject) !== undefined
}

const ratification = ({ subject, stop }: Stopped): Wait => ({
  kind: 'ratification',
  id: subject.id,
  subject: subject.kind,
  text: `${stop?.by.name} stopped ${subject.name}: a second person stands by it, or it is reviewed.`,
  until: stop?.ratifyBy ?? 0,
})

async function readStopped(store: Store, { kind, id }: Notice['subject']): Promise<Stopped | undefined> {
  switch (kind) {
    case 'organisation': {
      const [found] = await store.get([keys.organisation(id)])
      if (found?.kind !== 'partner') return undefined
      return { action: 'partner.suspend', subject: organisationSubject(found), stop: found.stop }
    }
    case 'person': {
      const member = await readMember(store, id)
      if (member instanceof Refusal) return undefined
      const { state, stop } = member.person
      return {
        action: 'person.suspend',
        subject: personSubject(member),
        stop: state === 'suspended' ? stop : undefined,
      }
    }
    case 'client': {
      const [found] = await store.get([keys.client(id)])
      const [owner] = found ? await store.get([keys.organisation(found.organisation)]) : []
      if (found === undefined || owner === undefined) return undefined
      return { action: 'client.suspend', subject: clientSubject(found, owner), stop: found.stop }
    }
    case 'grant': {
      const [found] = await store.get([keys.grant(id)])
      if (found === undefined) return undefined
      const [model, owner] = await store.get([keys.model(found.model), keys.organisation(found.organisation)])
      if (model === undefined || owner === undefined) return undefined
      return { action: 'grant.suspend', subject: grantSubject(found, model, owner), stop: found.stop }
    }
    case 'hold': {
      const [found] = await store.get([keys.hold(id)])
      if (found?.state !== 'active') return undefined
      return { action: 'hold.place', subject: holdSubject(found), stop: found.stop }
    }
    default:
      return undefined
  }
}

const shownAtMost = 20

export const showWaits = ({ proposals, stops, appeals, agreements, reviews, atLeast }: Waits) => ({
  proposals: proposals.length,
  stops: stops.length,
  appeals: appeals.length,
  agreements: agreements.length,
  reviews: reviews.length,
  at_least: atLeast,
  items: [...proposals, ...stops, ...appeals, ...agreements, ...reviews]
    .toSorted((a, b) => a.until - b.until)
    .slice(0, shownAtMost)
    .map(({ kind, id, subject, text, until }) => ({ kind, id, subject, text, until: time(until) })),
})
