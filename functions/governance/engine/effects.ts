/** Dry runs: whom a stop hits, counted with the same match that admission uses. Reads only. */

import {
  type Effects,
  maxNamed,
  type Named,
  noEffects,
  type Unattested,
} from '../../../shared/domain/effects.ts'
import { indexes, keys } from '../../../shared/domain/keys.ts'
import type { Meter } from '../../../shared/domain/meter.ts'
import type { Hit, Subject } from '../../../shared/domain/proposals.ts'
import type { Client, Grant, HoldScope } from '../../../shared/domain/records.ts'
import { holdable, holdMatches } from '../../../shared/domain/standing.ts'
import type { Entry } from '../../../shared/entries/entry.ts'
import { entryIdFrom } from '../../../shared/entries/id.ts'
import type { Key, Store } from '../../../shared/ports/store.ts'
import { readGrants } from '../../grants.ts'
import { pages } from '../../pages.ts'
import { countPeople } from './people-hit.ts'
import { deciders } from './subjects.ts'

const day = 86_400_000
/** Calls that are read to count those of a day: a stop waits for it. */
const maxCounted = 1_000

interface Lacking extends Pick<Unattested, 'expiredAt'> {
  readonly client: Client
}

export interface Counted {
  readonly effects: Effects
  /** Whose clients and people it hits, in the order of their ids. */
  readonly hit: readonly Hit[]
}

/**
 * Everybody who decides on `subject` reads the effects, so that a client is named where all of them see it, and counted
 * in any case: a hold by nationality alone is about everybody, and the partners of others are not told by it.
 */
export async function countEffects(
  store: Store,
  scope: HoldScope | undefined,
  continues: readonly Named[],
  subject: Subject,
  now: number,
  stopsPeople = false,
): Promise<Counted> {
  if (scope === undefined) return { effects: { ...noEffects, continues }, hit: [] }
  // Who is stopped themselves takes no agent with them: a hold on them does.
  const clients = subject.kind === 'person' ? [] : await clientsOf(store, scope)
  const counted = await countPeople(store, scope, stopsPeople ? 'all' : subject.kind, now)
  const grants = await grantsOf(store, clients, scope)
  const going = new Set(continues.map(({ id }) => id))
  const hit: Client[] = []
  const unattested: Lacking[] = []
  for (const client of clients) {
    const models = (grants.get(client.organisation) ?? [])
      .filter(({ id, state }) => state === 'active' && !going.has(id))
      .map(({ model }) => model)
    if (scope.model !== undefined ? !models.includes(scope.model) : models.length === 0 && going.size > 0)
      continue
    if (matches(scope, client)) {
      hit.push(client)
      continue
    }
    const lacks = lacking(scope, client, now)
    if (lacks) unattested.push(lacks)
  }
  const ids = new Set(hit.map(({ id }) => id))
  const organisations = [...new Set(hit.map(({ organisation }) => organisation))]
  const calls = { ids, going, ...(scope.model !== undefined && { model: scope.model }) }
  const streams = await liveCalls(
    store,
    organisations.flatMap(id => grants.get(id) ?? []),
    calls,
  )
  const requests = await callsOfTheDay(store, organisations, calls, now)
  const isSeen = await seenByAll(store, [...hit, ...unattested.map(({ client }) => client)], subject)
  const missions = subject.kind === 'hold' && isWhole(scope) ? missionsOf(hit.filter(isSeen), grants) : []
  const notHit = unattested.filter(({ client }) => isSeen(client)).slice(0, maxNamed)
  const effects = {
    clients: hit.filter(isSeen).slice(0, maxNamed).map(named),
    clientCount: hit.length,
    people: [...counted.people.values()].reduce((sum, people) => sum + people, 0),
    sessions: counted.sessions,
    streams,
    requestsPerDay: requests.count,
    ...((requests.atLeast || counted.atLeast) && { atLeast: true as const }),
    continues,
    ...(missions.length > 0 && { missions }),
    ...(notHit.length > 0 && {
      unattested: notHit.map(({ client, expiredAt }) => ({
        ...named(client),
        ...(expiredAt !== undefined && { expiredAt }),
      })),
    }),
  }
  return { effects, hit: byOrganisation(hit, counted.people) }
}

function byOrganisation(clients: readonly Client[], people: ReadonlyMap<string, number>): readonly Hit[] {
  const organisations = new Set([...clients.map(({ organisation }) => organisation), ...people.keys()])
  return [...organisations].toSorted().map(organisation => ({
    organisation,
    clients: clients.filter(one => one.organisation === organisation).length,
    people: people.get(organisation) ?? 0,
  }))
}

async function seenByAll(
  store: Store,
  clients: readonly Client[],
  { organisation, developers, governments }: Subject,
): Promise<(client: Client) => boolean> {
  const others = [...new Set(clients.map(one => one.organisation))].filter(id => id !== organisation)
  const owners = await inBatches(store, others.map(keys.organisation))
  const readers = [...developers, ...governments]
  const seen = new Set([organisation])
  for (const owner of owners) {
    const facts = deciders(owner)
    const seers = [owner.id, ...facts.developers, ...facts.governments]
    if (readers.every(id => seers.includes(id))) seen.add(owner.id)
  }
  return client => seen.has(client.organisation)
}

/** One that names a client, a person or an attribute is about them and not about the mission. */
const isWhole = ({ model: _, organisation: __, ...narrower }: HoldScope): boolean =>
  Object.values(narrower).every(value => value === undefined)

/** Of the clients that are named where those who decide see them. */
const missionsOf = (
  clients: readonly Client[],
  grants: ReadonlyMap<string, readonly Grant[]>,
): readonly Named[] =>
  [...new Set(clients.map(({ organisation }) => organisation))]
    .flatMap(organisation => grants.get(organisation) ?? [])
    .filter(({ missionContinuity, state }) => missionContinuity === true && state === 'active')
    .slice(0, maxNamed)
    .map(({ id, model }) => ({ id, name: model }))

const named = ({ id, name }: Client): Named => ({ id, name })

/** Whoever could make a call at all. */
const live = ({ state }: Client): boolean => state === 'active' || state === 'enrolled'

async function clientsOf(store: Store, { client, organisation }: HoldScope): Promise<readonly Client[]> {
  if (client !== undefined) {
    const [found] = await store.get([keys.client(client)])
    return found && live(found) ? [found] : []
  }
  const range =
    organisation === undefined
      ? { index: indexes.byRecord, partition: 'client' }
      : { index: indexes.byOwner, partition: organisation, from: 'client#', to: 'client$' }
  const clients: Client[] = []
  for await (const batch of pages<Client>(store, range))
    for (const found of await store.get(batch)) if (found && live(found)) clients.push(found)
  return clients
}

async function grantsOf(
  store: Store,
  clients: readonly Client[],
  { model }: HoldScope,
): Promise<ReadonlyMap<string, readonly Grant[]>> {
  const grants = new Map<string, readonly Grant[]>()
  for (const organisation of new Set(clients.map(client => client.organisation))) {
    const found = await readGrants(store, organisation)
    grants.set(organisation, model === undefined ? found : found.filter(grant => grant.model === model))
  }
  return grants
}

const matches = (scope: HoldScope, client: Client): boolean => {
  const { model, ...rest } = scope
  return holdMatches(rest, holdable(client))
}

/**
 * All else in the scope fits, and nobody vouches, or nobody any more, for what it asks about. A hold goes by what was
 * attested last; of somebody whom that leaves out, it is not known whether it would still be said.
 */
function lacking({ model, ...scope }: HoldScope, client: Client, now: number): Lacking | undefined {
  const doubtful = (['nationality', 'region'] as const).filter(
    field => scope[field] !== undefined && (client.attributes?.[field]?.expiresAt ?? 0) <= now,
  )
  if (doubtful.length === 0) return undefined
  const rest = Object.fromEntries(
    Object.entries(scope).filter(([field]) => !doubtful.some(one => one === field)),
  )
  if (!holdMatches(rest, holdable(client))) return undefined
  const ends = doubtful.flatMap(field => client.attributes?.[field]?.expiresAt ?? [])
  return { client, ...(ends.length > 0 && { expiredAt: Math.max(...ends) }) }
}

interface Calls {
  readonly ids: ReadonlySet<string>
  /** Grants that go on. */
  readonly going: ReadonlySet<string>
  readonly model?: string
}

/** By the leases that stand: each is named by its call's intent. */
async function liveCalls(store: Store, grants: readonly Grant[], counted: Calls): Promise<number> {
  const meters = await inBatches(store, [...new Set(grants.flatMap(grant => grant.meters))].map(keys.meter))
  const intents = [...new Set(meters.flatMap((meter: Meter) => Object.keys(meter.leases)))]
  const entries = await inBatches(store, intents.map(keys.entry))
  return entries.filter(entry => isOf(entry, counted)).length
}

async function callsOfTheDay(
  store: Store,
  organisations: readonly string[],
  counted: Calls,
  now: number,
): Promise<{ readonly count: number; readonly atLeast: boolean }> {
  let count = 0
  let atLeast = false
  let read = 0
  for (const partition of organisations) {
    if (atLeast) break
    const range = { index: indexes.byOrganisation, partition, from: entryIdFrom(now - day) }
    for await (const batch of pages<Entry>(store, range)) {
      const outcomes = batch.filter(({ pk }) => pk.endsWith('.outcome'))
      read += batch.length
      for (const entry of await store.get(outcomes)) if (entry && isOf(entry, counted)) count += 1
      if (read >= maxCounted) {
        atLeast = true
        break
      }
    }
  }
  return { count, atLeast }
}

function isOf({ body }: Entry, { ids, going, model }: Calls): boolean {
  const { actor, ai_model, unmapped } = JSON.parse(body) as {
    readonly actor?: { readonly app_uid?: string }
    readonly ai_model?: { readonly uid?: string }
    readonly unmapped?: { readonly grant?: string }
  }
  return (
    ids.has(actor?.app_uid ?? '') &&
    (model === undefined || ai_model?.uid === model) &&
    !going.has(unmapped?.grant ?? '')
  )
}

/** What one read takes. */
const batch = 100

async function inBatches<R extends object>(store: Store, wanted: readonly Key<R>[]): Promise<readonly R[]> {
  const found: R[] = []
  for (let at = 0; at < wanted.length; at += batch)
    for (const item of await store.get(wanted.slice(at, at + batch))) if (item) found.push(item as R)
  return found
}
