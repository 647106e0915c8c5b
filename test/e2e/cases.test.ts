/** A case and a saved search on the command line, from the call that somebody looks into to who is shown what of it. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { listAt } from '../../client/cli/facts.ts'
import { at, textAt } from '../../client/json.ts'
import { openWorld } from '../world/open.ts'
import { type TerminalPeople, terminalPeople } from '../world/terminal-people.ts'
import type { World } from '../world/world.ts'

let world: World
let people: TerminalPeople
/** Of a call of cedar's. */
let eid: string
let opened: string
beforeAll(async () => {
  world = await openWorld()
  people = terminalPeople(world)
  const response = await world.raw('cedar').chat()
  await response.text()
  eid = response.headers.get('x-sallyport-entry') ?? ''
  opened = textAt(await people.json('priya', 'case', 'open', 'Calls at night'), 'subject', 'id') ?? ''
})
afterAll(() => world.close())

const get = (login: string) => people.json(login, 'case', 'get', opened)

test('people of one organisation gather entries and notes, and each is told what the entries say', async () => {
  expect((await people.as('sam', 'case', 'add', opened, eid, '--note', 'The first of them.')).code).toBe(0)
  expect((await people.as('priya', 'case', 'note', opened, '--text', 'They began at ten.')).code).toBe(0)
  for (const login of ['priya', 'sam'])
    expect(await get(login)).toMatchObject({
      ...{ title: 'Calls at night', organisation: 'cedar', state: 'open', entry_count: 1, note_count: 1 },
      entries: [{ eid, sentence: expect.stringContaining('cedar'), note: 'The first of them.' }],
      notes: [{ number: 1, text: 'They began at ten.', by: { name: 'Priya Nair' } }],
    })
  const { out } = await people.as('sam', 'case', 'get', opened)
  expect(out).toContain('“The first of them.”')
})

test('nobody else finds it: neither who decides about them, nor who audits their model', async () => {
  for (const login of ['ada', 'nora', 'ida', 'wes', 'tess']) {
    const { code, err } = await people.as(login, 'case', 'get', opened)
    expect([login, code, err.includes('record_unknown')]).toEqual([login, 7, true])
    expect(await people.json(login, 'case', 'list')).toEqual([])
  }
})

test('the log holds who did what, and none of the words', async () => {
  const search = async (login: string) =>
    listAt(await people.json(login, 'log', 'search', 'action:case.*')).map(one => at(one, 'body'))
  let bodies: readonly unknown[] = []
  // Each has its place in the tree before it is found.
  while (bodies.length < 3) {
    bodies = await search('priya')
    await new Promise(resolve => setTimeout(resolve, 200))
  }
  const actions = bodies.map(body => textAt(body, 'unmapped', 'action'))
  expect(actions.toSorted()).toEqual(['case.add', 'case.note', 'case.open'])
  for (const words of ['Calls at night', 'The first of them', 'began at ten'])
    expect(JSON.stringify(bodies)).not.toContain(words)
  for (const login of ['ada', 'nora']) expect([login, await search(login)]).toEqual([login, []])
})

test('once it is closed nothing more is put into it', async () => {
  const why = ['--reason', 'operational', '--text', 'It is explained.']
  expect((await people.as('priya', 'case', 'close', opened, ...why)).code).toBe(0)
  const { code, err } = await people.as('sam', 'case', 'note', opened, '--text', 'One more.')
  expect([code, err.includes('state_forbids')]).toEqual([1, true])
  expect(at(await get('sam'), 'state')).toBe('closed')
})

test('a search that is saved for the organisation is used and narrowed by a colleague, and by nobody else', async () => {
  const saved = ['log', 'search', '--save', 'Calls', '--shared', 'type:access', 'time:-1h..now']
  expect((await people.as('priya', ...saved)).code).toBe(0)
  const used = await people.as('sam', 'log', 'search', '--view', 'Calls', 'client:*')
  expect([used.code, used.err.replaceAll(/\s+/g, ' ')]).toEqual([
    0,
    expect.stringContaining('The query is type:access time:-1h..now client:*'),
  ])
  expect((await people.as('ada', 'log', 'search', '--view', 'Calls')).code).toBe(7)
  expect((await people.as('sam', 'log', 'views', 'remove', 'Calls')).code).toBe(5)
  expect((await people.as('priya', 'log', 'views', 'remove', 'Calls')).code).toBe(0)
  expect(await people.json('sam', 'log', 'views')).toEqual([])
})

test('how the log stands is told to whoever may read it, and is no failure where it is whole', async () => {
  const { code, out } = await people.as('sam', 'log', 'status')
  expect(code).toBe(0)
  for (const name of ['log', 'checkpoint', 'pending', 'gaps', 'clocks'])
    expect(out).toMatch(new RegExp(`^${name} +\\S`, 'm'))
  expect(out).not.toContain('HALTED')
})
