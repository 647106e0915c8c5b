/** Decisions about clients: `client.*` of who-decides. How a client comes to be stands in `enrol.ts`. */

import { keys } from '../../../shared/domain/keys.ts'
import { type ClientEvent, clientStep } from '../../../shared/domain/machines.ts'
import { judgeText } from '../../../shared/domain/marking.ts'
import { dayOf } from '../../../shared/domain/meter.ts'
import type { Attested, Attributes } from '../../../shared/domain/parties.ts'
import type { Client } from '../../../shared/domain/records.ts'
import { Refusal, refuse } from '../../../shared/domain/refusal.ts'
import { holdable } from '../../../shared/domain/standing.ts'
import { change, stopOf } from '../engine/changes.ts'
import type { Carried, Definition, Plan } from '../engine/plan.ts'
import { clientSubject } from '../engine/subjects.ts'
import { attributeNames } from '../people/attested.ts'
import { judgeHeldAttributes, valuesOf } from '../people/held-attributes.ts'
import { judgeStopping, othersReinstate } from '../people/members.ts'
import { type ClientAndOrganisation, judgeDescribed, seenClient } from './client-and-organisation.ts'
import { confirm } from './client-confirm.ts'
import { ticket } from './client-tickets.ts'

type Fields = { readonly [N in keyof Client]?: Client[N] | undefined }

/** A step of the machine with what it changes beside the state. Meters are the grants': other clients go on. */
function planned(
  { client, organisation }: ClientAndOrganisation,
  event: ClientEvent,
  done: string,
  fields: (carried: Carried) => Fields = () => ({}),
): Plan | Refusal {
  const state = clientStep(client.state, event)
  if (state instanceof Refusal) return state
  return {
    subject: clientSubject(client, organisation),
    difference: [{ field: 'state', from: client.state, to: state }],
    writes: carried => [change<Client>(keys.client(client.id), client, { state, ...fields(carried) })],
    told: { type: `client.${done}`, text: `The client ${client.name} of ${organisation.name} is ${state}.` },
  }
}

/** A plan that ends the client's access; the dry run counts what that hits. */
const ending = (
  event: 'suspend' | 'revoke' | 'compromise',
  done: string,
  fields: (client: Client, carried: Carried) => Fields,
): Definition => ({
  async plan({ store }, { id }, planning) {
    const found = await seenClient(store, id, planning.actor)
    if (found instanceof Refusal) return found
    const refused = judgeStopping(found, planning.actor)
    if (refused) return refused
    const plan = planned(found, event, done, carried => fields(found.client, carried))
    return plan instanceof Refusal ? plan : { ...plan, stops: { client: id } }
  },
})

const suspend = ending('suspend', 'suspended', (_, carried) => ({ stop: stopOf(carried) }))

const revoke = ending('revoke', 'revoked', () => ({}))

/** Whoever has one key of it may have all: none of them is taken any more, and a new client is enrolled in its place. */
const compromised = ending('compromise', 'compromised', (client, carried) => ({
  stop: stopOf(carried),
  lapse: undefined,
  keys: client.keys.map(key => ({ ...key, compromisedAt: key.compromisedAt ?? carried.now })),
}))

const reinstate: Definition = {
  async plan({ store }, { id }, planning) {
    const found = await seenClient(store, id, planning.actor)
    if (found instanceof Refusal) return found
    const { now } = planning
    const { expiresAt, sponsor } = found.client
    // It would be stopped again by time at once.
    if (expiresAt <= now) return refuse('state_forbids', 'Its enrolment has ended: enrol a new client.')
    if (sponsor && sponsor.confirmedUntil <= now)
      return refuse('state_forbids', 'Its sponsor did not confirm it: that comes first (confirm).')
    const plan = planned(found, 'reinstate', 'reinstated', () => ({
      stop: undefined,
      lapse: undefined,
      // The days without a use count anew, or it would be suspended for them again.
      seenOn: dayOf(now),
    }))
    if (plan instanceof Refusal || !othersReinstate(found.client, found.organisation)) return plan
    return { ...plan, rule: 'client.reinstate_stopped' }
  },
}

/** What is attested at most so long. Milliseconds. */
const attestedAtMost = 366 * 86_400_000

/** An attribute that is left out stays as it is; `null` takes it away. */
export interface AttributesGiven {
  readonly nationality?: Given | null
  readonly region?: Given | null
  readonly screening?: Given | null
}
interface Given {
  readonly value: string
  /** Milliseconds. */
  readonly expiresAt: number
}

const attributes: Definition = {
  async plan({ store }, { id, params }, { now, actor }) {
    const given = params as AttributesGiven
    const found = await seenClient(store, id, actor)
    if (found instanceof Refusal) return found
    const { client, organisation } = found
    const refused = judgeDescribed(client) ?? judgeGiven(given, now)
    if (refused) return refused
    const after = valuesOf(attest(client.attributes, given, '') ?? {})
    const held = await judgeHeldAttributes(store, holdable(client), after, now)
    if (held) return held
    return {
      subject: clientSubject(client, organisation),
      difference: namedIn(given).map(name => ({
        field: `attributes.${name}`,
        from: client.attributes?.[name]?.value,
        to: given[name]?.value,
      })),
      writes: ({ by }) => [
        change<Client>(keys.client(id), client, { attributes: attest(client.attributes, given, by.person) }),
      ],
      told: { type: 'client.attributes', text: `The attributes of the client ${client.name} changed.` },
    }
  },
}

const namedIn = (given: AttributesGiven) => attributeNames.filter(name => given[name] !== undefined)

function judgeGiven(given: AttributesGiven, now: number): Refusal | undefined {
  const named = namedIn(given)
  if (named.length === 0) return refuse('body_malformed', 'Name an attribute to change.')
  for (const name of named) {
    const marked = judgeText(given[name]?.value ?? '', `${name}.value`)
    if (marked) return marked
  }
  const wrong = named.find(name => {
    const expiresAt = given[name]?.expiresAt
    return expiresAt !== undefined && (expiresAt <= now || expiresAt > now + attestedAtMost)
  })
  return wrong === undefined
    ? undefined
    : refuse('body_malformed', 'What is attested ends within a year, and not before now.', {
        field: `${wrong}.expires_at`,
      })
}

function attest(before: Attributes = {}, given: AttributesGiven, by: string): Attributes | undefined {
  const next = (name: keyof Attributes): Attested | undefined => {
    const one = given[name]
    return one === undefined ? before[name] : one === null ? undefined : { ...one, by }
  }
  const after = attributeNames.flatMap(name => {
    const one = next(name)
    return one ? [[name, one] as const] : []
  })
  return after.length > 0 ? Object.fromEntries(after) : undefined
}

export const clientActions = {
  'client.ticket': ticket,
  'client.attributes': attributes,
  'client.confirm': confirm,
  'client.suspend': suspend,
  'client.reinstate': reinstate,
  'client.revoke': revoke,
  'client.compromised': compromised,
} satisfies Readonly<Record<string, Definition>>
