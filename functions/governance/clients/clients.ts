/** Decisions about clients: `client.*` of who-decides. How a client comes to be stands in `enrol.ts`. */
import { holdable } from '../../../shared/domain/authority.ts'
import { type Governed, keys } from '../../../shared/domain/keys.ts'
import { type ClientEvent, clientStep } from '../../../shared/domain/machines.ts'
import { dayOf } from '../../../shared/domain/meter.ts'
import type { Attested, Attributes, Organisation } from '../../../shared/domain/parties.ts'
import type { Difference } from '../../../shared/domain/proposals.ts'
import type { Client } from '../../../shared/domain/records.ts'
import { Refusal, refuse } from '../../../shared/domain/refusal.ts'
import type { Store } from '../../../shared/ports/store.ts'
import { change, stopOf } from '../engine/changes.ts'
import type { Carried, Definition, Plan, Planning } from '../engine/plan.ts'
import { judgeSight } from '../engine/sight.ts'
import { clientSubject } from '../engine/subjects.ts'
import { judgeHeldAttributes, valuesOf } from '../people/held-attributes.ts'
import { judgeStopping } from '../people/members.ts'
import { ticket } from './client-tickets.ts'

export interface ClientAndOrganisation {
  readonly client: Governed<Client>
  readonly organisation: Governed<Organisation>
}

/** As whoever decides sees it: what is not seen is not there, whatever its state. */
async function seenClient(
  store: Store,
  id: string,
  { actor }: Pick<Planning, 'actor'>,
): Promise<ClientAndOrganisation | Refusal> {
  const found = await readClient(store, id)
  if (found instanceof Refusal || actor === undefined) return found
  return judgeSight(actor, clientSubject(found.client, found.organisation)) ?? found
}

export async function readClient(store: Store, id: string): Promise<ClientAndOrganisation | Refusal> {
  const [client] = await store.get([keys.client(id)])
  const [organisation] = client ? await store.get([keys.organisation(client.organisation)]) : []
  return client && organisation
    ? { client, organisation }
    : refuse('record_unknown', `There is no client ${id} for you.`)
}

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
    const found = await seenClient(store, id, planning)
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
  keys: client.keys.map(key => ({ ...key, compromisedAt: key.compromisedAt ?? carried.now })),
}))

const reinstate: Definition = {
  async plan({ store }, { id }, planning) {
    const found = await seenClient(store, id, planning)
    if (found instanceof Refusal) return found
    const { now } = planning
    const { expiresAt, sponsor } = found.client
    // It would be stopped again by time at once.
    if (expiresAt <= now) return refuse('state_forbids', 'Its enrolment has ended: enrol a new client.')
    if (sponsor && sponsor.confirmedUntil <= now)
      return refuse('state_forbids', 'Its sponsor did not confirm it: that comes first (confirm).')
    // The days without a use count anew, or it would be suspended for them again.
    return planned(found, 'reinstate', 'reinstated', () => ({ stop: undefined, seenOn: dayOf(now) }))
  },
}

const open = ['enrolled', 'active', 'suspended'] as const satisfies readonly Client['state'][]

/** Changes of what is known about a client, as long as there is something left to know it for. */
const describing = (
  done: string,
  describe: (
    found: ClientAndOrganisation,
    action: Parameters<Definition['plan']>[1],
    planning: Parameters<Definition['plan']>[2],
  ) =>
    | {
        readonly difference: readonly Difference[]
        /** As they will be, where they change. */
        readonly attributes?: Attributes
        fields(carried: Carried): Fields
      }
    | Refusal,
): Definition => ({
  async plan({ store }, action, planning) {
    const found = await seenClient(store, action.id, planning)
    if (found instanceof Refusal) return found
    const { client, organisation } = found
    if (!open.some(state => state === client.state))
      return refuse('state_forbids', `The client is ${client.state}. Possible are these: ${open.join(', ')}.`)
    const described = describe(found, action, planning)
    if (described instanceof Refusal) return described
    const { attributes } = described
    const held =
      attributes && (await judgeHeldAttributes(store, holdable(client), valuesOf(attributes), planning.now))
    if (held) return held
    return {
      subject: clientSubject(client, organisation),
      difference: described.difference,
      writes: carried => [change<Client>(keys.client(client.id), client, described.fields(carried))],
      told: {
        type: `client.${done}`,
        text: `The ${done === 'confirmed' ? 'sponsor' : 'attributes'} of the client ${client.name} changed.`,
      },
    }
  },
})

/** What is attested at most so long. Milliseconds. */
const attestedAtMost = 366 * 86_400_000

/** An attribute that is left out stays as it is; `null` takes it away. */
export interface AttributesGiven {
  readonly nationality?: Given | null
  readonly region?: Given | null
}
interface Given {
  readonly value: string
  /** Milliseconds. */
  readonly expiresAt: number
}

const attributes = describing('attributes', ({ client }, { params }, { now }) => {
  const given = params as AttributesGiven
  const named = (['nationality', 'region'] as const).filter(name => given[name] !== undefined)
  if (named.length === 0) return refuse('body_malformed', 'Name an attribute to change.')
  for (const name of named) {
    const expiresAt = given[name]?.expiresAt
    if (expiresAt !== undefined && (expiresAt <= now || expiresAt > now + attestedAtMost))
      return refuse('body_malformed', 'What is attested ends within a year, and not before now.', {
        field: `${name}.expires_at`,
      })
  }
  return {
    difference: named.map(name => ({
      field: `attributes.${name}`,
      from: client.attributes?.[name]?.value,
      to: given[name]?.value,
    })),
    attributes: attest(client.attributes, given, '') ?? {},
    fields: ({ by }) => ({ attributes: attest(client.attributes, given, by.person) }),
  }
})

function attest(before: Attributes = {}, given: AttributesGiven, by: string): Attributes | undefined {
  const next = (name: keyof Attributes): Attested | undefined => {
    const one = given[name]
    return one === undefined ? before[name] : one === null ? undefined : { ...one, by }
  }
  const [nationality, region] = [next('nationality'), next('region')]
  if (nationality === undefined && region === undefined) return undefined
  return { ...(nationality && { nationality }), ...(region && { region }) }
}

/** Whoever confirms answers for it from then on: a sponsor may have left. */
const confirm = describing('confirmed', ({ client }, _, { now, rules, actor }) => {
  const { sponsor } = client
  if (sponsor === undefined) return refuse('state_forbids', 'It has no sponsor: nothing is to be confirmed.')
  const confirmedUntil = now + rules.confirmationDays * 86_400_000
  const person = actor?.person.id
  return {
    difference: [
      { field: 'sponsor.confirmed_until', from: sponsor.confirmedUntil, to: confirmedUntil },
      ...(person === undefined || person === sponsor.person
        ? []
        : [{ field: 'sponsor.person', from: sponsor.person, to: person }]),
    ],
    fields: ({ by }) => ({ sponsor: { person: by.person, confirmedUntil } }),
  }
})

export const clientActions = {
  'client.ticket': ticket,
  'client.attributes': attributes,
  'client.confirm': confirm,
  'client.suspend': suspend,
  'client.reinstate': reinstate,
  'client.revoke': revoke,
  'client.compromised': compromised,
} satisfies Readonly<Record<string, Definition>>
