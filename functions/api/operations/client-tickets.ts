/** Tickets for machines, and what machines do with them. */

import type * as z from 'zod'
import { overlap } from '../../../shared/domain/client-keys.ts'
import { randomId } from '../../../shared/domain/id.ts'
import { keys } from '../../../shared/domain/keys.ts'
import { judgeText } from '../../../shared/domain/marking.ts'
import { Refusal, refuse } from '../../../shared/domain/refusal.ts'
import type { Ticket } from '../../../shared/domain/tickets.ts'
import { time } from '../../../shared/domain/time.ts'
import { encodeBase64url } from '../../../shared/oauth/base64url.ts'
import { enrolledClientId, ticketHash, verifyEnrolment } from '../../../shared/oauth/enrolment.ts'
import { SecretsUnavailable } from '../../../shared/ports/keys.ts'
import { clientLifetimes } from '../../governance/clients/client-tickets.ts'
import { enrol } from '../../governance/clients/enrol.ts'
import type { ApiDeps } from '../app.ts'
import type { PersonCaller } from '../caller.ts'
import { decideBy } from '../decision.ts'
import { type Answer, type Context, forEveryone, forPeople, type Operation } from '../operation.ts'
import { enrolmentBody, enrolmentShown, ticketBody, ticketShown } from '../shapes/client.ts'

type Asked = Context<PersonCaller, undefined, z.infer<typeof ticketBody>>

/**
 * The secret is shown once and kept nowhere, yet a repeated request must show the same one: its first answer may have
 * been lost. So it is no random number that would have to be stored, but an HMAC, by a root that only the API and the
 * notifier can use, over the name of the ticket and the hash of the request's Idempotency-Key. The name is random and
 * stands in the answer that is kept for repetitions; whoever reads that, or the log, lacks the root. The same key a day
 * later names another ticket, so that no secret ever comes back.
 */
async function secretOf(
  { secrets }: Pick<ApiDeps, 'secrets'>,
  ticket: string,
  keyHash: string,
): Promise<string> {
  return encodeBase64url(await secrets.derive('webhook', `ticket\n${ticket}\n${keyHash}`))
}

async function makeTicket(context: Asked): Promise<Answer | Refusal> {
  const { deps, body, idempotency } = context
  const now = deps.clock.now()
  const marked = body.kind === 'enrol' ? judgeText(body.name, 'name') : undefined
  if (marked) return marked
  const { keyHash = '' } = idempotency ?? {}
  const name = randomId('ticket', deps.random.bytes(16))
  const hash = ticketHash(await secretOf(deps, name, keyHash))
  const id = body.kind === 'rotate' ? body.client : enrolledClientId(hash)
  const params = { ticket: name, hash, for: wantedOf(body, now) }
  const answer = await decideBy(context, { name: 'client.ticket', id, params })
  if (answer instanceof Refusal) return answer

  const { rev: _, ...told } = answer
  const shown = answer.body as z.infer<typeof ticketShown>
  if (shown.step === 'dry_run') return { ...told, body: { ...shown, ticket: null, ticket_expires_at: null } }
  // Of a repetition: the ticket that was made the first time.
  const made = shown.difference.find(({ field }) => field === 'ticket')?.to
  const ticket = await secretOf(deps, String(made), keyHash)
  const [record] = await deps.store.get([keys.ticket(ticketHash(ticket))])
  const expires = record ? time(record.exp * 1000) : null
  return { ...told, body: { ...shown, ticket, ticket_expires_at: expires } }
}

function wantedOf(body: Asked['body'], now: number): Ticket['for'] {
  if (body.kind === 'rotate') {
    const overlapMs = body.overlap_hours === undefined ? overlap.usual : body.overlap_hours * 3_600_000
    return { kind: 'rotate', client: body.client, overlapMs }
  }
  const { name, client, operator, sponsor, expires_at } = body
  return {
    kind: 'enrol',
    name,
    client,
    ...(operator !== undefined && { operator }),
    ...(sponsor !== undefined && { sponsor }),
    expiresAt: expires_at === undefined ? now + clientLifetimes.usual : Date.parse(expires_at),
  }
}

export const ticketOperations: readonly Operation[] = [
  forPeople({
    id: 'makeClientTicket',
    method: 'POST',
    path: '/clients/tickets',
    tag: 'clients',
    summary: 'Make a ticket by which a machine enrols, or rotates the key of its client',
    description:
      'It is good once, for 15 minutes. Hand it over where nobody else reads it: whoever has it can enrol a key of their own.',
    action: 'client.ticket',
    creates: true,
    body: ticketBody,
    answers: { 200: ticketShown, 201: ticketShown },
    answer: context =>
      makeTicket(context).catch((error: unknown) => {
        if (error instanceof SecretsUnavailable)
          return refuse('signer_unavailable', 'The key of tickets did not answer.')
        throw error
      }),
  }),
  forEveryone({
    id: 'enrolClient',
    method: 'POST',
    path: '/enrolments',
    tag: 'clients',
    summary: 'Register the public half of a key, by a ticket',
    description:
      'The private half stays where it was made: the proof shows that it is there. A repeated request with the same ticket and key is answered alike while the ticket lasts.',
    body: enrolmentBody,
    answers: { 201: enrolmentShown },
    async answer({ deps, body: { ticket, public_key, proof }, request }) {
      const sent = { ticket, publicKey: public_key, proof }
      const enrolment = verifyEnrolment(sent, deps.issuer, deps.clock.now())
      if (enrolment instanceof Refusal) return enrolment
      const client = await enrol(deps, enrolment, request)
      if (client instanceof Refusal) return client
      const { id, organisation, state, expiresAt } = client
      return {
        status: 201,
        body: {
          client_id: id,
          kid: enrolment.kid,
          organisation,
          issuer: deps.issuer,
          state,
          expires_at: time(expiresAt),
        },
      }
    },
  }),
]
