/** A hold stops exactly those whom its dry run named, from the next request on, until it is lifted. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { at, textAt } from '../../client/json.ts'
import { modelId } from '../../scripts/demo/story.ts'
import { because, codeOf, type Deciding, deciding } from '../world/governance.ts'
import { engagementOf, enrolClient, inDays, modelBody } from '../world/governance-subjects.ts'
import { openWorld } from '../world/open.ts'
import { rawClient } from '../world/raw-client.ts'
import type { World } from '../world/world.ts'

let world: World
let deciders: Deciding
beforeAll(async () => {
  world = await openWorld()
  deciders = deciding(world)
})
afterAll(() => world.close())

interface Attested {
  readonly nationality?: string
  readonly region?: string
}

/** A workload, what is vouched for of it, and a call of it. */
async function workload(admin: string, name: string, attested: Attested) {
  const { client_id, kid, key } = await enrolClient(world, deciders, admin, name)
  const fields = Object.entries(attested).map(([field, value]) => [field, { value, expires_at: inDays(30) }])
  const path = `/clients/${client_id}`
  if (fields.length > 0)
    await deciders.make(
      admin,
      `${path}/attributes`,
      { ...Object.fromEntries(fields), ...because() },
      { on: path },
    )
  const raw = rawClient(world.issuer, { client_id, kid, key, model: modelId })
  return { name, raw, token: await raw.token() }
}

const named = (body: unknown, ...path: readonly string[]): readonly string[] =>
  ((at(body, ...path) ?? []) as readonly { name: string }[]).map(({ name }) => name).toSorted()

test('on a nationality and a model it hits the clients that are attested so; the unattested go on, and are named', async () => {
  const workloads = [
    await workload('priya', 'french-1', { nationality: 'FR' }),
    await workload('priya', 'french-2', { nationality: 'FR', region: 'DE' }),
    await workload('wes', 'french-3', { nationality: 'FR' }),
    await workload('priya', 'german', { nationality: 'DE' }),
    await workload('priya', 'in-france', { region: 'FR' }),
    await workload('wes', 'unknown', {}),
  ]
  /** What each is told: by a token it has already, and when it asks for one. */
  const tried = async () => {
    const answers = await Promise.all(
      workloads.map(async ({ name, raw, token }) => {
        const body = (await (await raw.chat({ max_tokens: 5 }, { token })).json()) as {
          error?: { sallyport?: { code: string } }
        }
        return [name, body.error?.sallyport?.code ?? 'admitted', (await raw.tokenRequest()).status] as const
      }),
    )
    const hit = answers.filter(([, code]) => code !== 'admitted')
    for (const [, code, status] of hit) expect([code, status === 200]).toEqual(['hold_active', false])
    for (const [, code, status] of answers) if (code === 'admitted') expect(status).toBe(200)
    return hit.map(([name]) => name).toSorted()
  }
  expect(await tried()).toEqual([])

  const asked = { scope: { nationality: 'FR', model: modelId }, ...because('An order.', 'legal_order') }
  const dryRun = await deciders.ask('nora', '/holds', { ...asked, dry_run: true })
  expect(dryRun.status).toBe(200)
  const hits = named(dryRun.body, 'effects', 'clients')
  expect(hits).toEqual(['french-1', 'french-2', 'french-3'])
  expect(at(dryRun.body, 'effects', 'client_count')).toBe(3)
  const unattested = named(dryRun.body, 'effects', 'unattested')
  expect(unattested).toEqual(['in-france', 'pump-advisor', 'triage-notes', 'unknown'])
  expect(await tried()).toEqual([])

  const { id, entry } = await deciders.make('nora', '/holds', asked)
  expect(await tried()).toEqual(hits)
  // What was shown is kept with it.
  const path = `/holds/${id}`
  const placed = await deciders.read('nora', path)
  expect(named(placed?.body, 'effects', 'clients')).toEqual(hits)
  expect(named(placed?.body, 'effects', 'unattested')).toEqual(unattested)
  const recorded = await deciders.read('nora', `/entries/${entry}`)
  expect(at(recorded?.body, 'body', 'unmapped', 'shown')).toBe(textAt(placed?.body, 'shown'))

  await deciders.make('nora', `${path}/lift`, because(), { on: path })
  expect(await tried()).toEqual([])
  expect(textAt((await deciders.read('nora', path))?.body, 'state')).toBe('lifted')
})

test('names a case or an order, unless it is only looked at', async () => {
  const asked = { scope: { region: 'FR' }, reason: { code: 'other', text: 'No case is named.' } }
  const refused = await deciders.ask('nora', '/holds', asked)
  expect([refused.status, codeOf(refused)]).toEqual([400, 'body_malformed'])
  expect(at(refused.body, 'errors')).toEqual([
    {
      path: 'reason.reference',
      message: 'reason.reference: a hold names a case or an order: give its reference',
    },
  ])
  expect((await deciders.ask('nora', '/holds', { ...asked, break_glass: true })).status).toBe(400)
  expect((await deciders.ask('nora', '/holds', { ...asked, dry_run: true })).status).toBe(200)
})

test('two at once: the one that is lifted does not let go whom the other stops', async () => {
  const cedar = world.raw('cedar')
  const token = await cedar.token()
  const status = async () => (await cedar.chat({ max_tokens: 5 }, { token })).status
  const scope = { organisation: 'cedar' }
  const ours = await deciders.make('ada', '/holds', { scope, ...because() })
  const theirs = await deciders.make('nora', '/holds', { scope, ...because() })
  expect(await status()).toBe(403)
  await deciders.make('ada', `/holds/${ours.id}/lift`, because(), { on: `/holds/${ours.id}` })
  expect(await status()).toBe(403)
  // The other side's is not one's own to lift.
  const other = await deciders.ask('ada', `/holds/${theirs.id}/lift`, because(), { ifMatch: 1 })
  expect(other.status).toBe(403)
  await deciders.make('nora', `/holds/${theirs.id}/lift`, because(), { on: `/holds/${theirs.id}` })
  expect(await status()).toBe(200)
})

test('on a model alone it is its developer’s; of another model’s it stops nothing', async () => {
  await deciders.make('ada', '/models', modelBody('quiet', await engagementOf(deciders, ['quiet'])))
  const cedar = world.raw('cedar')
  const token = await cedar.token()
  const status = async () => (await cedar.chat({ max_tokens: 5 }, { token })).status
  const refused = await deciders.ask('nora', '/holds', { scope: { model: modelId }, ...because() })
  expect([refused.status, textAt(refused.body, 'code')]).toEqual([403, 'role_missing'])
  await deciders.make('ada', '/holds', { scope: { model: 'quiet' }, ...because() })
  expect(await status()).toBe(200)
  const { id } = await deciders.make('ada', '/holds', { scope: { model: modelId }, ...because() })
  expect(await status()).toBe(403)
  await deciders.make('boris', `/holds/${id}/lift`, because(), { on: `/holds/${id}` })
  expect(await status()).toBe(200)
})

test('whoever it hits without naming them is told, sees their own part of it, and appeals it', async () => {
  const { make, read, ask } = deciders
  await workload('priya', 'spanish-1', { nationality: 'ES' })
  await workload('priya', 'spanish-2', { nationality: 'ES' })
  const abroad = await workload('wes', 'spanish-3', { nationality: 'ES' })
  const scope = { nationality: 'ES', model: modelId }
  const words = 'Known to the deciders alone.'
  const asked = { scope, reason: { code: 'legal_order', text: words, reference: 'order 3', sealed: true } }
  const { id, entry } = await make('nora', '/holds', asked)
  const path = `/holds/${id}`

  for (const [who, clients] of [
    ['priya', 2],
    ['wes', 1],
  ] as const) {
    const hold = await read(who, path)
    expect(at(hold?.body, 'scope')).toEqual(scope)
    expect(at(hold?.body, 'hit')).toEqual({ clients, people: 0 })
    expect(at(hold?.body, 'effects')).toBeNull()
    expect(JSON.stringify(hold?.body)).not.toContain(words)
    const listed = at((await read(who, '/holds'))?.body, 'items') as readonly { id: string }[]
    expect(listed.map(one => one.id)).toContain(id)
    const told = at((await read(who, '/inbox'))?.body, 'items') as readonly { entry: string; type: string }[]
    expect(told.filter(one => one.entry === entry).map(({ type }) => type)).toEqual(['hold.placed'])
    // Of others that it hits, neither the name nor the number.
    const recorded = await read(who, `/entries/${entry}`)
    const organisation = who === 'priya' ? 'cedar' : 'prairie'
    expect(at(recorded?.body, 'body', 'unmapped', 'hit')).toEqual([{ organisation, clients, people: 0 }])
    expect(at(recorded?.body, 'body', 'unmapped', 'effects')).toBeUndefined()
    expect(JSON.stringify(recorded?.body)).not.toContain(words)
  }
  // Whoever decides reads the whole, but for whom it hits of each.
  expect(at((await read('nora', path))?.body, 'effects', 'client_count')).toBe(3)
  expect(at((await read('nora', path))?.body, 'hit')).toBeNull()

  const appealed = await ask('priya', '/appeals', { entry, text: 'They are attested wrongly.' })
  expect(appealed.status).toBe(201)
  const again = await ask('sam', '/appeals', { entry, text: 'Once more.' })
  expect([403, 409]).toContain(again.status)
  const other = await ask('wes', '/appeals', { entry, text: 'Ours too.' })
  expect(other.status).toBe(201)
  expect(textAt(other.body, 'id')).not.toBe(textAt(appealed.body, 'id'))
  expect(at((await read('wes', `/appeals/${textAt(appealed.body, 'id')}`))?.body, 'id')).toBeUndefined()

  const uphold = `/appeals/${textAt(appealed.body, 'id')}`
  await make('nora', `${uphold}/uphold`, because(), { on: uphold, with: 'ada' })
  expect(textAt((await read('wes', path))?.body, 'state')).toBe('lifted')
  expect((await abroad.raw.tokenRequest()).status).toBe(200)
  // The others that it hit are told that it is over.
  const told = at((await read('wes', '/inbox'))?.body, 'items') as readonly { type: string }[]
  expect(told[0]?.type).toBe('hold.lifted')
  expect(told.map(({ type }) => type)).not.toContain('appeal.upheld')
})

test('of a whole organisation that a mission hangs on takes two people, or an emergency', async () => {
  const { make, ask } = deciders
  const grant = `/grants/${world.grant('prairie')}`
  const wanted = { mission_continuity: true, ...because() }
  await make('ada', `${grant}/continuity`, wanted, { on: grant, with: 'nora' })
  const scope = { organisation: 'prairie' }
  const refused = await ask('nora', '/holds', { scope, ...because() })
  expect([refused.status, textAt(refused.body, 'code')]).toEqual([403, 'approval_required'])
  expect(textAt(refused.body, 'detail')).toContain(world.grant('prairie'))
  const emergency = await make('nora', '/holds', { scope, break_glass: true, ...because() })
  const path = `/holds/${emergency.id}`
  await make('nora', `${path}/lift`, because(), { on: path })
  // Of a person or a client of theirs it stops no more than them.
  const narrow = await make('nora', '/holds', { scope: { ...scope, region: 'ES' }, ...because() })
  await make('nora', `/holds/${narrow.id}/lift`, because(), { on: `/holds/${narrow.id}` })
})
