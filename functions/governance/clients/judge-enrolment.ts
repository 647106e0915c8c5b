/** Whether a ticket lets a machine register its key, by the records as they stand, and the client that comes of it. */

import { judgeRotation, rotatedKeys } from '../../../shared/domain/client-keys.ts'
import { type Governed, listed, type Registered } from '../../../shared/domain/keys.ts'
import type { Organisation, Person } from '../../../shared/domain/parties.ts'
import { judgePerson } from '../../../shared/domain/person-authority.ts'
import type { Client, ClientKey, KeyRing, Standing } from '../../../shared/domain/records.ts'
import { Refusal, refuse } from '../../../shared/domain/refusal.ts'
import type { Rules } from '../../../shared/domain/rules.ts'
import { judgeRestoring } from '../../../shared/domain/standing.ts'
import type { Ticket } from '../../../shared/domain/tickets.ts'
import { roleFor } from '../../../shared/domain/who-decides.ts'
import { type Enrolment, enrolledClientId } from '../../../shared/oauth/enrolment.ts'
import { answersForClients, confirmedUntil } from '../people/sponsors.ts'
import { judgeEnrolling } from './client-tickets.ts'

export interface EnrolmentRecords {
  readonly ticket: Ticket | undefined
  readonly ring: KeyRing | undefined
  readonly standing: Standing | undefined
  readonly rules: Rules
  /** That the ticket is, or was used, for. */
  readonly client: Governed<Client> | undefined
  readonly organisation: Governed<Organisation> | undefined
  readonly maker: Governed<Person> | undefined
  /** Who is to answer for the client. */
  readonly sponsor: Governed<Person> | undefined
  /** What the key was registered for. */
  readonly registered: Registered | undefined
}

export type Judged =
  /** The ticket was used for this very key: whoever asks has not heard the answer. */
  | { readonly kind: 'repeated'; readonly client: Governed<Client> }
  | {
      readonly kind: 'first'
      readonly client: Governed<Client>
      /** Of a rotation: the client as it was seen. */
      readonly before?: Governed<Client>
      readonly organisation: Governed<Organisation>
      readonly maker: Governed<Person>
      readonly sponsor?: Governed<Person>
    }

/** `now` in milliseconds. What is wrong with a ticket, `ticket_invalid` never tells: whoever guesses learns nothing. */
export function judgeEnrolment(
  records: EnrolmentRecords,
  enrolment: Enrolment,
  now: number,
): Judged | Refusal {
  const { ticket, client, organisation, maker, sponsor, standing, ring } = records
  if (standing === undefined || ring === undefined)
    return refuse('store_unavailable', 'The deployment is not set up yet.', { retryAfter: 5 })
  // Whoever made the ticket may have been stopped since; a ticket tells that only by its maker's record.
  const restoring = judgeRestoring(standing)
  if (restoring) return restoring
  if (ticket === undefined || ticket.exp * 1000 <= now) return invalid()
  if (ticket.used !== undefined) {
    const own = client?.id === ticket.used && client.keys.some(({ kid }) => kid === enrolment.kid)
    return own ? { kind: 'repeated', client } : invalid()
  }

  // What somebody was trusted with does not outlive them.
  if (organisation === undefined || maker === undefined || !makesTickets(maker, organisation, standing, now))
    return invalid()
  const refused = judgeEnrolling(organisation) ?? judgeKey(records, ring, standing, enrolment.kid)
  if (refused) return refused

  const { for: wanted } = ticket
  const { kid, alg, jwk } = enrolment
  const key: ClientKey = { kid, alg, jwk }
  if (wanted.kind === 'enrol') {
    // A table that was restored can have forgotten that the ticket was used.
    if (client !== undefined || wanted.expiresAt <= now) return invalid()
    if (wanted.sponsor !== undefined && !answersForClients(sponsor, organisation.id)) return invalid()
    const id = enrolledClientId(enrolment.ticketHash)
    const enrolled = newClient(id, wanted, organisation, key, records.rules, now)
    return { kind: 'first', client: enrolled, organisation, maker, ...(sponsor && { sponsor }) }
  }
  if (client === undefined || client.organisation !== organisation.id) return invalid()
  const held = judgeRotation(client, wanted.overlapMs, now)
  if (held) return held
  const rotated = { ...client, keys: rotatedKeys(client.keys, key, wanted.overlapMs, now) }
  return { kind: 'first', client: rotated, before: client, organisation, maker }
}

/** Whoever made it could still make it. */
function makesTickets(maker: Person, organisation: Organisation, standing: Standing, now: number): boolean {
  const who = { person: maker.id, organisation: organisation.id }
  const records = { standing, person: maker, organisation }
  if (judgePerson(who, records, now) instanceof Refusal) return false
  // Tickets are an organisation's own affair: who else decides about it plays no part.
  const subject = {
    ...who,
    kind: 'client',
    id: '',
    name: '',
    rev: 0,
    developers: [],
    governments: [],
  } as const
  return roleFor('client.ticket', { ...who, roles: maker.roles }, subject) !== undefined
}

/** A key stands for one client alone, for ever; a key that signs tokens is nobody's but this service's. */
function judgeKey(
  { registered, client }: EnrolmentRecords,
  ring: KeyRing,
  standing: Standing,
  kid: string,
): Refusal | undefined {
  if (ring.keys.some(key => key.kid === kid) || Object.hasOwn(standing.compromised, kid))
    return refuse('body_malformed', 'That key signs tokens here: make one of your own.', {
      field: 'public_key',
    })
  if (registered !== undefined || client?.keys.some(key => key.kid === kid))
    return refuse('record_exists', 'This key was registered before: make a new one.', { field: 'public_key' })
  return undefined
}

const invalid = (): Refusal => refuse('ticket_invalid', 'It is unknown, used, or past its end.')

function newClient(
  id: string,
  wanted: Extract<Ticket['for'], { kind: 'enrol' }>,
  organisation: Organisation,
  key: ClientKey,
  rules: Rules,
  now: number,
): Governed<Client> {
  const { operator, sponsor } = wanted
  return {
    id,
    name: wanted.name,
    organisation: organisation.id,
    kind: wanted.client,
    ...(operator !== undefined && { operator }),
    state: 'enrolled',
    expiresAt: wanted.expiresAt,
    keys: [key],
    ...(sponsor !== undefined && {
      sponsor: { person: sponsor, confirmedUntil: confirmedUntil(rules, now) },
    }),
    createdAt: now,
    rev: 1,
    ...listed('client', organisation.id, id),
  }
}
