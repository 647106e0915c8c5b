/** The world of grants, with clients and people that a hold can hit, and what each is shown and told of it. */

import { appealOperations } from '../../../../functions/api/operations/appeals.ts'
import { showHold } from '../../../../functions/api/shapes/hold.ts'
import { lodge } from '../../../../functions/governance/appeals/lodge-appeal.ts'
import { viewerOf } from '../../../../functions/governance/engine/sight.ts'
import { holdFacts } from '../../../../functions/governance/holds/holds.ts'
import { type ShownEntry, showEntries } from '../../../../functions/log/show.ts'
import { indexes, keys } from '../../../../shared/domain/keys.ts'
import type { Person } from '../../../../shared/domain/parties.ts'
import type { Client, Hold } from '../../../../shared/domain/records.ts'
import { Refusal } from '../../../../shared/domain/refusal.ts'
import { sees } from '../../../../shared/domain/who-sees.ts'
import type { Store } from '../../../../shared/ports/store.ts'
import { testLogView } from '../../../world/log-view.ts'
import { applied, day, grantWorld, start, told } from './grant-world.ts'

export const french = { nationality: { value: 'FR', expiresAt: start + 100 * day, by: 'pat' } }

/** An entry as the API shows it. */
export interface Seen extends ShownEntry {
  readonly body: ShownEntry['body'] & { readonly unmapped: Readonly<Record<string, unknown>> }
}

interface Asked {
  readonly path?: Record<string, string>
  readonly body?: object
  readonly rev?: number
}

export async function hitWorld() {
  const world = await grantWorld()
  const { store } = world
  const log = testLogView(store)

  /** A French one. */
  const client = (id: string, organisation = 'cedar', change: Partial<Client> = {}) =>
    world.records.client({ id, name: id, organisation, attributes: french, ...change })

  async function person(id: string, change: Partial<Person>) {
    const before = await world.get(keys.person(id))
    const item = { ...before, ...change, rev: before.rev + 1 }
    await store.write({ kind: 'put', key: keys.person(id), item })
  }

  /** By the office that selects Cedar and Prairie; the entry of it. */
  const placed = async (scope: Hold['scope'], id = 'hold_1'): Promise<string> =>
    applied(await world.decide('nora', 'hold.place', id, { scope })).entry

  const appeal = async (who: string, entry: string) =>
    lodge(world.deps, await world.actor(who), { entry, text: 'It was not us.', request: 'r' })

  /** An operation about appeals, as the router calls it. */
  async function onAppeal(who: string, id: string, { path = {}, body, rev }: Asked) {
    const operation = appealOperations.find(one => one.id === id)
    if (operation === undefined) throw new Error(`no operation ${id}`)
    const answer = await operation.answer({
      deps: world.deps as never,
      caller: await world.caller(who),
      path,
      query: undefined,
      body: operation.body?.parse(body),
      request: 'r',
      ...(rev !== undefined && { rev }),
    })
    return answer instanceof Refusal ? told(answer) : answer.body
  }

  return {
    ...world,
    log,
    client,
    person,
    placed,
    appeal,
    onAppeal,
    partner: (id: string) =>
      world.records.organisation({
        id,
        name: id,
        kind: 'partner',
        state: 'active',
        partner: 'active',
        developers: ['halcyon'],
        governments: ['ofr'],
      }),
    /** The entry as somebody reads it; nothing where it is not there for them. */
    seenBy: async (who: string, eid: string): Promise<Seen | undefined> => {
      const named = { eid, entry: await world.get(keys.entry(eid)) }
      const [seen] = applied(await showEntries(log, await world.caller(who), [named]))
      return seen as Seen | undefined
    },
    holdSeenBy: async (who: string, id = 'hold_1') => {
      const viewer = viewerOf(await world.actor(who))
      const hold = await world.get(keys.hold(id))
      return showHold(hold, viewer, sees(viewer, holdFacts(hold)) === 'whole')
    },
    /** What an organisation was told, in order. */
    notices: async (organisation: string): Promise<readonly string[]> => {
      const page = await store.query({
        index: indexes.byOwner,
        partition: organisation,
        from: 'notice#',
        to: 'notice$',
        order: 'asc',
        limit: 100,
      })
      const found = await store.get(page.keys as readonly ReturnType<typeof keys.notice>[])
      return found.flatMap(notice => (notice ? [`${notice.type}: ${notice.text}`] : []))
    },
    /** From now on decisions go through a store that does some of it otherwise. */
    through: (change: Partial<Store>) => {
      const { get, query, write, transact } = store
      const all: Pick<Store, 'get' | 'query' | 'write' | 'transact'> = {
        get: get.bind(store) as Store['get'],
        query: query.bind(store) as Store['query'],
        write: write.bind(store),
        transact: transact.bind(store),
      }
      Object.assign(world.deps, { store: { ...store, ...all, ...change } })
    },
  }
}

export type HitWorld = Awaited<ReturnType<typeof hitWorld>>
