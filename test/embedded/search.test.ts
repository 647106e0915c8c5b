/** Searching over HTTP: each key, what a query may say, what is wrong with one, and pages while entries arrive. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { at, textAt } from '../../client/json.ts'
import type { Found } from '../../functions/api/log/search.ts'
import { modelId } from '../../scripts/demo/story.ts'
import { systemRandom } from '../../shared/adapters/world.ts'
import { type CallFacts, intentEntry, outcomeEntry } from '../../shared/entries/call.ts'
import { putEntry } from '../../shared/entries/put.ts'
import { type EmbeddedWorld, openEmbedded } from '../world/embedded.ts'
import { because, codeOf, type Deciding, deciding } from '../world/governance.ts'

let world: EmbeddedWorld
let deciders: Deciding
let cedar: ReturnType<EmbeddedWorld['raw']>
/** It was given out before the hold. */
let token: string
/** A call of cedar that was answered, one that was refused, and the hold that stood in between. */
let call: { readonly eid: string; readonly outcome: Body }
let refused: string
let hold: string

type Body = Readonly<Record<string, unknown>>

const chat = async (): Promise<string> => {
  const response = await cedar.chat({}, { token })
  await response.text()
  return response.headers.get('x-sallyport-entry') ?? ''
}

const ask = async (login: string, q: string, further = '') =>
  (await deciders.as(login)).get(`/entries?q=${encodeURIComponent(q)}${further}`)

async function page(login: string, q: string, further = ''): Promise<Found> {
  const { status, body } = await ask(login, q, further)
  if (status !== 200) throw new Error(`${q}: ${status} ${JSON.stringify(body)}`)
  return body as Found
}

const eids = async (login: string, q: string): Promise<readonly string[]> =>
  (await page(login, q, '&limit=100')).items.map(({ eid }) => eid)

/** As the gate records a call, without one. */
async function record(): Promise<void> {
  const now = Date.now()
  const intent = intentEntry(facts, { reserve: 1, meters: [] }, now, systemRandom.bytes(16))
  const ended = { ending: 'completed', charge: 1, meters: [] } as const
  for (const one of [intent, outcomeEntry(intent.eid, intent.entry, ended, now)])
    await world.store.write(putEntry(one))
}

const facts = {
  ...{ request: 'r', address: '192.0.2.1', protocol: 'openai', operation: 'chat.completions' },
  ...{
    organisation: 'cedar',
    client: 'client_1',
    tokenId: 't',
    key: 'k',
    model: modelId,
    developer: 'halcyon',
  },
  ...{ grant: 'g', agreement: { id: 'a', digest: 'd' }, purpose: 'p', clauses: [] },
} as const satisfies CallFacts

/** What is acknowledged has its place within seconds; a search is of what has. */
async function placed(q: string): Promise<string> {
  for (let left = 300; left > 0; left--) {
    const [eid] = await eids('ada', q)
    if (eid !== undefined) return eid
    await new Promise(resolve => setTimeout(resolve, 100))
  }
  throw new Error(`nothing is found by ${q}`)
}

beforeAll(async () => {
  world = await openEmbedded()
  deciders = deciding(world)
  cedar = world.raw('cedar')
  token = await cedar.token()
  const eid = await chat()
  const scope = { organisation: 'cedar', model: modelId }
  const made = await deciders.make('ada', '/holds', { scope, ...because() })
  hold = made.entry
  await chat()
  for (const one of [`${eid}.outcome`, hold]) await placed(`entry:${one}`)
  refused = await placed('code:hold_active type:access')
  const [item] = (await page('priya', `entry:${eid}.outcome`)).items
  call = { eid, outcome: item?.body ?? {} }
  await deciders.make('ada', `/holds/${made.id}/lift`, because(), { on: `/holds/${made.id}` })
}, 120_000)
afterAll(() => world.close())

describe('each key finds what it is said to, and its negation does not', () => {
  const own = (name: string): string => textAt(call.outcome, 'unmapped', name) ?? ''
  test.each<readonly [string, () => string, () => string]>([
    ['time', () => 'time:-1h..now type:outcome', () => `${call.eid}.outcome`],
    ['decision', () => 'decision:refuse type:access', () => refused],
    ['code', () => 'code:hold_active', () => refused],
    ['partner', () => 'partner:cedar type:outcome', () => `${call.eid}.outcome`],
    ['model', () => `model:${modelId} type:intent`, () => call.eid],
    ['client', () => `client:${textAt(call.outcome, 'actor', 'app_uid')}`, () => call.eid],
    ['person', () => 'person:demo-ada,* type:decision', () => hold],
    ['grant', () => `grant:${own('grant')}`, () => call.eid],
    ['agreement', () => `agreement:${textAt(call.outcome, 'unmapped', 'agreement', 'id')}`, () => call.eid],
    ['clause', () => 'clause:quota-1', () => call.eid],
    ['purpose', () => `purpose:${own('purpose')}`, () => call.eid],
    ['type', () => 'type:outcome', () => `${call.eid}.outcome`],
    ['request', () => `request:${own('request')}`, () => call.eid],
    ['charge', () => `charge:${at(call.outcome, 'unmapped', 'charge')}`, () => `${call.eid}.outcome`],
    ['charge', () => 'charge:>0 charge:<=1000000', () => `${call.eid}.outcome`],
    ['ending', () => 'ending:completed', () => `${call.eid}.outcome`],
    ['action', () => 'action:hold.place', () => hold],
    ['action', () => 'action:hold.*', () => hold],
    ['entry', () => `entry:${call.eid},${call.eid},${hold}`, () => call.eid],
  ])('%s', async (key, query, eid) => {
    const q = query()
    const found = await eids('ada', q)
    expect(found).toContain(eid())
    expect(new Set(found).size).toBe(found.length)
    if (key === 'time') return
    const [term = ''] = q.split(' ')
    expect(await eids('ada', `entry:${eid()} -${term}`)).toEqual([])
  })

  test('a value in quotes is that value, whatever stands in it', async () => {
    expect(await eids('ada', `model:"${modelId}" type:"intent"`)).toContain(call.eid)
    expect(await eids('ada', `model:"${modelId}*"`)).toEqual([])
    expect(await eids('ada', String.raw`model:"a \"b\" \\ c,d"`)).toEqual([])
  })

  test('ranges: both ends belong to one, several hold together, and a day is one', async () => {
    const shown = Number(call.outcome.time)
    const at = (ms: number): string => new Date(ms).toISOString()
    const day = at(shown).slice(0, 10)
    const one = `entry:${call.eid}`
    const [first, last] = [at(shown - 60_000), at(shown + 60_000)]
    expect(await eids('ada', `${one} time:${first}..${last}`)).toEqual([call.eid])
    expect(await eids('ada', `${one} time:>=${first} time:<=${last}`)).toEqual([call.eid])
    expect(await eids('ada', `${one} time:<=${at(shown - 60_000)}`)).toEqual([])
    expect(await eids('ada', `${one} time:-24h..${at(shown - 60_000)}`)).toEqual([])
    expect(codeOf(await ask('ada', `${one} time:>=${at(Date.now() + 60_000)}`))).toBe('query_malformed')
    expect(await eids('ada', `${one} time:${day}`)).toEqual([call.eid])
  })

  test('another partner finds none of it, by whichever key', async () => {
    for (const q of ['time:-1h..now', `request:${own('request')}`, `entry:${call.eid}`, 'partner:cedar'])
      expect(await eids('wes', q)).not.toContain(call.eid)
  })
})

test.each<readonly [string, number, number, string]>([
  ['modle:x', 0, 5, 'model'],
  ['type:access freedom', 12, 7, 'no key'],
  ['type:acess', 5, 5, 'access'],
  ['time:yesterday', 5, 9, 'moment'],
  ['time:now..-7d', 0, 13, 'earlier'],
  ['code:"open', 5, 5, 'close'],
  ['charge:many', 7, 4, 'whole number'],
  ['model:a*b', 7, 1, '*'],
  [`${'a'.repeat(4_000)}b`, 4_000, 1, '4,000'],
])('what is wrong with %s is told with its place and what to write', async (q, place, length, word) => {
  const { status, body } = await ask('ada', q)
  expect([status, codeOf({ body })]).toEqual([400, 'query_malformed'])
  expect(at(body, 'errors')).toMatchObject([{ path: 'q', at: place, length }])
  expect(`${textAt(body, 'detail')} ${textAt(body, 'next')}`.toLowerCase()).toContain(word)
})

test.each(['0', '101', '-1', '1e1', ''])('a page of %s entries is none', async limit => {
  expect(codeOf(await ask('ada', 'type:access', `&limit=${limit}`))).toBe('body_malformed')
})

test('a cursor is for whoever it was given to, and for their query: nobody else goes on with it', async () => {
  const q = 'type:access time:-1h..now'
  const { next } = await page('priya', q, '&limit=1')
  expect(codeOf(await ask('ada', q, `&after=${next}`))).toBe('body_malformed')
  expect(codeOf(await ask('priya', `${q} code:*`, `&after=${next}`))).toBe('body_malformed')
  expect(codeOf(await ask('priya', q, `&by=us&after=${next}`))).toBe('body_malformed')
  const priya = await deciders.as('priya')
  expect(codeOf(await priya.get(`/entries?after=${next}`))).toBe('body_malformed')
  const list = await priya.get('/entries?limit=1')
  expect(codeOf(await ask('priya', q, `&after=${textAt(list.body, 'next')}`))).toBe('body_malformed')
})

test.each(['HEAD', 'OPTIONS', 'POST'])('%s of entries shows none of them', async method => {
  const own = await cedar.token({ resource: `${world.issuer}/api` })
  const response = await cedar.call(method, '/api/v1/entries', { token: own })
  expect(response.status).toBeGreaterThanOrEqual(400)
  expect(await response.text()).not.toContain(call.eid)
})

/** ada looks through everybody's, day by day; priya through those of her organisation. */
test.each(['priya', 'ada'])(
  'pages while entries arrive: %s misses none of the tree, and sees none twice',
  async login => {
    const q = 'type:access time:-1h..now'
    let going = true
    const arriving = (async () => {
      while (going) {
        await Promise.all([record(), record()])
        await new Promise(resolve => setTimeout(resolve, 10))
      }
    })()
    try {
      // Searches that begin at whatever moment of a commit.
      for (let round = 0; round < 12; round++) {
        const pages = [await page(login, q, '&limit=3')]
        for (let next = pages[0]?.next ?? null; next !== null; ) {
          const one = await page(login, q, `&limit=60&after=${next}`)
          pages.push(one)
          next = one.next
        }
        const size = pages[0]?.pin.size ?? 0
        const found = pages.flatMap(({ items }) => items)
        const ids = found.map(({ eid }) => eid)
        expect(pages.every(({ pin }) => pin.size === size)).toBe(true)
        expect(ids).toEqual([...new Set(ids)].sort().reverse())
        const all = await world.entries('cedar')
        const accesses = all.filter(({ entry }) => /"kind":"(intent|outcome|refusal)"/.test(entry.body))
        const expected = accesses.filter(({ entry }) => entry.i !== undefined && entry.i < size)
        expect(new Set(ids)).toEqual(new Set(expected.map(({ eid }) => eid)))
      }
    } finally {
      going = false
      await arriving
    }
  },
  120_000,
)
