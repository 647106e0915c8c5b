import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { getEntry, listEntries } from '../../../functions/api/entries.ts'
import type { Reader } from '../../../functions/api/entry-view.ts'
import { openSqliteStore } from '../../../shared/adapters/embedded/sqlite-store.ts'
import { indexes, keys } from '../../../shared/domain/keys.ts'
import { Refusal } from '../../../shared/domain/refusal.ts'
import { entryId } from '../../../shared/entries/id.ts'

const store = openSqliteStore(':memory:', Object.values(indexes))
const cedar: Reader = { kind: 'workload', viewer: { organisation: 'cedar', kind: 'partner', roles: [] } }
const prairie: Reader = { ...cedar, viewer: { ...cedar.viewer, organisation: 'prairie' } }
const eids = Array.from({ length: 23 }, (_, i) => entryId(i * 10_000, new Uint8Array(16).fill(i)))
beforeAll(async () => {
  for (const eid of eids) {
    const item = { organisation: 'cedar', sort: eid, digest: 'd', body: JSON.stringify({ eid }) }
    await store.write({ kind: 'put', key: keys.entry(eid), item: item as never })
  }
})
afterAll(() => store.close())

test('any query is a page or a refusal that names the parameter', async () => {
  const value = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.constantFrom('asc', 'desc', '1', '100', 'bnVsbA', 'W10', 'e30'),
  )
  const query = fc.dictionary(fc.constantFrom('order', 'limit', 'after', '__proto__', 'x'), value)
  await fc.assert(
    fc.asyncProperty(query, async query => {
      const page = await listEntries(store, cedar, query)
      if (page instanceof Refusal) expect(['order', 'limit', 'after']).toContain(page.facts.field)
      else expect(page.items.length).toBeLessThanOrEqual(100)
    }),
  )
})

test('a cursor of which a character was changed, or cut, is a page or a refusal', async () => {
  const first = await listEntries(store, cedar, { limit: '5', order: 'asc' })
  if (first instanceof Refusal || first.next === null) throw new Error('no first page')
  const cursor = first.next
  await fc.assert(
    fc.asyncProperty(
      fc.nat(cursor.length - 1),
      fc.string({ unit: 'binary', maxLength: 3 }),
      async (at, text) => {
        const after = cursor.slice(0, at) + text + cursor.slice(at + 1)
        const page = await listEntries(store, cedar, { after })
        if (page instanceof Refusal)
          expect(page).toMatchObject({ code: 'body_malformed', facts: { field: 'after' } })
      },
    ),
  )
})

test('pages of any size show every entry once, in order', async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: 100 }), async limit => {
      const seen: unknown[] = []
      let after: string | undefined
      do {
        const query = { order: 'asc', limit: String(limit), ...(after && { after }) }
        const page = await listEntries(store, cedar, query)
        if (page instanceof Refusal) throw new Error(page.facts.detail)
        seen.push(...page.items.map(item => (item as { eid: string }).eid))
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
      expect((await getEntry(store, cedar, eid)) instanceof Refusal).toBe(!eids.includes(eid))
      expect(await getEntry(store, prairie, eid)).toMatchObject({ code: 'entry_unknown' })
    }),
  )
})
