/** A ticket is used: a client is enrolled, or its key rotated. The machine that asks has no account here, only the ticket. */
import { keys } from '../../../shared/domain/keys.ts'
import type { Client } from '../../../shared/domain/records.ts'
import { Refusal, refuse } from '../../../shared/domain/refusal.ts'
import { defaultRules } from '../../../shared/domain/rules.ts'
import { decisionEntry } from '../../../shared/entries/decision.ts'
import { entryId } from '../../../shared/entries/id.ts'
import { type Enrolment, enrolledClientId } from '../../../shared/oauth/enrolment.ts'
import { itemAbsent, type Store, type TransactOp } from '../../../shared/ports/store.ts'
import { asSeen, change } from '../engine/changes.ts'
import { type Commit, commit } from '../engine/commit.ts'
import { noticePuts } from '../engine/notices.ts'
import type { GovernanceDeps } from '../engine/plan.ts'
import { clientSubject } from '../engine/subjects.ts'
import { takesIn } from '../people/members.ts'
import { type EnrolmentRecords, type Judged, judgeEnrolment } from './judge-enrolment.ts'

/**
 * Once for each ticket, under any race. Who repeats it with the same key gets the same answer while the ticket lasts: the
 * first one may have been lost, and the proof shows that it is the same machine. The client as it is then.
 */
export async function enrol(
  deps: GovernanceDeps,
  enrolment: Enrolment,
  request: string | undefined,
): Promise<Client | Refusal> {
  const { store, clock, random } = deps
  const look = async () => judgeEnrolment(await readRecords(store, enrolment), enrolment, clock.now())
  const before = await look()
  if (before instanceof Refusal) return before
  if (before.kind === 'repeated') return before.client

  const eid = entryId(clock.now(), random.bytes(16))
  const made = await commit<Client>(deps, eid, undefined, async () => {
    const now = clock.now()
    const records = await readRecords(store, enrolment)
    const judged = judgeEnrolment(records, enrolment, now)
    if (judged instanceof Refusal) return judged
    if (judged.kind === 'repeated') return refuse('ticket_invalid', 'It was used a moment ago.')
    return enrolmentOf(judged, enrolment, { now, eid, request, rules: records.rules.version })
  })
  if (!(made instanceof Refusal) || made.code !== 'ticket_invalid') return made
  // Used meanwhile: perhaps by this very machine, which asked twice at once.
  const after = await look()
  return after instanceof Refusal || after.kind === 'first' ? made : after.client
}

/** Two reads, whatever the ticket: the time of the answer must not tell one that was used from one that never was. */
async function readRecords(store: Store, { ticketHash, kid }: Enrolment): Promise<EnrolmentRecords> {
  const [ticket, ring, standing, rules] = await store.get([
    keys.ticket(ticketHash),
    keys.keyRing,
    keys.standing,
    keys.rules,
  ])
  const { organisation: of = '-', person = '-' } = ticket ?? {}
  const id = ticket?.for.kind === 'rotate' ? ticket.for.client : enrolledClientId(ticketHash)
  const answers = ticket?.for.kind === 'enrol' ? ticket.for.sponsor : undefined
  const [client, organisation, maker, sponsor, registered] = await store.get([
    keys.client(id),
    keys.organisation(of),
    keys.person(person),
    keys.person(answers ?? '-'),
    keys.clientKey(of, kid),
  ])
  const found = { client, organisation, maker, sponsor, registered }
  return { ticket, ring, standing, rules: rules ?? defaultRules, ...found }
}

interface At {
  readonly now: number
  readonly eid: string
  readonly request: string | undefined
  readonly rules: number
}

function enrolmentOf(
  { client, before, organisation, maker, sponsor }: Extract<Judged, { kind: 'first' }>,
  { ticketHash, kid, alg }: Enrolment,
  { now, eid, request, rules }: At,
): Commit<Client> {
  const subject = clientSubject({ ...client, rev: before?.rev ?? 0 }, organisation)
  const [used, text] = before
    ? (['rotated', 'has a new key'] as const)
    : (['enrolled', 'is enrolled'] as const)
  const writes: readonly TransactOp[] = [
    before
      ? change<Client>(keys.client(client.id), before, { keys: client.keys })
      : { kind: 'put', key: keys.client(client.id), item: client, if: itemAbsent },
    {
      kind: 'put',
      key: keys.clientKey(organisation.id, kid),
      item: { client: client.id },
      if: itemAbsent,
    },
    {
      kind: 'update',
      key: keys.ticket(ticketHash),
      if: { and: [{ absent: ['used'] }, { gt: [['exp'], Math.floor(now / 1000)] }] },
      change: { set: [[['used'], client.id]] },
    },
    // On the versions that were judged: a suspension in between wins.
    asSeen(keys.person(maker.id), maker),
    ...(sponsor && sponsor.id !== maker.id ? [asSeen(keys.person(sponsor.id), sponsor)] : []),
    before ? asSeen(keys.organisation(organisation.id), organisation) : takesIn(organisation),
    { kind: 'check', key: keys.standing, if: { absent: ['restoring'] } },
  ]
  const notices = noticePuts({
    eid,
    now,
    type: `client.${used}`,
    text: `The client ${client.name} of ${organisation.name} ${text}.`,
    subject,
  })
  const entry = decisionEntry({
    eid,
    now,
    step: 'applied',
    action: { name: 'client.ticket', params: { used, kid, alg, person: maker.id } },
    subject,
    difference: [
      { field: 'state', from: before?.state, to: client.state },
      { field: 'keys', from: before?.keys.map(one => one.kid), to: client.keys.map(one => one.kid) },
    ],
    rules,
    actor: 'enrolment',
    ...(request !== undefined && { request }),
  })
  return { ops: [...writes, ...notices], entry, done: client }
}
