/** A list goes on where it stopped, and its cursor names nothing that whoever asks is not shown. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { textAt } from '../../client/json.ts'
import { type EmbeddedWorld, openEmbedded } from '../world/embedded.ts'
import { because, codeOf, type Deciding, deciding } from '../world/governance.ts'

let world: EmbeddedWorld
let deciders: Deciding
beforeAll(async () => {
  world = await openEmbedded()
  deciders = deciding(world)
}, 60_000)
afterAll(() => world.close())

test('of drafts that their developer alone sees, an office learns neither that they are there nor their ids', async () => {
  for (let i = 0; i < 12; i++)
    await deciders.make('ada', '/agreements', {
      ...{ kind: 'access', counterparty: 'cedar', template: 'sample-access', models: ['aurora-preview'] },
      starts_at: new Date(Date.now() - 86_400_000).toISOString(),
      ends_at: new Date(Date.now() + 86_400_000).toISOString(),
      ...because(),
    })
  const own = (await deciders.list('ada', '/agreements?limit=1')).map(({ id }) => String(id))
  expect(own.length).toBeGreaterThan(12)
  expect(new Set(own).size).toBe(own.length)

  const nora = await deciders.as('nora')
  let path = '/agreements?limit=1'
  for (let page = 0; page < 40; page++) {
    const { body } = await nora.get(path)
    const next = textAt(body, 'next')
    if (next === undefined) break
    const told = `${next}\n${next
      .split('.')
      .map(part => Buffer.from(part, 'base64url').toString())
      .join('\n')}`
    for (const id of own) expect(told).not.toContain(id)
    path = `/agreements?limit=1&after=${next}`
    const ada = await deciders.as('ada')
    expect(codeOf(await ada.get(path))).toBe('body_malformed')
    expect(codeOf(await nora.get(path.replace('/agreements', '/models')))).toBe('body_malformed')
  }
}, 60_000)
