import fc from 'fast-check'
import { beforeEach, describe, expect, test } from 'vitest'
import { maxWebhooks } from '../../../../functions/governance/organisations/organisation-webhooks.ts'
import { judgeIssuer } from '../../../../functions/governance/organisations/provider-issuer.ts'
import { keys } from '../../../../shared/domain/keys.ts'
import { Refusal } from '../../../../shared/domain/refusal.ts'
import { identityHash } from '../../../../shared/oauth/identity.ts'
import { SecretsUnavailable } from '../../../../shared/ports/keys.ts'
import {
  bodyOf,
  day,
  outcome,
  type PeopleWorld,
  peopleWorld,
  providerBody,
  subjectOf,
  type Who,
} from './people-world.ts'

let world: PeopleWorld
beforeEach(async () => {
  world = await peopleWorld()
})

const other = { ...providerBody, issuer: 'https://other-idp.example' }

describe('organisation.register', () => {
  const register = (who: Who, body: object = {}) =>
    world.call('registerOrganisation', who, {
      body: {
        id: 'harbor',
        name: 'Harbor Models',
        kind: 'developer',
        developer: 'halcyon',
        government: 'ofr',
        ...body,
      },
    })

  test('takes the developer and the office that are named, and has an entry for each', async () => {
    const proposed = await register('ada', { provider: providerBody })
    expect(outcome(proposed)).toBe('proposed')
    expect(outcome(await world.approve('arno', proposed))).toBe('approval_required')
    expect(outcome(await world.approve('nora', proposed))).toBe('applied')
    expect(await world.organisationOf('harbor')).toMatchObject({
      kind: 'developer',
      state: 'active',
      provider: { issuer: providerBody.issuer, clientId: 'sallyport' },
      developers: ['halcyon'],
      governments: ['ofr'],
      rev: 1,
    })
    expect((await world.told('ofr')).toSorted()).toEqual(['organisation.registered', 'proposal.opened'])
  })

  test('whoever registers a developer decides about it until it has an administrator, and no longer', async () => {
    await world.approve('nora', await register('ada', { provider: providerBody }))
    const hal = subjectOf(
      await world.call('addPerson', 'ada', { body: { organisation: 'harbor', name: 'Hal', subject: 'hal' } }),
    )
    const first = await world.person('firstAdmin', 'ada', hal)
    expect(outcome(await world.approve('nora', first))).toBe('applied')
    expect(await world.organisationOf('harbor')).toMatchObject({
      developers: ['harbor'],
      governments: ['ofr'],
    })
    const takeover = { path: { organisation: 'harbor' }, body: { provider: other } }
    expect(outcome(await world.call('setProvider', 'ada', takeover))).toBe('record_unknown')
  })

  test.each([
    ['an id that is taken', { id: 'cedar' }, 'record_exists'],
    ['an id that records use for everybody', { id: 'everyone' }, 'record_exists'],
    ['a developer that is none', { developer: 'cedar' }, 'role_missing'],
    ['an office that is none', { government: 'halcyon' }, 'body_malformed'],
    ['two others', { developer: 'quarry' }, 'role_missing'],
    ['models for a developer', { audits: ['aurora'] }, 'body_malformed'],
    ['a model of another developer', { kind: 'auditor', audits: ['aurora', 'borealis'] }, 'body_malformed'],
    [
      'a provider inside the network',
      { provider: { ...providerBody, issuer: 'https://10.0.0.1' } },
      'body_malformed',
    ],
  ])('refuses %s', async (_, body, code) => {
    expect(outcome(await register('ada', body))).toBe(code)
  })

  test('a partner comes in by its nomination', async () => {
    await expect(register('ada', { kind: 'partner' })).rejects.toThrow('kind')
  })

  test('an auditor gets the models of its engagement', async () => {
    await world.approve('nora', await register('ada', { kind: 'auditor', audits: ['aurora', 'aurora'] }))
    expect(await world.organisationOf('harbor')).toMatchObject({ kind: 'auditor', audits: ['aurora'] })
  })

  test('is for administrators', async () => {
    for (const who of ['sam', 'priya', 'cora', 'ida'] as const)
      expect(['role_missing', 'record_unknown']).toContain(outcome(await register(who)))
  })
})

describe('organisation.provider', () => {
  const set = (who: Who, provider: object, moves?: object, organisation = 'cedar') =>
    world.call('setProvider', who, { path: { organisation }, body: { provider, ...(moves && { moves }) } })

  test('takes two organisations, and sessions count from then on', async () => {
    const proposed = await set('ada', { ...providerBody, client_id: 'new' })
    world.pass(1_000)
    expect(outcome(await world.approve('nora', proposed))).toBe('applied')
    const cedar = await world.organisationOf('cedar')
    expect(cedar.provider?.clientId).toBe('new')
    expect(cedar.sessionsFrom).toBe(world.now())
    expect((await world.personOf('priya')).rev).toBe(1)
  })

  test('at another issuer an administrator has to be able to sign in', async () => {
    expect(await set('ada', other)).toMatchObject({ code: 'body_malformed', facts: { field: 'moves' } })
    const user = [{ person: 'person_sam', subject: 's' }]
    expect(await set('ada', other, user)).toMatchObject({ code: 'body_malformed', facts: { field: 'moves' } })
    expect(outcome(await set('ada', other, [{ person: 'person_priya', subject: 'p' }]))).toBe('proposed')
  })

  test('moves people to who they are at the new one, with both in the difference', async () => {
    const proposed = await set('ada', other, [{ person: 'person_priya', subject: 'priya@new' }])
    expect(bodyOf(proposed).difference).toContainEqual({
      field: 'people.person_priya.subject',
      from: 'priya',
      to: 'priya@new',
    })
    await world.approve('nora', proposed)
    expect(await world.personOf('priya')).toMatchObject({
      issuer: other.issuer,
      subject: 'priya@new',
      rev: 2,
    })
    const [identity] = await world.store.get([keys.identity(identityHash(other.issuer, 'priya@new'))])
    expect(identity?.person).toBe('person_priya')
  })

  test('an organisation that moves away and back finds its people again', async () => {
    await world.approve('nora', await set('ada', other, [{ person: 'person_priya', subject: 'p' }]))
    const back = await set('ada', providerBody, [{ person: 'person_priya', subject: 'priya' }])
    expect(outcome(await world.approve('nora', back))).toBe('applied')
    expect(await world.personOf('priya')).toMatchObject({ issuer: providerBody.issuer, subject: 'priya' })
  })

  test.each([
    ['somebody of another organisation', [{ person: 'person_ada', subject: 'a' }], 'body_malformed'],
    [
      'a person twice',
      [
        { person: 'person_priya', subject: 'a' },
        { person: 'person_priya', subject: 'b' },
      ],
      'body_malformed',
    ],
    [
      'a subject twice',
      [
        { person: 'person_priya', subject: 'a' },
        { person: 'person_pat', subject: 'a' },
      ],
      'body_malformed',
    ],
    ['to a user who is somebody else', [{ person: 'person_priya', subject: 'ada' }], 'record_exists'],
  ])('does not move %s', async (_, moves, code) => {
    const provider = code === 'record_exists' ? providerBody : other
    expect(outcome(await set('ada', provider, moves))).toBe(code)
  })

  test('a person who changed since the proposal makes it stale', async () => {
    const proposed = await set('ada', other, [{ person: 'person_priya', subject: 'p' }])
    await world.person('suspend', 'pat', 'priya')
    expect(outcome(await world.approve('nora', proposed))).toBe('proposal_stale')
  })

  test('asks for a fresh sign-in, and for the right people', async () => {
    const path = { organisation: 'cedar' }
    const body = { provider: providerBody }
    expect(outcome(await world.call('setProvider', 'ada', { path, body, since: 301_000 }))).toBe(
      'fresh_sign_in_required',
    )
    expect(outcome(await set('priya', providerBody))).toBe('role_missing')
    expect(outcome(await set('quinn', providerBody))).toBe('record_unknown')
  })

  test.each([
    'http://idp.example',
    'https://localhost',
    'https://169.254.169.254',
    'https://10.1.2.3/realm',
    'https://user:word@idp.example',
    'https://idp.example/?tenant=1',
    'https://idp.example/#x',
    'https://intranet',
    'javascript:alert(1)',
    'https://gate.example',
    '',
  ])('takes no issuer %j', async issuer => {
    expect(await set('ada', { ...providerBody, issuer })).toMatchObject({
      code: 'body_malformed',
      facts: { field: 'provider.issuer' },
    })
  })

  test('loopback is an issuer only for a deployment on loopback', () => {
    for (const issuer of ['http://127.0.0.1:8790', 'http://[::1]:8790/idp', 'http://localhost:1']) {
      expect(judgeIssuer(issuer, 'http://127.0.0.1:8788')).toBeUndefined()
      expect(judgeIssuer(issuer, 'https://gate.example')).toBeInstanceOf(Refusal)
    }
  })

  test('whatever is sent as an issuer, it is judged and not repeated', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.string(), fc.webUrl({ withQueryParameters: true, withFragments: true })),
        text => {
          const judged = judgeIssuer(text, 'https://gate.example')
          if (judged === undefined)
            expect(new URL(text)).toMatchObject({ protocol: 'https:', search: '', hash: '' })
          else if (text.length > 12) expect(judged.facts.detail).not.toContain(text)
        },
      ),
    )
  })

  test('one that says no way to prove a phishing-resistant sign-in is none', async () => {
    await expect(set('ada', { ...providerBody, phishing_resistant: { acr: [], amr: [] } })).rejects.toThrow()
  })
})

describe('organisation.webhooks', () => {
  const register = (who: Who, url = 'https://hooks.cedar.example/in', organisation = 'cedar') =>
    world.call('registerWebhook', who, { path: { organisation }, body: { url } })
  const idsOf = async () => Object.keys((await world.organisationOf('cedar')).webhooks ?? {})
  const secret = (who: Who, webhook: string, organisation = 'cedar') =>
    world.call('getWebhookSecret', who, { path: { organisation, webhook } })

  test('an administrator registers one, and is shown the secret that its receiver verifies with', async () => {
    expect(outcome(await register('priya'))).toBe('applied')
    const [id = ''] = await idsOf()
    expect(id).toMatch(/^webhook_[0-9a-z]{26}$/)
    const shown = bodyOf<{ secret: string }>(await secret('priya', id)).secret
    expect(shown).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/)
    expect(bodyOf(await secret('pat', id)).secret).toBe(shown)
    expect(JSON.stringify(await world.organisationOf('cedar'))).not.toContain(shown.slice(6))
  })

  test('others are told nothing of it', async () => {
    await register('priya')
    expect(await world.told('cedar')).toEqual(['organisation.webhooks_changed'])
    expect(await world.told('halcyon')).toEqual([])
    const get = async (who: Who) =>
      bodyOf(await world.call('getOrganisation', who, { path: { organisation: 'cedar' } })).webhooks
    expect(await get('priya')).toHaveLength(1)
    for (const who of ['sam', 'ada', 'nora'] as const) expect(await get(who)).toBeNull()
  })

  test('the secret is for the administrators of the organisation itself', async () => {
    await register('priya')
    const [id = ''] = await idsOf()
    expect(outcome(await secret('sam', id))).toBe('role_missing')
    for (const who of ['ada', 'nora', 'quinn'] as const)
      expect(outcome(await secret(who, id))).toBe('record_unknown')
    expect(outcome(await secret('priya', 'webhook_none'))).toBe('record_unknown')
    expect(outcome(await secret('priya', 'constructor'))).toBe('record_unknown')
  })

  test('a key that does not answer refuses', async () => {
    await register('priya')
    const [id = ''] = await idsOf()
    const derive = async () => {
      throw new SecretsUnavailable('no answer')
    }
    Object.assign(world.deps.secrets, { derive })
    expect(outcome(await secret('priya', id))).toBe('signer_unavailable')
  })

  test('there are five at most, also of six that come at once', async () => {
    const done = await Promise.all(
      Array.from({ length: maxWebhooks + 1 }, (_, i) => register('priya', `https://hooks.example/${i}`)),
    )
    expect(done.map(outcome).toSorted()).toEqual([...Array(maxWebhooks).fill('applied'), 'state_forbids'])
    expect(await idsOf()).toHaveLength(maxWebhooks)
  })

  test('one that is removed is gone, and its secret with it', async () => {
    await register('priya')
    await register('pat', 'https://hooks.example/two')
    const [id = '', second] = await idsOf()
    const remove = () =>
      world.call('removeWebhook', 'priya', { path: { organisation: 'cedar', webhook: id } })
    expect(outcome(await remove())).toBe('applied')
    expect(await idsOf()).toEqual([second])
    expect(outcome(await secret('priya', id))).toBe('record_unknown')
    expect(outcome(await remove())).toBe('record_unknown')
  })

  test.each([
    'http://hooks.example',
    'https://169.254.169.254/latest',
    'https://a:b@hooks.example',
    'nonsense',
  ])('takes no address %s', async url => {
    expect(outcome(await register('priya', url))).toBe('body_malformed')
  })

  test('is nobody else’s', async () => {
    expect(outcome(await register('ada'))).toBe('record_unknown')
    expect(outcome(await register('sam'))).toBe('role_missing')
  })
})

describe('who sees organisations', () => {
  const list = async (who: Who) =>
    bodyOf<{ items: { id: string }[] }>(await world.call('listOrganisations', who)).items.map(({ id }) => id)
  const get = (who: Who, organisation: string) =>
    world.call('getOrganisation', who, { path: { organisation } })

  test('each its own and those that it has to do with', async () => {
    expect(await list('sam')).toEqual(['cedar', 'halcyon', 'ofr'])
    expect(await list('ada')).toEqual(['cedar', 'halcyon', 'ledger', 'ofr', 'prairie'])
    expect(await list('nora')).toEqual(['cedar', 'halcyon', 'ledger', 'ofr', 'prairie'])
    expect(await list('ida')).toEqual(['halcyon', 'ledger', 'ofr'])
    expect(await list('quinn')).toEqual(['quarry'])
  })

  test('one that is not seen is not there', async () => {
    expect(outcome(await get('quinn', 'cedar'))).toBe('record_unknown')
    expect(outcome(await get('quinn', 'nowhere'))).toBe('record_unknown')
    expect(outcome(await get('sam', 'prairie'))).toBe('record_unknown')
  })

  test('the provider is told to its own people and those who decide about it', async () => {
    expect(bodyOf(await get('sam', 'cedar')).provider).toEqual(providerBody)
    expect(bodyOf(await get('ada', 'cedar')).provider).toEqual(providerBody)
    expect(bodyOf(await get('sam', 'halcyon')).provider).toBeNull()
  })
})

describe('sessions', () => {
  const sessions = async (who: Who) =>
    bodyOf<{ items: { id: string; current: boolean }[] }>(await world.call('listMySessions', who)).items

  test('are listed to their person while they live, and the current one is marked', async () => {
    await world.session('sam', { id: 'session_other' })
    await world.session('sam', { id: 'session_idle', usedAt: world.now() - day })
    await world.session('sam', { id: 'session_ended', state: 'ended' })
    expect(await sessions('sam')).toMatchObject([
      { id: 'session_other', current: false },
      { id: 'session_sam', current: true },
    ])
  })

  test('one that is ended is ended, with an entry that says by whom', async () => {
    await world.session('sam', { id: 'session_other' })
    const end = () => world.call('endMySession', 'sam', { path: { session: 'session_other' } })
    const ended = await end()
    const [session] = await world.store.get([keys.session('session_other')])
    expect(session?.state).toBe('ended')
    expect((await world.entry(bodyOf(ended).entry)).unmapped).toMatchObject({
      kind: 'session_end',
      session: 'session_other',
      reason: 'ended_by_person',
    })
    expect(outcome(await end())).toBe('state_forbids')
  })

  test('an administrator ends those of their own people, and of nobody else', async () => {
    await world.session('sam', { id: 'session_other' })
    const end = (who: Who, person = 'person_sam') =>
      world.call('endSessionOfPerson', who, { path: { person, session: 'session_other' } })
    expect(outcome(await end('ada'))).toBe('record_unknown')
    expect(outcome(await end('sam', 'person_priya'))).toBe('role_missing')
    expect(outcome(await end('priya', 'person_pat'))).toBe('record_unknown')
    const ended = await end('priya')
    const entry = await world.entry(bodyOf(ended).entry)
    expect(entry).toMatchObject({
      actor: { user: { uid: 'person_priya' } },
      user: { uid: 'person_sam' },
      unmapped: { reason: 'ended_by_administrator' },
    })
  })

  test('nobody ends the session of somebody else as their own', async () => {
    await world.session('priya')
    expect(outcome(await world.call('endMySession', 'sam', { path: { session: 'session_priya' } }))).toBe(
      'record_unknown',
    )
  })

  test('of two who end it at once one does', async () => {
    await world.session('sam', { id: 'session_other' })
    const path = { person: 'person_sam', session: 'session_other' }
    const done = await Promise.all([
      world.call('endSessionOfPerson', 'priya', { path }),
      world.call('endSessionOfPerson', 'pat', { path }),
    ])
    expect(done.map(outcome).toSorted()).toEqual(['200', 'state_forbids'])
  })
})

describe('/me', () => {
  interface Me {
    readonly quota: readonly object[] | null
    readonly waits_on_me: {
      readonly proposals: number
      readonly stops: number
      readonly items: readonly object[]
    }
  }
  const me = async (who: Who, since = 0) => bodyOf<Me>(await world.call('getMe', who, { since }))

  test('says who one is, until when the sign-in is fresh, and the quota of a partner', async () => {
    expect(await me('priya', 60_000)).toMatchObject({
      person: { id: 'person_priya', name: 'priya', organisation: 'cedar' },
      organisation: { id: 'cedar', kind: 'partner', state: 'active' },
      roles: ['partner-admin'],
      session: { id: 'session_priya', fresh_until: new Date(world.now() + 240_000).toISOString() },
      standing: { state: 'active', confirmed_until: null, organisation_stop: null },
      quota: [],
    })
    expect((await me('ada')).quota).toBeNull()
  })

  test('counts the proposals that one’s signature is missing from', async () => {
    await world.person('roles', 'priya', 'sam', { roles: [] })
    for (const [who, count] of [
      ['ada', 1],
      ['nora', 1],
      ['priya', 0],
      ['pat', 0],
      ['quinn', 0],
      ['sam', 0],
    ] as const)
      expect((await me(who)).waits_on_me.proposals, who).toBe(count)
    expect((await me('ada')).waits_on_me.items).toMatchObject([
      { kind: 'proposal', subject: 'person', text: 'person.roles of sam' },
    ])
    world.pass(3 * day)
    expect((await me('ada')).waits_on_me.proposals).toBe(0)
  })

  test('counts the stops that another person has to stand by', async () => {
    await world.person('suspend', 'priya', 'sam')
    expect((await me('pat')).waits_on_me).toMatchObject({
      stops: 1,
      at_least: false,
      items: [{ kind: 'ratification', id: 'person_sam', subject: 'person' }],
    })
    expect((await me('priya')).waits_on_me.stops).toBe(0)
    await world.call('ratifyPersonSuspension', 'pat', { path: { person: 'person_sam' } })
    expect((await me('pat')).waits_on_me.stops).toBe(0)
  })
})
