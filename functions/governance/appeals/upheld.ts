/**
 * What an appeal that is upheld gives back: what the decision took away, as far as it is that very decision that still
 * stands. A later one is another matter, with an appeal of its own.
 */
import { agreementStateAt, agreementStep } from '../../../shared/domain/agreement-step.ts'
import type { HoldRecord } from '../../../shared/domain/holds.ts'
import { type Governed, keys } from '../../../shared/domain/keys.ts'
import { clientStep, grantStep, holdStep, partnerStep } from '../../../shared/domain/machines.ts'
import { dayOf } from '../../../shared/domain/meter.ts'
import {
  everyone,
  type Organisation,
  type PartnerFields,
  type Person,
  type Sponsor,
} from '../../../shared/domain/parties.ts'
import type { Appeal, Difference } from '../../../shared/domain/proposals.ts'
import type { Agreement, Client, Grant } from '../../../shared/domain/records.ts'
import { Refusal } from '../../../shared/domain/refusal.ts'
import type { LapseStop } from '../../../shared/domain/stop.ts'
import type { Suspendable } from '../../../shared/domain/suspension.ts'
import { time } from '../../../shared/domain/time.ts'
import type { Store, TransactOp } from '../../../shared/ports/store.ts'
import { goingOn, meteredUnder } from '../agreements/under.ts'
import { change } from '../engine/changes.ts'
import { noticePuts } from '../engine/notices.ts'
import type { Carried } from '../engine/plan.ts'
import { takesPart } from '../grants/granted.ts'
import { meteredGrants, opening, withMeters } from '../grants/grants-of-partner.ts'
import { endHold, holdSubject } from '../holds/holds.ts'
import { stays } from '../people/members.ts'
import { answersFor, answersForClients, confirmationMissed, confirmedUntil } from '../people/sponsors.ts'

export interface Restoration {
  /** Of the record that was decided about, as it was seen; null where it is not there any more. */
  readonly version: number | null
  readonly difference: readonly Difference[]
  /** A sponsor's confirmation that was missed begins anew: more than to undo the decision, and signed as such. */
  readonly confirms?: true
  /** One sentence for those who are told. */
  readonly text: string
  writes(carried: Carried): readonly TransactOp[]
}

const nothingOf = (version: number | null): Restoration => ({
  version,
  difference: [],
  text: 'Nothing of that decision stands any more, or only people can undo it: what was asked for can be asked for again.',
  writes: () => [],
})

/** `now`: what time would end at once is not put in force. */
export async function restoration(store: Store, appeal: Appeal, now: number): Promise<Restoration> {
  const { kind, id } = appeal.subject
  switch (kind) {
    case 'organisation':
      return ofPartner(store, id, appeal)
    case 'grant':
      return ofGrant(store, id, appeal)
    case 'agreement':
      return ofAgreement(store, id, appeal, now)
    case 'client':
      return ofClient(store, id, appeal, now)
    case 'person':
      return ofPerson(store, id, appeal, now)
    case 'hold':
      return ofHold(store, id, appeal)
    default:
      return nothingOf(null)
  }
}

const restored = (
  { rev, name }: { readonly rev: number; readonly name: string },
  from: string,
  to: string,
  writes: Restoration['writes'],
): Restoration => ({
  version: rev,
  difference: [{ field: 'restored', from, to }],
  text: `${name} is ${to}.`,
  writes,
})

async function ofPartner(store: Store, id: string, { entry }: Appeal): Promise<Restoration> {
  const [found] = await store.get([keys.organisation(id)])
  if (found?.kind !== 'partner') return nothingOf(found?.rev ?? null)
  const partner = found as Governed<Extract<Organisation, { kind: 'partner' }>>
  const revoked = partner.partner === 'revoked' && partner.revoked?.entry === entry
  const suspended = partner.partner === 'suspended' && partner.stop?.entry === entry
  if (!revoked && !suspended) return nothingOf(partner.rev)
  const state = partnerStep(partner.partner, revoked ? 'uphold' : 'reinstate')
  if (state instanceof Refusal) return nothingOf(partner.rev)
  const metered = await meteredGrants(store, id)
  return restored(partner, partner.partner, state, () => [
    change<Organisation & PartnerFields>(keys.organisation(id) as never, partner, {
      partner: state,
      stop: undefined,
      continues: undefined,
      revoked: undefined,
    }),
    ...opening(metered),
  ])
}

async function ofGrant(store: Store, id: string, { entry, subject }: Appeal): Promise<Restoration> {
  const [grant] = await store.get([keys.grant(id)])
  if (grant === undefined || grant.stop?.entry !== entry) return nothingOf(grant?.rev ?? null)
  const state = grantStep(grant.state, 'reinstate')
  if (state instanceof Refusal) return nothingOf(grant.rev)
  const metered = await withMeters(store, grant)
  const [organisation] = await store.get([keys.organisation(grant.organisation)])
  // Those of a partner that is stopped itself open with the partner.
  const opened =
    organisation && takesPart(organisation) ? opening([{ ...metered, grant: { ...grant, state } }]) : []
  return restored({ rev: grant.rev, name: subject.name }, grant.state, state, () => [
    change<Grant>(keys.grant(id), grant, { state, stop: undefined }),
    ...opened,
  ])
}

async function ofAgreement(store: Store, id: string, { entry }: Appeal, now: number): Promise<Restoration> {
  const [agreement] = await store.get([keys.agreement(id)])
  if (agreement === undefined || agreement.stop?.entry !== entry) return nothingOf(agreement?.rev ?? null)
  const from = agreementStateAt(agreement, now)
  const state = agreementStep(from, 'reinstate')
  if (state instanceof Refusal) return nothingOf(agreement.rev)
  const metered = await meteredUnder(store, agreement)
  const [counterparty] = await store.get([keys.organisation(agreement.counterparty)])
  const opened = counterparty ? opening(goingOn(metered, counterparty)) : []
  return restored({ rev: agreement.rev, name: `“${agreement.title}”` }, from, state, () => [
    change<Agreement>(keys.agreement(id), agreement, { state, stop: undefined }),
    ...opened,
  ])
}

async function ofClient(store: Store, id: string, { entry }: Appeal, now: number): Promise<Restoration> {
  const [client] = await store.get([keys.client(id)])
  if (client === undefined || (client.stop ?? client.lapse)?.entry !== entry)
    return nothingOf(client?.rev ?? null)
  const state = clientStep(client.state, client.expiresAt <= now ? 'expire' : 'reinstate')
  if (state instanceof Refusal) return nothingOf(client.rev)
  const changed = (fields: Parameters<typeof change<Client>>[2]) =>
    change<Client>(keys.client(id), client, { stop: undefined, lapse: undefined, ...fields })
  if (state !== 'active') return restored(client, client.state, state, () => [changed({ state })])
  return confirmedOr(store, { ...client, answers: answersForClients }, now, end =>
    // The days without a use count anew, or it would be suspended for them again.
    changed('lapse' in end ? end : { state, seenOn: dayOf(end.at), ...sponsorOf(end) }),
  )
}

async function ofPerson(store: Store, id: string, { entry }: Appeal, now: number): Promise<Restoration> {
  const [person] = await store.get([keys.person(id)])
  if (person?.state !== 'suspended' || (person.stop ?? person.lapse)?.entry !== entry)
    return nothingOf(person?.rev ?? null)
  return confirmedOr(store, { ...person, answers: answersFor }, now, end =>
    change<Person>(keys.person(id), person, {
      stop: undefined,
      lapse: undefined,
      ...('lapse' in end ? end : { state: 'active' as const, ...sponsorOf(end) }),
    }),
  )
}

interface Sponsored extends Suspendable {
  readonly name: string
  readonly rev: number
  readonly sponsor?: Sponsor
  /** Whether the sponsor still does. */
  readonly answers: typeof answersFor
}

/** It is back in force from `at` on, perhaps confirmed anew; or it stays suspended, for what time has done. */
type End = { readonly at: number; readonly sponsor?: Sponsor } | { readonly lapse: LapseStop }

const sponsorOf = ({ sponsor }: Exclude<End, { readonly lapse: LapseStop }>) => ({
  ...(sponsor && { sponsor }),
})

/**
 * No sponsor is reminded of somebody who is suspended: what lapsed meanwhile lapsed by the decision that is undone, or is
 * itself what is undone, and the clock starts anew. Where the sponsor answers for nobody any more, the lapse stands as if time had ended it.
 */
async function confirmedOr(
  store: Store,
  { name, organisation, rev, state, stop, lapse, sponsor, answers }: Sponsored,
  now: number,
  write: (end: End) => TransactOp,
): Promise<Restoration> {
  const back = restored({ name, rev }, state, 'active', ({ now }) => [write({ at: now })])
  if (sponsor === undefined || sponsor.confirmedUntil > now) return back
  const [person] = await store.get([keys.person(sponsor.person)])
  if (person === undefined || !answers(person, organisation)) {
    const reason = confirmationMissed(sponsor)
    const before = (stop ?? lapse)?.reason.code
    return {
      version: rev,
      difference: before === reason.code ? [] : [{ field: 'stop', from: before, to: reason.code }],
      text: `${name} stays suspended: the sponsor’s confirmation ended at ${time(sponsor.confirmedUntil)}, and the sponsor answers for nobody any more.`,
      writes: ({ eid, now }) => [write({ lapse: { reason, entry: eid, at: now, appealed: true } })],
    }
  }
  return {
    ...back,
    confirms: true,
    difference: [...back.difference, { field: 'confirmation', from: 'missed', to: 'anew' }],
    text: `${back.text} The clock of the sponsor’s confirmation starts anew.`,
    writes: carried => [
      write({
        at: carried.now,
        sponsor: { ...sponsor, confirmedUntil: confirmedUntil(carried.rules, carried.now) },
      }),
      ...stays(person, carried),
    ],
  }
}

async function ofHold(
  store: Store,
  id: string,
  { entry, organisation, subject }: Appeal,
): Promise<Restoration> {
  const [hold] = await store.get([keys.hold(id)])
  if (hold === undefined || hold.stop.entry !== entry) return nothingOf(hold?.rev ?? null)
  const state = holdStep(hold.state, 'lift')
  if (state instanceof Refusal) return nothingOf(hold.rev)
  const named: Pick<Governed<HoldRecord>, 'rev'> & { readonly name: string } = {
    rev: hold.rev,
    name: `The hold on ${hold.subject.name}`,
  }
  // Told of the appeal itself are those whom that is about.
  const told = [organisation, ...subject.developers, ...subject.governments]
  const others = (ids: readonly string[]): readonly string[] => ids.filter(one => !told.includes(one))
  const about = holdSubject(hold)
  return restored(named, hold.state, 'lifted', ({ now, eid, by, reason }) => [
    ...endHold(hold, 'lifted', { at: now, by, reason }),
    ...noticePuts({
      eid,
      now,
      type: 'hold.lifted',
      text: `${named.name} is lifted.`,
      next: `sallyport hold get ${id}`,
      subject: {
        ...about,
        organisation: others([about.organisation])[0] ?? everyone,
        developers: others(about.developers),
        governments: others(about.governments),
        hit: (about.hit ?? []).filter(one => !told.includes(one.organisation)),
      },
    }),
  ])
}
