/**
 * A government window, over HTTP alone: the developer offers it, the office takes it, it opens and ends by its own clock.
 * Nothing is swept in between, and nobody does anything.
 */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { at, textAt } from '../../client/json.ts'
import { modelId } from '../../scripts/demo/story.ts'
import { type EmbeddedWorld, openEmbedded } from '../world/embedded.ts'
import { because, codeOf, type Deciding, deciding } from '../world/governance.ts'
import { enrolClient } from '../world/governance-subjects.ts'
import { rawClient } from '../world/raw-client.ts'

/** How long until it opens, and for how long it is open. Milliseconds. */
const ahead = 1_500
const open = 4_000

let world: EmbeddedWorld
let deciders: Deciding
const model = `window-${Date.now()}`
const on = `/models/${model}`
beforeAll(async () => {
  world = await openEmbedded()
  deciders = deciding(world)
  await engage()
})
afterAll(() => world.close())

const day = 86_400_000
const inMs = (ms: number): string => new Date(Date.now() + ms).toISOString()

/** A model of its own, under an engagement of its own, designated by the office. */
async function engage(): Promise<void> {
  const { make, read } = deciders
  const { id: agreement } = await make('ada', '/agreements', {
    kind: 'engagement',
    counterparty: 'ofr',
    template: 'sample-engagement',
    models: [model],
    starts_at: inMs(-day),
    ends_at: inMs(30 * day),
    ...because(),
  })
  const of = `/agreements/${agreement}`
  await make('ada', `${of}/offer`, because(), { on: of })
  const digest = textAt((await read('ada', of))?.body, 'digest')
  for (const login of ['ada', 'nora']) await make(login, `${of}/sign`, { digest, ...because() }, { on: of })
  await make('nora', `${of}/acknowledge`, { digest, ...because() }, { on: of })
  const demo = (await read('ada', `/models/${modelId}`))?.body
  await make('ada', '/models', {
    id: model,
    name: 'A model for a window',
    government: 'ofr',
    agreement,
    upstreams: at(demo, 'upstreams'),
    tokens: at(demo, 'tokens'),
    ...because(),
  })
  await make(
    'nora',
    `${on}/designate`,
    { determination: 'OFR-W-1', signer: 'The director', ...because() },
    { on },
  )
}

const client = async (name: string) =>
  rawClient(world.issuer, { ...(await enrolClient(world, deciders, 'nora', name)), model })

/** The code by which a token is refused, or a call. */
const refusal = (body: unknown): string | undefined =>
  textAt(body, 'sallyport', 'code') ?? textAt(body, 'error', 'sallyport', 'code') ?? textAt(body, 'code')

/** Of a token for this very model. */
const tokenRefused = async (from: ReturnType<typeof rawClient>): Promise<string | undefined> => {
  const resource = `${world.issuer}/models/${model}`
  return refusal(await (await from.tokenRequest({ form: { resource } })).json())
}

const until = (ms: number): Promise<void> =>
  new Promise(resolve => setTimeout(resolve, Math.max(0, ms - Date.now()) + 50))

test('opens by itself for the named client of the office, and ends by itself', async () => {
  const named = await enrolClient(world, deciders, 'nora', 'the named one')
  const bench = rawClient(world.issuer, { ...named, model })
  const other = await client('another one of the office')
  const [opensAt, endsAt] = [Date.now() + ahead, Date.now() + ahead + open]
  const offer = {
    opens_at: new Date(opensAt).toISOString(),
    ends_at: new Date(endsAt).toISOString(),
    clients: [named.client_id],
    limits: { total: 20_000, per_day: 20_000, rpm: 600, burst: 10, streams: 4 },
    ...because(),
  }
  const version = (await deciders.read('nora', on))?.version
  expect(codeOf(await deciders.ask('nora', `${on}/window`, offer, { ifMatch: version }))).toBe('role_missing')
  await deciders.make('ada', `${on}/window`, offer, { on, with: 'nora' })

  expect(await tokenRefused(bench)).toBe('window_closed')

  await until(opensAt)
  expect(textAt((await deciders.read('nora', on))?.body, 'state')).toBe('government_window')
  const token = await bench.token()
  const answer = await bench.chat({ model, stream: true }, { token })
  expect([answer.status, await answer.text()]).toEqual([200, expect.stringContaining('[DONE]')])
  expect(await tokenRefused(other)).toBe('grant_missing')

  // One that is under way does not outlast it.
  await world.script({ pace_ms: 100, tokens: 10_000 })
  const long = await bench.chat({ model, stream: true, max_tokens: 10_000 }, { token })
  const streamed = long.text().catch(() => 'cut')
  await until(endsAt)
  const late = await bench.chat({ model }, { token })
  expect([late.status, refusal(await late.json())]).toEqual([403, 'grant_expired'])
  const cut = await streamed
  expect(cut).not.toContain('[DONE]')
  expect(cut).toContain('grant_expired')
  expect(Date.now() - endsAt).toBeLessThan(3_000)
  expect(await tokenRefused(bench)).toBe('grant_expired')
  expect((await deciders.read('ada', on))?.body).toMatchObject({ state: 'partner_access', window: null })
  await world.script({})
})

test('is recorded by whoever sweeps next, and told in the ledger', async () => {
  await world.sweep()
  const lines = await deciders.list('nora', `${on}/ledger`)
  expect(lines.at(-1)).toMatchObject({ action: 'model.window', by: null, state: 'partner_access' })
  expect(lines[0]).toMatchObject({ action: 'model.engage', state: 'engaged' })
  const entry = await deciders.read('nora', `/entries/${lines.at(-1)?.entry}`)
  expect(entry).toBeDefined()
})
