/** Pages of one search are of one tree: whatever is in it and is found stands on exactly one of them. */
import { expect, test, vi } from 'vitest'
import { findEntries } from '../../../../functions/api/entries.ts'
import type { Found } from '../../../../functions/api/log/search.ts'
import { openSqliteStore } from '../../../../shared/adapters/embedded/sqlite-store.ts'
import { indexes } from '../../../../shared/domain/keys.ts'
import { Refusal } from '../../../../shared/domain/refusal.ts'
import { type Query, type Store, StoreUnavailable } from '../../../../shared/ports/store.ts'
import type { SearchFacts } from '../../../../shared/search/facts.ts'
import { person, type ReadWorld, readWorld, storeWith } from './read-world.ts'

const asked = vi.hoisted(() => ({ eids: [] as string[] }))
vi.mock('../../../../shared/search/matching.ts', async importOriginal => {
  const real = await importOriginal<typeof import('../../../../shared/search/matching.ts')>()
  const isFound: typeof real.isFound = (plan, facts: SearchFacts) => {
    asked.eids.push(...facts.words.entry)
    return real.isFound(plan, facts)
  }
  return { ...real, isFound }
})

const pat = person('pat')
const dev = (id: string, organisation: string) => {
  const one = person(id, organisation)
  return { ...one, viewer: { organisation, kind: 'developer', roles: ['developer-admin'] } } as typeof one
}

async function page(world: ReadWorld, query: Parameters<typeof findEntries>[1], who = pat, over?: Store) {
  const found = await findEntries(world.asking(who, over), query)
  if (found instanceof Refusal) throw new Error(`${found.code}: ${found.facts.detail}`)
  return found as Found
}

async function every(world: ReadWorld, first: Found, q: string, who = pat): Promise<readonly Found[]> {
  const all = [first]
  for (let next = first.next; next !== null; next = all.at(-1)?.next ?? null)
    all.push(await page(world, { q, after: next, limit: '1' }, who))
  return all
}

const code = (answer: object): string => (answer instanceof Refusal ? answer.code : 'none')

test('a search that begins while a commit is published, and its entries are not yet told their places, misses none of its tree', async () => {
  const sqlite = openSqliteStore(':memory:', Object.values(indexes))
  let placing = true
  const write = async (op: Parameters<Store['write']>[0]) => {
    const places = op.kind === 'update' && op.change.set?.some(([[field]]) => field === 'i')
    if (places && !placing) throw new StoreUnavailable('out')
    return sqlite.write(op)
  }
  const world = await readWorld({ store: storeWith(sqlite, { write: write as Store['write'] }) })
  const older = await world.call()
  await world.sequence()
  world.pass(30_000)
  const newer = await world.call()
  placing = false
  await expect(world.sequence()).rejects.toThrow(StoreUnavailable)
  world.pass(1_000)

  const q = 'type:access time:-7d..now'
  const first = await page(world, { q, limit: '1' })
  placing = true
  await world.sequence()
  const pages = await every(world, first, q)
  const found = pages.flatMap(({ items }) => items)
  const { size } = first.pin
  const inTree = [newer, `${newer}.outcome`, older, `${older}.outcome`]
  const again = await page(world, { q: `${q} entry:${inTree.join(',')}` })
  const expected = again.items.filter(({ view }) => Number(view.index) < size).map(({ eid }) => eid)
  expect(expected.length).toBeGreaterThanOrEqual(2)
  expect(found.map(({ eid }) => eid)).toEqual(expected)
  expect(pages.every(one => one.pin.size === size)).toBe(true)
})

test('where a list has ended is no place in a search, and the other way round', async () => {
  const world = await readWorld()
  for (let n = 0; n < 3; n++) await world.call()
  await world.sequence()
  const q = 'type:access time:-7d..now'
  const list = (await findEntries(world.asking(pat), { limit: '1' })) as Found
  const search = await page(world, { q, limit: '1' })
  expect(list.next).toEqual(expect.any(String))
  expect(search.next).toEqual(expect.any(String))
  expect(code(await findEntries(world.asking(pat), { q, after: list.next ?? '' }))).toBe('body_malformed')
  expect(code(await findEntries(world.asking(pat), { after: search.next ?? '' }))).toBe('body_malformed')
})

test('what somebody may not see is not even held against their query: how long that takes tells nothing of it', async () => {
  const world = await readWorld()
  const hidden = await world.call('prairie')
  const seen = await world.call()
  await world.sequence()
  // The developer of another model than that of the calls.
  const q = 'client:client_prairie'
  const stranger = dev('sam', 'elsewhere')
  asked.eids.length = 0
  expect((await page(world, { q }, stranger)).items).toEqual([])
  expect(asked.eids.filter(eid => eid.startsWith(hidden) || eid.startsWith(seen))).toEqual([])
  expect((await page(world, { q }, dev('ada', 'halcyon'))).items).toHaveLength(2)
})

test('years in which nothing was recorded are walked in parts, each of which says how far it looked', async () => {
  const world = await readWorld()
  const eid = await world.call()
  await world.sequence()
  world.pass(300 * 86_400_000)
  let queries = 0
  const query = (one: Query) => {
    queries += 1
    return world.store.query(one)
  }
  const over = storeWith(world.store, { query })
  const q = 'type:access time:<=now'
  const ada = dev('ada', 'halcyon')
  const found: string[] = []
  let until = Number.POSITIVE_INFINITY
  let after: string | undefined
  let pages = 0
  do {
    queries = 0
    const one = await page(world, { q, ...(after !== undefined && { after }) }, ada, over)
    expect(queries).toBeLessThanOrEqual(1_500)
    found.push(...one.items.map(item => item.eid))
    expect(Date.parse(one.looked_until)).toBeLessThan(until)
    until = Date.parse(one.looked_until)
    after = one.next ?? undefined
    pages += 1
  } while (after !== undefined)
  expect(found).toEqual([`${eid}.outcome`, eid])
  expect(pages).toBeGreaterThan(3)
})

test('a request that no request could be called is one that nothing was recorded of', async () => {
  const world = await readWorld()
  await world.call()
  await world.sequence()
  let longest = 0
  const query = (one: Query) => {
    longest = Math.max(longest, Buffer.byteLength(one.partition))
    return world.store.query(one)
  }
  const over = storeWith(world.store, { query })
  expect((await page(world, { q: `request:${'é'.repeat(3_000)}` }, pat, over)).items).toEqual([])
  // More than that is no key of an index.
  expect(longest).toBeLessThanOrEqual(2_048)
})
