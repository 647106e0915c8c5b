/** Decisions about preservation orders: `preservation.*` of who-decides. What is kept by them, the exporter sees to. */
import { type Governed, indexes, keys, listed } from '../../../shared/domain/keys.ts'
import {
  maxOrders,
  maxOrdersOfOne,
  type Order,
  type Preservation,
  preservationDue,
  type StandingOrders,
} from '../../../shared/domain/preservations.ts'
import type { Subject } from '../../../shared/domain/proposals.ts'
import { Refusal, refuse, unknownRecord } from '../../../shared/domain/refusal.ts'
import { day } from '../../../shared/domain/time.ts'
import { type Facts, sees } from '../../../shared/domain/who-sees.ts'
import { itemAbsent, type Store, type TransactOp } from '../../../shared/ports/store.ts'
import { coveringOf } from '../../../shared/search/covering.ts'
import { isQueryFault, type QueryFault } from '../../../shared/search/query.ts'
import { pages } from '../../pages.ts'
import type { Actor, Definition } from '../engine/plan.ts'
import { factsOf, viewerOf } from '../engine/sight.ts'
import { judgeRole } from '../engine/signer.ts'
import { concerned } from './concerned.ts'

type Concerning = Pick<
  Governed<Preservation>,
  'id' | 'rev' | 'organisation' | 'developers' | 'governments' | 'models' | 'at'
>

export const preservationSubject = (order: Concerning): Subject => ({
  kind: 'preservation',
  id: order.id,
  // Its query is no part of its name: that is told in notices.
  name: `the preservation order of ${day(order.at)}`,
  rev: order.rev,
  organisation: order.organisation,
  developers: order.developers,
  governments: order.governments,
  ...(order.models && { models: order.models }),
})

export const preservationFacts = (order: Governed<Preservation>): Facts => ({
  ...factsOf('preservation', preservationSubject(order)),
  placedBy: order.placedBy.organisation,
})

/** What does not show itself to `actor` is not there for them. */
export async function readPreservation(
  store: Store,
  id: string,
  actor?: Actor,
): Promise<Governed<Preservation> | Refusal> {
  const [found] = await store.get([keys.preservation(id)])
  const seen = found && (actor === undefined || sees(viewerOf(actor), preservationFacts(found)) !== undefined)
  return seen ? found : unknownRecord('preservation', id)
}

/** With the position in the text, and what to write instead. */
export const refusedQuery = ({ at, length, message, next }: QueryFault): Refusal =>
  refuse('query_malformed', message, { field: 'query', position: { at, length }, next })

const place: Definition = {
  async plan({ store }, { id, params }, { now, actor }) {
    if (actor === undefined) throw new Error('a preservation order is placed by a person')
    const { q } = params as { readonly q: string }
    const { organisation: own } = actor
    const developers = own.kind === 'developer' ? [own.id] : []
    const governments = own.kind === 'government' ? [own.id] : []
    const whose = { kind: 'preservation', id, name: id, rev: 0, organisation: own.id } as const
    // Before anything is read: who may not place one learns nothing of what there is.
    const role = judgeRole('preservation.place', actor, { ...whose, developers, governments })
    if (role instanceof Refusal) return role
    const order: Order = { q, at: now }
    const covering = coveringOf(order)
    if (isQueryFault(covering)) return refusedQuery(covering)
    const full = await judgeRoom(store, own.id)
    if (full) return full
    const decide = await concerned(store, covering, own)
    const { models } = decide
    if (decide.developers.length === 0 || decide.governments.length === 0)
      return refuse('state_forbids', 'Nobody of the other side deals with you: it could never be lifted.')
    const subject = preservationSubject({ id, rev: 0, organisation: own.id, at: now, ...decide })
    const [standing] = await store.get([keys.standingOrders])
    return {
      subject,
      difference: [
        { field: 'state', from: null, to: 'active' },
        { field: 'query', from: null, to: q },
      ],
      writes: ({ by, eid, reason, now: at }) => {
        const item: Governed<Preservation> = {
          id,
          organisation: own.id,
          developers: decide.developers,
          governments: decide.governments,
          ...(models && { models }),
          q,
          at: order.at,
          state: 'active',
          reason,
          placedBy: by,
          entry: eid,
          work: { turn: 0, nextAt: at },
          due: preservationDue,
          rev: 1,
          ...listed('preservation', own.id, id),
        }
        return [
          { kind: 'put', key: keys.preservation(id), item, if: itemAbsent },
          inForce(standing, id, order),
        ]
      },
      told: {
        type: 'preservation.placed',
        text: `${own.name} places the preservation order ${id}: what it covers is kept until it is lifted.`,
        next: `sallyport preservation get ${id}`,
      },
    }
  },
}

/** It counts from this write on: whatever takes something away afterwards sees it. */
function inForce(standing: StandingOrders | undefined, id: string, order: Order): TransactOp {
  if (standing === undefined)
    return {
      kind: 'put',
      key: keys.standingOrders,
      item: { orders: { [id]: order }, rev: 1 } satisfies StandingOrders,
      if: itemAbsent,
    }
  return {
    kind: 'update',
    key: keys.standingOrders,
    if: {
      and: [{ eq: [['rev'], standing.rev] }, { absent: ['orders', id] }, { sizeLt: [['orders'], maxOrders] }],
    },
    change: { set: [[['orders', id], order]], add: [[['rev'], 1]] },
  }
}

async function judgeRoom(store: Store, organisation: string): Promise<Refusal | undefined> {
  const [standing] = await store.get([keys.standingOrders])
  const all = Object.keys(standing?.orders ?? {})
  if (all.length >= maxOrders) return refuse('preservations_full', `${maxOrders} orders stand.`)
  const range = {
    index: indexes.byOwner,
    partition: organisation,
    from: 'preservation#',
    to: 'preservation$',
  }
  let own = 0
  for await (const batch of pages<Preservation>(store, range))
    own += batch.filter(({ pk }) => all.includes(pk.slice('preservation#'.length))).length
  return own >= maxOrdersOfOne
    ? refuse('preservations_full', `${maxOrdersOfOne} orders of your organisation stand.`)
    : undefined
}

/** Developer and office, whoever placed it. Only what no other order covers is let go of. */
const lift: Definition = {
  async plan({ store }, { id }, { actor }) {
    const order = await readPreservation(store, id, actor)
    if (order instanceof Refusal) return order
    if (order.state !== 'active') return refuse('state_forbids', `The order is ${order.state}.`)
    return {
      subject: preservationSubject(order),
      difference: [{ field: 'state', from: 'active', to: 'lifted' }],
      writes: ({ signatures, reason, eid, now }) => [
        // The exporter may have gone on meanwhile: what it has written is not set back.
        {
          kind: 'update',
          key: keys.preservation(id),
          if: { eq: [['rev'], order.rev] },
          change: {
            set: [
              [['state'], 'lifted'],
              [['lifted'], { at: now, by: signatures, reason, entry: eid }],
              [['due'], preservationDue],
              [['work', 'nextAt'], now],
            ],
            add: [
              [['rev'], 1],
              [['work', 'turn'], 1],
            ],
            remove: [
              ['work', 'walk'],
              ['work', 'until'],
            ],
          },
        },
        {
          kind: 'update',
          key: keys.standingOrders,
          if: { exists: ['orders', id] },
          change: { remove: [['orders', id]], add: [[['rev'], 1]] },
        },
      ],
      told: {
        type: 'preservation.lifted',
        text: `The preservation order ${id} is lifted: what no other order covers goes when its time is over.`,
        next: `sallyport preservation get ${id}`,
      },
    }
  },
}

export const preservationActions = {
  'preservation.place': place,
  'preservation.lift': lift,
} satisfies Readonly<Record<string, Definition>>
