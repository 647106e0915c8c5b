/**
 * Tickets, by which machines enrol. Only the hash of a ticket comes here: the decision, its entry and the ticket's record
 * hold nothing that anybody could enrol with.
 */
import { judgeRotation } from '../../../shared/domain/client-keys.ts'
import { keys } from '../../../shared/domain/keys.ts'
import { type Organisation, standingText } from '../../../shared/domain/parties.ts'
import type { Difference, Subject } from '../../../shared/domain/proposals.ts'
import { Refusal, refuse, unknownRecord } from '../../../shared/domain/refusal.ts'
import { type Ticket, ticketLifetimes } from '../../../shared/domain/tickets.ts'
import { time } from '../../../shared/domain/time.ts'
import { itemAbsent, type Put, type Store, type TransactOp } from '../../../shared/ports/store.ts'
import { judgeSightIn } from '../engine/engagement.ts'
import type { Actor, Definition, Plan } from '../engine/plan.ts'
import { clientSubject, deciders } from '../engine/subjects.ts'
import { readClientSponsor } from '../people/sponsors.ts'

/** The parameters of `client.ticket`. */
export interface TicketParams {
  /** Names it in the log; from it and a key of the server's its secret is made. */
  readonly ticket: string
  /** SHA-256 of its text, base64url. */
  readonly hash: string
  readonly for: Ticket['for']
}

/** A client ends after that at the latest. Milliseconds. */
export const clientLifetimes = { usual: 365 * 86_400_000, atMost: 2 * 366 * 86_400_000 } as const

export const ticket: Definition = {
  async plan({ store }, { id, params }, { now, actor }) {
    if (actor === undefined) return refuse('role_missing', 'A ticket is made by a person.')
    const given = params as unknown as TicketParams
    const { organisation } = actor
    const refused = judgeEnrolling(organisation)
    if (refused) return refused
    const put: Put<Ticket> = {
      kind: 'put',
      key: keys.ticket(given.hash),
      item: {
        exp: Math.floor(now / 1000) + ticketLifetimes.enrolment,
        organisation: organisation.id,
        person: actor.person.id,
        for: given.for,
      },
      if: itemAbsent,
    }
    return given.for.kind === 'enrol'
      ? toEnrol(store, { ...given, for: given.for }, id, organisation, put, now)
      : toRotate(store, { ...given, for: given.for }, actor, put, now)
  },
}

type For<K extends Ticket['for']['kind']> = Omit<TicketParams, 'for'> & {
  readonly for: Extract<Ticket['for'], { kind: K }>
}

/** `id`: that of the client to be. */
async function toEnrol(
  store: Store,
  { ticket: name, for: wanted }: For<'enrol'>,
  id: string,
  organisation: Organisation,
  put: Put<Ticket>,
  now: number,
): Promise<Plan | Refusal> {
  const refused =
    judgeLifetime(wanted.expiresAt, now) ?? (await judgeAnswerable(store, wanted, organisation.id))
  if (refused) return refused
  const subject: Subject = {
    kind: 'client',
    id,
    name: wanted.name,
    rev: 0,
    organisation: organisation.id,
    ...deciders(organisation),
  }
  const { kind: _, expiresAt, ...rest } = wanted
  const difference: readonly Difference[] = [
    { field: 'ticket', from: undefined, to: name },
    ...Object.entries(rest).map(([field, to]) => ({ field, from: undefined, to })),
    { field: 'expires_at', from: undefined, to: time(expiresAt) },
  ]
  return {
    subject,
    difference,
    writes: () => [put],
    told: {
      type: 'client.ticket_made',
      text: `A ticket to enrol the client ${wanted.name} of ${organisation.name} was made.`,
    },
  }
}

async function toRotate(
  store: Store,
  { ticket: name, hash, for: wanted }: For<'rotate'>,
  actor: Actor,
  put: Put<Ticket>,
  now: number,
): Promise<Plan | Refusal> {
  const [client] = await store.get([keys.client(wanted.client)])
  const [organisation] = client ? await store.get([keys.organisation(client.organisation)]) : []
  if (client === undefined || organisation === undefined) return unknownRecord('client', wanted.client)
  const subject = clientSubject(client, organisation)
  const refused = (await judgeSightIn(store, actor, subject)) ?? judgeRotation(client, wanted.overlapMs, now)
  if (refused) return refused
  const unchanged: TransactOp = {
    kind: 'check',
    key: keys.client(client.id),
    if: { eq: [['rev'], client.rev] },
  }
  return {
    subject,
    difference: [{ field: 'ticket', from: undefined, to: name }],
    recorded: {
      ticket: name,
      hash,
      for: { kind: wanted.kind, client: wanted.client, overlap_hours: wanted.overlapMs / 3_600_000 },
    },
    writes: () => [put, unchanged],
    told: {
      type: 'client.ticket_made',
      text: `A ticket to rotate the key of the client ${client.name} of ${organisation.name} was made.`,
    },
  }
}

/** A partner has clients from its selection on; a suspended one too, whose continuing grants need their keys rotated. */
export function judgeEnrolling(organisation: Organisation): Refusal | undefined {
  if (organisation.state !== 'active')
    return refuse('organisation_suspended', `${organisation.name} is ${organisation.state}.`)
  if (organisation.kind !== 'partner') return undefined
  switch (organisation.partner) {
    case 'selected':
    case 'active':
    case 'suspended':
    case 'reinstated':
      return undefined
    default:
      return refuse('partner_revoked', standingText(organisation))
  }
}

function judgeLifetime(expiresAt: number, now: number): Refusal | undefined {
  if (expiresAt > now && expiresAt <= now + clientLifetimes.atMost) return undefined
  return refuse('body_malformed', 'A client ends within two years, and not before now.', {
    field: 'expires_at',
  })
}

/** An agent's operator and a contractor's sponsor are of the same organisation, and take part. */
async function judgeAnswerable(
  store: Store,
  { client: kind, operator, sponsor }: For<'enrol'>['for'],
  organisation: string,
): Promise<Refusal | undefined> {
  if ((kind === 'agent') !== (operator !== undefined))
    return refuse(
      'body_malformed',
      'An agent names the client or person that answers for it; others name none.',
      {
        field: 'operator',
      },
    )
  const [asClient, asPerson] = await store.get([keys.client(operator ?? '-'), keys.person(operator ?? '-')])
  const operates =
    (asClient?.organisation === organisation && ['enrolled', 'active'].includes(asClient.state)) ||
    (asPerson?.organisation === organisation && asPerson.state === 'active')
  if (operator !== undefined && !operates)
    return refuse('body_malformed', 'The operator is no active client or person of your organisation.', {
      field: 'operator',
    })
  const answers =
    sponsor === undefined ? undefined : await readClientSponsor(store, sponsor, organisation, 'sponsor')
  return answers instanceof Refusal ? answers : undefined
}
