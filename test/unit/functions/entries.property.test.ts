import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { WorkloadCaller } from '../../../functions/api/caller.ts'
import { getEntry, type ListQuery, listEntries } from '../../../functions/api/entries.ts'
import { openSqliteStore } from '../../../shared/adapters/embedded/sqlite-store.ts'
import { indexes } from '../../../shared/domain/keys.ts'
import { Refusal } from '../../../shared/domain/refusal.ts'
import { entryId } from '../../../shared/entries/id.ts'
import { putEntry } from '../../../shared/entries/put.ts'
import { makeEntry, status } from '../../../shared/entries/record.ts'
import { testLogView } from '../../world/log-view.ts'

const store = openSqliteStore(':memory:', Object.values(indexes))
const deps = {
  store,
  log: testLogView(store, 4),
  // Readings are entries of cedar's too, later than all that is read.
  clock: { now: () => 1_000_000, sleep: async () => undefined },
  random: { bytes: (n: number) => new Uint8Array(n) },
}
const asking = (organisation: string) => ({
  deps: deps as never,
  caller: {
    kind: 'workload',
    client: { id: `client_${organisation}`, name: 'batch' },
    viewer: { organisation, kind: 'partner', roles: [] },
  } as unknown as WorkloadCaller,
  request: 'r',
})
const [cedar, prairie] = [asking('cedar'), asking('prairie')]

const eids = Array.from({ length: 23 }, (_, i) => entryId(i * 10_000, new Uint8Array(16).fill(i)))
beforeAll(async () => {
  for (const [i, eid] of eids.entries()) {
    const made = { eid, now: i * 10_000, classUid: 6003, activityId: 1, statusId: status.success } as const
    const entry = makeEntry({ ...made, fields: { unmapped: { kind: 'refusal' } } }, { organisation: 'cedar' })
    await store.write(putEntry({ eid, entry }))
  }
})
afterAll(() => store.close())

test('any query is a page or a refusal that names the parameter', async () => {
  const value = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.constantFrom('asc', 'desc', '1', '100', 'bnVsbA', 'W10', 'e30'),
  )
  const query = fc.record(
    { order: fc.constantFrom('asc', 'desc'), limit: value, after: value, by: fc.constant('us') },
    { requiredKeys: [] },
  )
  await fc.assert(
    fc.asyncProperty(query, async query => {
      const page = await listEntries(cedar, query as ListQuery)
      if (page instanceof Refusal) expect(['limit', 'after']).toContain(page.facts.field)
      else expect(page.items.length).toBeLessThanOrEqual(100)
    }),
  )
})

test('a cursor of which a character was changed, or cut, is a page or a refusal', async () => {
  const first = await listEntries(cedar, { limit: '5', order: 'asc' })
  if (first instanceof Refusal || first.next === null) throw new Error('no first page')
  const cursor = first.next
  await fc.assert(
    fc.asyncProperty(
      fc.nat(cursor.length - 1),
      fc.string({ unit: 'binary', maxLength: 3 }),
      async (at, text) => {
        const after = cursor.slice(0, at) + text + cursor.slice(at + 1)
        const page = await listEntries(cedar, { after })
        if (page instanceof Refusal)
          expect(page).toMatchObject({ code: 'body_malformed', facts: { field: 'after' } })
      },
    ),
  )
})

test('pages of any size show every entry once, in order, and no reading of them', async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: 100 }), async limit => {
      const seen: unknown[] = []
      let after: string | undefined
      do {
        const page = await listEntries(cedar, {
          order: 'asc',
          limit: String(limit),
          ...(after && { after }),
        })
        if (page instanceof Refusal) throw new Error(page.facts.detail)
        seen.push(...page.items.map(({ eid }) => eid))
        after = page.next ?? undefined
      } while (after !== undefined)
      expect(seen).toEqual(eids)
    }),
    { numRuns: 20 },
  )
})

test('any id names an entry of the caller or none', async () => {
  await fc.assert(
    fc.asyncProperty(fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom(...eids)), async eid => {
      expect((await getEntry(cedar, eid)) instanceof Refusal).toBe(!eids.includes(eid))
      expect(await getEntry(prairie, eid)).toMatchObject({ code: 'entry_unknown' })
    }),
  )
})
