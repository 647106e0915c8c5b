/** Invariant 5 where the store fails: a change is made with its record or not at all, and a lost answer is found again. */
import { describe, expect, test } from 'vitest'
import { textAt } from '../../client/json.ts'
import { type Store, StoreUnavailable } from '../../shared/ports/store.ts'
import { openEmbedded } from '../world/embedded.ts'
import { entriesOf, told } from '../world/entries.ts'
import { because, codeOf, deciding } from '../world/governance.ts'
import { personId } from '../world/governance-subjects.ts'

describe('a store that fails in the transaction', () => {
  /** What happens to the next transactions: they fail before, or they are made and their answer is lost. */
  let fault: 'none' | 'before' | 'lost' = 'none'
  const wrap = (store: Store): Store => ({
    ...store,
    get: store.get.bind(store),
    write: store.write.bind(store),
    query: store.query.bind(store),
    async transact(ops) {
      if (fault === 'before') throw new StoreUnavailable('it fails')
      const done = await store.transact(ops)
      if (fault === 'lost') throw new StoreUnavailable('the answer is lost')
      return done
    },
  })

  test('changes nothing, and says so; a lost answer is found again', async () => {
    const failing = await openEmbedded({ wiring: { wrap } })
    try {
      const own = deciding(failing)
      const path = `/people/${await personId(own, 'priya', 'Sam Ortiz')}`
      const ask = (roles: readonly string[], ifMatch: number) =>
        own.ask('priya', `${path}/roles`, { roles, ...because() }, { ifMatch })
      const stands = async () => ({
        person: await own.read('priya', path),
        entries: (await entriesOf(failing.store, 'cedar')).filter(
          ({ entry }) => told(entry).kind === 'decision',
        ).length,
        proposals: (await own.list('priya', '/proposals?state=open')).length,
      })
      await Promise.all(['priya', 'nora', 'boris'].map(own.as))
      const before = await stands()
      const version = before.person?.version ?? 0

      fault = 'before'
      expect(codeOf(await ask([], version))).toBe('store_unavailable')
      fault = 'none'
      expect(await stands()).toEqual(before)

      const asked = await ask([], version)
      const proposal = `/proposals/${textAt(asked.body, 'proposal', 'id')}/approve`
      const waiting = await stands()
      fault = 'before'
      const [approved, stopped] = await Promise.all([
        own.ask('nora', proposal, {}, { ifMatch: 1 }),
        own.ask('boris', `${path}/suspend`, because(), { ifMatch: version }),
      ])
      fault = 'none'
      for (const answer of [approved, stopped])
        expect([answer.status, codeOf(answer)]).toEqual([503, 'store_unavailable'])
      expect(await stands()).toEqual(waiting)

      fault = 'lost'
      const settled = await own.ask('nora', proposal, {}, { ifMatch: 1 })
      fault = 'none'
      expect([settled.status, textAt(settled.body, 'state')]).toEqual([200, 'applied'])
      expect(await stands()).toMatchObject({
        person: { version: version + 1, body: { roles: [] } },
        entries: waiting.entries + 1,
        proposals: before.proposals,
      })
    } finally {
      await failing.close()
    }
  })
})
