/** Who approves is the person of the verified token: nothing else in a request says who somebody is. */
import { generateKeyPair, SignJWT } from 'jose'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { at, textAt } from '../../client/json.ts'
import type { PersonSession } from '../../client/session.ts'
import type { DemoProvider } from '../../scripts/demo/provider.ts'
import { keys } from '../../shared/domain/keys.ts'
import { signAccessToken } from '../../shared/oauth/access-token.ts'
import {
  because,
  codeOf,
  type Deciding,
  deciding,
  openSecondSide,
  startSession,
} from '../world/governance.ts'
import { openWorld } from '../world/open.ts'
import { type RawPerson, rawPerson } from '../world/raw-person.ts'
import type { World } from '../world/world.ts'

let world: World
let deciders: Deciding
let secondSide: DemoProvider
let proposal: string
/** The proposal as it was before anybody tried. */
let opened: unknown
beforeAll(async () => {
  world = await openWorld()
  deciders = deciding(world)
  secondSide = await openSecondSide(world, deciders)
  const { body } = await deciders.make('ada', '/partners/cedar/revoke', because(), { on: '/partners/cedar' })
  proposal = `/proposals/${textAt(body, 'proposal', 'id')}`
  opened = (await deciders.read('boris', proposal))?.body
})
afterAll(async () => {
  expect((await deciders.read('boris', proposal))?.body).toEqual(opened)
  expect(textAt((await deciders.read('boris', '/partners/cedar'))?.body, 'state')).toBe('active')
  await world.close()
  await secondSide.close()
})

const session = (login: string): Promise<PersonSession> => startSession({ issuer: world.issuer, login })
const approve = (by: RawPerson, options: Parameters<RawPerson['call']>[2] = {}): Promise<Response> =>
  by.call('POST', `/api/v1${proposal}/approve`, {
    body: {},
    ...options,
    headers: { 'if-match': '"1"', ...options.headers },
  })
async function refused(response: Response): Promise<string> {
  const body = (await response.json()) as { code?: string }
  return `${response.status} ${body.code}`
}

/** The proposer herself, who would be somebody else. */
describe('a request that names another approver', () => {
  const nora = { person: 'person_nora', name: 'Nora Quill', organisation: 'ofr', role: 'nsa-admin' }

  test.each([
    ['approver', 'Nora Quill'],
    ['approved_by', 'Nora Quill'],
    ['person', 'person_nora'],
    ['signature', nora],
    ['signatures', [nora]],
    ['role', 'nsa-admin'],
    ['roles', ['nsa-admin']],
    ['organisation', 'ofr'],
    ['on_behalf_of', 'nora'],
    ['session', 'session_nora'],
    ['state', 'applied'],
    ['__proto__', nora],
  ])('in the field %s of the body is refused for it', async (field, value) => {
    // By text: a literal of this name would set the prototype and send nothing.
    const body: unknown = JSON.parse(`{${JSON.stringify(field)}: ${JSON.stringify(value)}}`)
    for (const login of ['ada', 'tess']) {
      const answer = await deciders.ask(login, `${proposal}/approve`, body, { ifMatch: 1 })
      expect(`${answer.status} ${codeOf(answer)}`).toBe('400 field_not_allowed')
    }
  })

  test.each([
    'x-user',
    'x-user-id',
    'x-forwarded-user',
    'x-remote-user',
    'remote-user',
    'x-person',
    'x-organisation',
    'x-role',
    'x-on-behalf-of',
    'x-amzn-oidc-identity',
    'x-forwarded-email',
    'x-original-authorization',
    'cookie',
  ])('in the header %s is still herself', async header => {
    const answer = await deciders.ask(
      'ada',
      `${proposal}/approve`,
      {},
      {
        ifMatch: 1,
        headers: { [header]: 'nora' },
      },
    )
    expect(`${answer.status} ${codeOf(answer)}`).toBe('403 own_proposal')
  })

  test.each(['approver', 'person', 'as', 'access_token'])(
    'in the query’s %s is refused for it',
    async name => {
      const answer = await deciders.ask('ada', `${proposal}/approve?${name}=nora`, {}, { ifMatch: 1 })
      expect(`${answer.status} ${codeOf(answer)}`).toBe('400 field_not_allowed')
    },
  )
})

describe('a token that is not that of a person who is signed in', () => {
  const ring = async () => {
    const [found] = await world.store.get([keys.keyRing])
    const key = found?.keys.at(-1)
    if (key === undefined) throw new Error('no signing key')
    return key
  }
  const signed = async (claims: object) => signAccessToken(claims as never, await world.signer(await ring()))

  test('of a session that was ended', async () => {
    const omar = await session('omar')
    const raw = rawPerson(omar)
    const ended = await raw.call('POST', `/api/v1/me/sessions/${raw.claims.session}/end`)
    expect(ended.status).toBe(200)
    expect(await refused(await approve(raw))).toBe('401 session_ended')
  })

  test('that has expired, or is another session’s or another person’s by its claims', async () => {
    const omar = rawPerson(await session('omar'))
    const ada = rawPerson(await session('ada'))
    const { claims } = omar
    const past = Math.floor(Date.now() / 1000) - 1
    const cases: readonly (readonly [string, object])[] = [
      ['401 token_expired', { ...claims, exp: past }],
      ['401 session_ended', { ...claims, session: 'session_none' }],
      ['401 session_ended', { ...claims, session: ada.claims.session }],
      ['403 person_suspended', { ...claims, sub: ada.claims.sub }],
      ['403 person_suspended', { ...claims, organisation: 'halcyon' }],
      ['403 person_suspended', { ...claims, sub: 'person_none' }],
    ]
    for (const [code, forged] of cases)
      expect([code, await refused(await approve(omar, { token: await signed(forged) }))]).toEqual([
        code,
        code,
      ])
  })

  test('that its owner has revoked', async () => {
    const omar = rawPerson(await session('omar'))
    await world.store.write({
      kind: 'put',
      key: keys.revokedToken(String(omar.claims.jti)),
      item: { by: 'test', exp: Math.floor(Date.now() / 1000) + 900 },
    })
    expect(await refused(await approve(omar))).toBe('401 token_revoked')
  })

  test('that was signed with a key that is compromised', async () => {
    const omar = rawPerson(await session('omar'))
    const { kid } = await ring()
    const compromised = ['compromised', kid] as const
    await world.store.write({
      kind: 'update',
      key: keys.standing,
      change: { set: [[compromised, Date.now()]] },
    })
    try {
      expect(await refused(await approve(omar))).toBe('401 key_compromised')
    } finally {
      await world.store.write({ kind: 'update', key: keys.standing, change: { remove: [compromised] } })
    }
  })

  test('of another issuer with the same subject, also in the name of our key', async () => {
    const omar = rawPerson(await session('omar'))
    const { privateKey } = await generateKeyPair('ES256')
    const { kid } = await ring()
    const foreign = (header: object, claims: object) =>
      new SignJWT({ ...omar.claims, ...claims })
        .setProtectedHeader({ alg: 'ES256', typ: 'at+jwt', ...header })
        .sign(privateKey)
    const elsewhere = { iss: 'https://elsewhere.example' }
    for (const token of [
      await foreign({ kid: 'theirs' }, elsewhere),
      await foreign({ kid }, elsewhere),
      await foreign({ kid }, {}),
      await signed({ ...omar.claims, ...elsewhere }),
      await signed({ ...omar.claims, aud: `${world.issuer}/models/aurora-preview` }),
    ])
      expect(await refused(await approve(omar, { token }))).toBe('401 token_invalid')
  })

  test('that is presented with another key, or as a bearer token', async () => {
    const omar = rawPerson(await session('omar'))
    const boris = await session('boris')
    expect(await refused(await approve(omar, { key: boris.proofKey }))).toBe('401 proof_invalid')
    const bearer = await approve(omar, { headers: { authorization: `Bearer ${omar.token}` } })
    expect(bearer.status).toBe(401)
  })

  test('of a workload: it is no person, and a person’s is no workload’s', async () => {
    const cedar = world.raw('cedar')
    const token = await cedar.token({ resource: `${world.issuer}/api` })
    const answer = await cedar.call('POST', `/api/v1${proposal}/approve`, {
      token,
      body: {},
      headers: { 'if-match': '"1"' },
    })
    expect(await refused(answer)).toBe('403 scope_missing')
    const omar = rawPerson(await session('omar'))
    const call = await omar.call('POST', '/openai/v1/chat/completions', {
      body: { model: 'aurora-preview', messages: [] },
    })
    expect(call.status).toBe(401)
  })
})

describe('somebody of the same name at another provider', () => {
  test('is nobody here: what counts is issuer and subject', async () => {
    // The second side's provider knows a `demo-nora` as well.
    const { issuer } = world
    for (const organisation of ['meridian', 'ofr']) {
      const signIn = startSession({ issuer, login: 'nora', organisation })
      if (organisation === 'ofr') expect((await signIn).issuer).toBe(issuer)
      else await expect(signIn).rejects.toMatchObject({ name: 'SignInRefused', code: 'access_denied' })
    }
    // And somebody who is signed in there does not get in through an organisation that is not theirs.
    await expect(startSession({ issuer, login: 'mira', organisation: 'ofr' })).rejects.toThrow()
    await expect(startSession({ issuer, login: 'ada', organisation: 'ofr' })).rejects.toMatchObject({
      code: 'access_denied',
    })
  })

  test('a decision is signed in the name that the records have, whatever a provider says', async () => {
    const made = await deciders.make('mira', '/partners/harbor/suspend', because(), {
      on: '/partners/harbor',
    })
    const { body } = (await deciders.read('mira', `/entries/${made.entry}`)) ?? {}
    expect(at(body, 'body', 'unmapped', 'signatures', '0', 'organisation')).toBe('meridian')
  })
})
