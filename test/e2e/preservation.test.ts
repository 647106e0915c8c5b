/** What is kept of the log, what is handed over, and what is deleted, from the command line to the entries themselves. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { at, textAt } from '../../client/json.ts'
import { keys } from '../../shared/domain/keys.ts'
import { timeOfEntry } from '../../shared/entries/id.ts'
import { entriesOf } from '../world/entries.ts'
import { because, codeOf, type Deciding, deciding } from '../world/governance.ts'
import { evidenceOfCedar } from '../world/governance-evidence.ts'
import { openWorld } from '../world/open.ts'
import type { World } from '../world/world.ts'

let world: World
let deciders: Deciding
beforeAll(async () => {
  world = await openWorld()
  deciders = deciding(world)
})
afterAll(() => world.close())

async function eventually<T>(look: () => Promise<T | undefined>, ms = 240_000): Promise<T> {
  const until = Date.now() + ms
  for (;;) {
    const found = await look()
    if (found !== undefined) return found
    await world.export()
    if (Date.now() > until) throw new Error('it did not come to it in time')
    await new Promise(resolve => setTimeout(resolve, 500))
  }
}

const entryOf = async (eid: string) => (await world.store.get([keys.entry(eid)]))[0]

describe('an order', () => {
  test('keeps what it covers, tells no partner, and is lifted by two organisations', async () => {
    // The oldest, of how the partner came to be: it has its place, and a moment at which the table would let go of it.
    const [{ eid } = { eid: '' }] = await entriesOf(world.store, 'cedar')
    await eventually(async () => (await entryOf(eid))?.exp)
    // What is younger than half a minute is looked at an hour later.
    await new Promise(resolve => setTimeout(resolve, timeOfEntry(eid) + 42_000 - Date.now()))
    const { id } = await deciders.make('ada', '/preservations', { query: 'partner:cedar', ...because() })
    const on = `/preservations/${id}`
    await eventually(async () => textAt((await deciders.read('nora', on))?.body, 'kept_until'))
    expect((await entryOf(eid))?.exp).toBeUndefined()
    expect(await deciders.read('priya', on)).toBeUndefined()
    expect(await deciders.list('priya', '/preservations')).toEqual([])

    await deciders.make('nora', `${on}/lift`, because(), { on, with: 'ada' })
    await eventually(async () => textAt((await deciders.read('ada', on))?.body, 'freed_at'))
    expect((await entryOf(eid))?.exp).toBeGreaterThan(Date.now() / 1000)
  }, 600_000)
})

describe('evidence', () => {
  test('is made with the second signature, fetched by whoever asked, and its receipt attested once', async () => {
    const asked = await deciders.ask('ada', '/evidence', { ...evidenceOfCedar(), ...because() })
    const id = textAt(asked.body, 'subject', 'id') ?? ''
    const on = `/evidence/${id}`
    expect([asked.status, await deciders.read('ada', on)]).toEqual([202, undefined])
    const proposal = `/proposals/${textAt(asked.body, 'proposal', 'id')}`
    expect((await deciders.ask('nora', `${proposal}/approve`, {}, { ifMatch: 1 })).status).toBe(200)
    const sha256 = await eventually(async () =>
      textAt((await deciders.read('nora', on))?.body, 'export', 'sha256'),
    )
    expect(await deciders.read('priya', on)).toBeUndefined()
    const seen = await deciders.read('nora', on)
    const receipt = { reference: 'FD-597', sha256, received_at: new Date().toISOString(), ...because() }
    const attest = () => deciders.ask('nora', `${on}/receipt`, receipt, { ifMatch: seen?.version ?? 0 })
    expect((await attest()).status).toBe(200)
    const after = await deciders.read('ada', on)
    expect(textAt(after?.body, 'receipt', 'jws')?.split('.').length).toBe(3)
    expect(codeOf(await attest())).toBe('state_forbids')
    const listed = (await deciders.list('ada', '/exports')).map(one => at(one, 'id'))
    expect(listed).toContain(textAt(after?.body, 'export', 'id'))
  }, 600_000)
})

test('what is younger than it is kept is deleted by nobody', async () => {
  for (const back of [0, 1, 2]) {
    const now = new Date()
    const month = new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() - back)).toISOString().slice(0, 7)
    const asked = await deciders.ask('ada', '/log/deletions', { month, ...because() })
    expect([month, codeOf(asked)]).toEqual([month, 'state_forbids'])
  }
})
