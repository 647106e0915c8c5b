/** People sign in at their organisation's provider; every request is judged by the records as they stand then. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createPersonGateway, type PersonGateway } from '../../client/index.ts'
import { at, textAt } from '../../client/json.ts'
import type { PersonSession } from '../../client/session.ts'
import { people, phishingResistant, subjectOf } from '../../scripts/demo/people.ts'
import { demoClientId, startDemoProvider } from '../../scripts/demo/provider.ts'
import { entriesOf, told } from '../world/entries.ts'
import {
  because,
  codeOf,
  type Deciding,
  deciding,
  demoPeople,
  signIn,
  startSession,
} from '../world/governance.ts'
import { personId } from '../world/governance-subjects.ts'
import { openWorld } from '../world/open.ts'
import type { World } from '../world/world.ts'

let world: World
let deciders: Deciding
let sam: string
beforeAll(async () => {
  world = await openWorld()
  deciders = deciding(world)
  sam = `/people/${await personId(deciders, 'priya', 'Sam Ortiz')}`
})
afterAll(() => world.close())

const me = async (gateway: PersonGateway): Promise<string> => {
  const answer = await gateway.get('/me')
  return answer.status === 200
    ? (textAt(answer.body, 'person', 'name') ?? '')
    : `${answer.status} ${codeOf(answer)}`
}
const signInError = (login: string): Promise<string> =>
  signIn(world, login).then(
    () => 'signed in',
    (error: { code?: string }) => error.code ?? 'failed',
  )

test('everybody of the demo is who their provider says, with the roles that the records have', async () => {
  for (const { login, organisation, roles } of world.live ? demoPeople : demoPeople.slice(0, 2)) {
    const { body } = await (await deciders.as(login)).get('/me')
    expect(body).toMatchObject({ person: { organisation }, roles })
  }
})

test('the use notice stands before the sign-in, and its acknowledgement in the entry', async () => {
  const before = new Set((await entriesOf(world.store, 'cedar')).map(({ eid }) => eid))
  await signIn(world, 'sam')
  const entries = (await entriesOf(world.store, 'cedar', before)).map(({ entry }) => told(entry))
  const signedIn = entries.filter(one => one.kind === 'sign_in')
  expect(signedIn).toHaveLength(1)
  const acknowledged = entries.find(one => one.kind === 'notice')
  expect(acknowledged).toMatchObject({
    session: signedIn[0]?.session,
    notice: expect.stringMatching(/^[A-Za-z0-9_-]{43}$/),
  })
  expect(signedIn[0]?.notice).toBe(acknowledged?.notice)
  expect(JSON.stringify(entries)).not.toContain('refresh_token')
})

test('a sign-in that is not fresh stops, and does not approve, sign, or let go on', async () => {
  const stale = await signIn(world, 'boris', { ago: 3_600 })
  const fresh = await deciders.as('priya')
  const version = (await deciders.read('priya', sam))?.version
  const { body } = await fresh.post(`${sam}/roles`, { roles: [], ...because() }, { ifMatch: version })
  const proposal = `/proposals/${textAt(body, 'proposal', 'id')}`
  const approved = await stale.post(`${proposal}/approve`, {}, { ifMatch: 1 })
  expect([approved.status, codeOf(approved)]).toEqual([401, 'fresh_sign_in_required'])
  expect(textAt((await deciders.read('priya', proposal))?.body, 'state')).toBe('open')
  for (const [path, what] of [
    ['/models/aurora-preview/resume', {}],
    ['/partners/cedar/reinstate', {}],
    ['/rules/change', { rules: { proposal_hours: 48 } }],
  ] as const) {
    const answer = await stale.post(path, { ...what, ...because() }, { ifMatch: 1 })
    expect(['fresh_sign_in_required', 'state_forbids', 'version_stale']).toContain(codeOf(answer))
  }
  const declined = await stale.post(`${proposal}/decline`, because(), { ifMatch: 1 })
  expect(textAt(declined.body, 'state')).toBe('declined')
  const suspended = await stale.post(`${sam}/suspend`, because(), { ifMatch: version })
  expect([suspended.status, textAt(suspended.body, 'step')]).toEqual([200, 'applied'])
  await deciders.make('ada', `${sam}/reinstate`, because(), { on: sam, with: 'nora' })
})

describe('what was decided about somebody counts from their next request on', () => {
  test('a suspension: no request, no refresh, no sign-in; and all of it again once it ends', async () => {
    const session = await startSession({ issuer: world.issuer, login: 'sam' })
    const gateway = createPersonGateway({ issuer: world.issuer, session })
    expect(await me(gateway)).toBe('Sam Ortiz')
    await deciders.make('boris', `${sam}/suspend`, because(), { on: sam })
    expect(await me(gateway)).toBe('403 person_suspended')
    expect(await me(refreshing(session))).toMatch(/^40\d (person_suspended|session_ended|access_denied)$/)
    expect(await signInError('sam')).toBe('access_denied')
    await deciders.make('ada', `${sam}/reinstate`, because(), { on: sam, with: 'nora' })
    expect(await me(gateway)).toBe('Sam Ortiz')
  })

  test('roles: those of the records, not those of the day of the sign-in', async () => {
    const gateway = await signIn(world, 'sam')
    expect((await gateway.get('/clients')).status).toBe(200)
    await deciders.make(
      'priya',
      `${sam}/roles`,
      { roles: ['partner-admin'], ...because() },
      { on: sam, with: 'ada' },
    )
    const ticket = { kind: 'enrol', name: 'x', client: 'workload', dry_run: true, ...because() }
    expect((await gateway.post('/clients/tickets', ticket)).status).toBe(200)
    await deciders.make('priya', `${sam}/roles`, { roles: [], ...because() }, { on: sam, with: 'ada' })
    expect(codeOf(await gateway.post('/clients/tickets', ticket))).toBe('role_missing')
    expect(at((await gateway.get('/clients')).body, 'items')).toEqual([])
    await deciders.make(
      'priya',
      `${sam}/roles`,
      { roles: ['partner-user'], ...because() },
      { on: sam, with: 'ada' },
    )
  })

  test('a hold on a person stops them, and nobody else', async () => {
    const gateway = await signIn(world, 'sam')
    const scope = { person: sam.split('/').at(-1) }
    const { id } = await deciders.make('nora', '/holds', { scope, ...because() })
    expect(await me(gateway)).toBe('403 hold_active')
    expect(await signInError('sam')).toBe('access_denied')
    expect(await me(await deciders.as('priya'))).toBe('Priya Nair')
    await deciders.make('nora', `/holds/${id}/lift`, because(), { on: `/holds/${id}` })
    expect(await me(gateway)).toBe('Sam Ortiz')
  })
})

/** As the same session looks to another tab, or after its first token has ended. */
function refreshing({ first: _, ...session }: PersonSession): PersonGateway {
  return createPersonGateway({ issuer: world.issuer, session })
}

describe('a session', () => {
  test('serves several tabs at once, and all of them end with it', async () => {
    const session = await startSession({ issuer: world.issuer, login: 'lena' })
    const tabs = [refreshing(session), refreshing(session), refreshing(session)]
    expect(await Promise.all(tabs.map(me))).toEqual(['Lena Fox', 'Lena Fox', 'Lena Fox'])
    const other = await signIn(world, 'lena')
    await tabs[0]?.end()
    for (const tab of tabs) expect(await me(tab)).toBe('401 session_ended')
    expect(await me(refreshing(session))).toMatch(/^40[01] /)
    expect(await me(other)).toBe('Lena Fox')
  })

  test('is ended from elsewhere by its owner, and by their administrator, with an entry', async () => {
    const [first, second] = [await signIn(world, 'lena'), await signIn(world, 'lena')]
    const own = textAt((await first.get('/me')).body, 'session', 'id')
    const ended = await second.post(`/me/sessions/${own}/end`)
    expect(await me(first)).toBe('401 session_ended')
    const again = await second.post(`/me/sessions/${own}/end`)
    expect(codeOf(again)).toBe('state_forbids')
    const entry = await deciders.read('wes', `/entries/${textAt(ended.body, 'entry')}`)
    expect(JSON.stringify(entry?.body)).toContain(own)
    const lena = textAt((await second.get('/me')).body, 'person', 'id')
    const left = textAt((await second.get('/me')).body, 'session', 'id')
    expect((await deciders.ask('wes', `/people/${lena}/sessions/${left}/end`)).status).toBe(200)
    expect(await me(second)).toBe('401 session_ended')
  })
})

test('where an organisation’s provider moves, its sessions end, and only who moves signs in', async () => {
  const provider = await startDemoProvider({ port: 0, issuerOfSallyport: world.issuer, people })
  try {
    const before = await signIn(world, 'wes')
    const path = '/organisations/prairie'
    const change = {
      provider: {
        issuer: provider.issuer,
        client_id: demoClientId,
        authentication: 'private_key_jwt',
        phishing_resistant: { acr: [phishingResistant], amr: [] },
      },
      moves: [{ person: await personId(deciders, 'wes', 'Wes Tran'), subject: subjectOf('wes') }],
    }
    await deciders.make('ada', `${path}/provider`, { ...change, ...because() }, { on: path, with: 'nora' })
    expect(await me(before)).toBe('401 session_ended')
    expect(await me(await signIn(world, 'wes'))).toBe('Wes Tran')
    expect(await signInError('lena')).toBe('access_denied')
  } finally {
    await provider.close()
  }
})
