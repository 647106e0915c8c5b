import { beforeEach, describe, expect, test } from 'vitest'
import { sign } from '../../../../functions/governance/engine/signer.ts'
import { personActions } from '../../../../functions/governance/people/people.ts'
import { noEffects } from '../../../../shared/domain/effects.ts'
import { keys } from '../../../../shared/domain/keys.ts'
import { roles as allRoles, type Role, rolesOf } from '../../../../shared/domain/parties.ts'
import { judgePerson } from '../../../../shared/domain/person-authority.ts'
import { Refusal } from '../../../../shared/domain/refusal.ts'
import { defaultRules } from '../../../../shared/domain/rules.ts'
import { bodyOf, day, outcome, type PeopleWorld, peopleWorld, reason, subjectOf } from './people-world.ts'

let world: PeopleWorld
beforeEach(async () => {
  world = await peopleWorld()
})

const add = (who: Parameters<PeopleWorld['call']>[1], body: object = {}) =>
  world.call('addPerson', who, { body: { name: 'Robin', subject: 'robin', ...body } })

describe('person.add', () => {
  test('an administrator enrols somebody of their own organisation, without a role, with an entry', async () => {
    const answer = await add('priya')
    expect(outcome(answer)).toBe('applied')
    expect(answer).toMatchObject({ status: 201, location: `/people/${subjectOf(answer)}` })
    expect(await world.personOf(subjectOf(answer))).toMatchObject({
      name: 'Robin',
      organisation: 'cedar',
      roles: [],
      state: 'active',
      issuer: 'https://idp.example',
      subject: 'robin',
      rev: 1,
    })
    const entry = await world.entry(bodyOf(answer).entry)
    expect(entry.unmapped).toMatchObject({ action: 'person.add', decision: 'applied', organisation: 'cedar' })
    expect(await world.told('cedar')).toEqual(['person.added'])
  })

  test('the same user of a provider is not two people, in another organisation either', async () => {
    await add('priya')
    expect(outcome(await add('priya', { name: 'Again' }))).toBe('record_exists')
    expect(outcome(await add('ada'))).toBe('record_exists')
  })

  test('of two who enrol the same user at once one is told so', async () => {
    const both = await Promise.all([add('priya'), add('ada')])
    expect(both.map(outcome).toSorted()).toEqual(['applied', 'record_exists'])
  })

  test('whoever was removed can be enrolled again, as another person', async () => {
    const first = subjectOf(await add('priya'))
    await world.person('remove', 'priya', first)
    const again = subjectOf(await add('ada'))
    expect(again).not.toBe(first)
    expect((await world.personOf(again)).organisation).toBe('halcyon')
  })

  test('what was planned for one provider is not written once there is another', async () => {
    const actor = await world.caller('priya')
    const params = { organisation: 'cedar', name: 'Robin', subject: 'robin' }
    const action = { name: 'person.add', id: 'person_robin', params } as const
    const planning = { now: world.now(), rules: defaultRules, actor, reason, breakGlass: false }
    const plan = await personActions['person.add'].plan(world.deps, action, planning)
    const cedar = await world.organisationOf('cedar')
    await world.put(keys.organisation('cedar'), { ...cedar, rev: cedar.rev + 1 })
    if (plan instanceof Refusal) throw new Error(plan.code)
    const by = sign(actor, 'partner-admin', world.now())
    const carried = { ...planning, eid: 'eid', by, signatures: [by], effects: noEffects, shown: '' }
    expect((await world.store.transact(plan.writes(carried))).ok).toBe(false)
  })

  test('a request that is repeated with its key enrols once', async () => {
    const body = { name: 'Robin', subject: 'robin' }
    const first = await world.call('addPerson', 'priya', { body, key: 'key-of-robin' })
    const again = await world.call('addPerson', 'priya', { body, key: 'key-of-robin' })
    expect(subjectOf(again)).toBe(subjectOf(first))
  })

  test.each([
    ['a user of the partner', 'sam', {}, 'role_missing'],
    ['a consultant', 'cora', {}, 'role_missing'],
    [
      'an administrator of another organisation, which is not there for them',
      'quinn',
      { organisation: 'cedar' },
      'record_unknown',
    ],
    [
      'the developer that selects it, once it has administrators',
      'ada',
      { organisation: 'cedar' },
      'role_missing',
    ],
    ['an organisation that is not there', 'ada', { organisation: 'nowhere' }, 'record_unknown'],
    ['an organisation without a provider', 'ada', { organisation: 'prairie' }, 'state_forbids'],
  ] as const)('refuses %s', async (_, who, body, code) => {
    expect(outcome(await add(who, body))).toBe(code)
  })

  test('refuses a name that carries a marking', async () => {
    expect(outcome(await add('priya', { name: 'Robin (TS//SI)' }))).toBe('classification_exceeded')
  })

  test('takes no word of who acts: a field for it is no field', async () => {
    for (const field of ['by', 'person', 'actor', 'roles', 'issuer'])
      await expect(add('priya', { [field]: 'person_ada' })).rejects.toThrow(field)
  })
})

describe('contractors', () => {
  const contractor = async (sponsor = 'person_sam') => subjectOf(await add('priya', { sponsor }))

  test('stand until their sponsor has to confirm them, and are refused from then on', async () => {
    const id = await contractor()
    const person = await world.personOf(id)
    expect(person.sponsor).toEqual({ person: 'person_sam', confirmedUntil: world.now() + 90 * day })
    const judged = (now: number) =>
      world.store
        .get([keys.standing, keys.organisation('cedar')])
        .then(([standing, organisation]) =>
          judgePerson({ person: id, organisation: 'cedar' }, { standing, organisation, person }, now),
        )
    expect(await judged(world.now() + 90 * day - 1)).not.toBeInstanceOf(Refusal)
    expect(await judged(world.now() + 90 * day)).toMatchObject({ code: 'person_suspended' })
  })

  test.each([
    ['of another organisation', 'person_ada'],
    ['who is not there', 'person_nobody'],
  ])('have no sponsor %s', async (_, sponsor) => {
    const answer = await add('priya', { sponsor })
    expect(answer).toMatchObject({ code: 'body_malformed', facts: { field: 'sponsor' } })
    expect((answer as Refusal).facts.detail).toBe(`There is no person ${sponsor} in this organisation.`)
  })

  test('have no sponsor who is a contractor, or suspended', async () => {
    const id = await contractor()
    expect(outcome(await add('priya', { subject: 'second', sponsor: id }))).toBe('body_malformed')
    await world.person('suspend', 'priya', 'sam')
    expect(outcome(await add('priya', { subject: 'third', sponsor: 'person_sam' }))).toBe('body_malformed')
  })

  test('are confirmed for another while by an administrator', async () => {
    const id = await contractor()
    world.pass(80 * day)
    expect(outcome(await world.person('confirm', 'priya', id))).toBe('applied')
    expect((await world.personOf(id)).sponsor?.confirmedUntil).toBe(world.now() + 90 * day)
  })

  test('get another sponsor from an administrator, where theirs has left', async () => {
    const id = await contractor()
    await world.person('remove', 'priya', 'sam')
    expect(outcome(await world.person('confirm', 'priya', id))).toBe('body_malformed')
    expect(outcome(await world.person('confirm', 'priya', id, { sponsor: 'person_ada' }))).toBe(
      'body_malformed',
    )
    expect(outcome(await world.person('confirm', 'priya', id, { sponsor: 'person_pat' }))).toBe('applied')
    expect((await world.personOf(id)).sponsor?.person).toBe('person_pat')
  })

  test('do not confirm themselves as administrators', async () => {
    const id = await contractor()
    const proposed = await world.person('roles', 'priya', id, { roles: ['partner-admin'] })
    await world.approve('ada', proposed)
    const [person, organisation] = await world.store.get([keys.person(id), keys.organisation('cedar')])
    if (!person || !organisation) throw new Error('not there')
    const self = { ...(await world.caller('priya')), person }
    expect(outcome(await world.person('confirm', self, id))).toBe('own_proposal')
  })

  test('others are not confirmed, and not by others', async () => {
    const id = await contractor()
    expect(outcome(await world.person('confirm', 'priya', 'sam'))).toBe('state_forbids')
    expect(outcome(await world.person('confirm', 'ada', id))).toBe('role_missing')
    expect(outcome(await world.person('confirm', 'quinn', id))).not.toBe('applied')
  })
})

describe('person.roles', () => {
  test('takes an administrator of their own and one of another organisation', async () => {
    const proposed = await world.person('roles', 'priya', 'sam', { roles: ['partner-admin', 'partner-user'] })
    expect(proposed).toMatchObject({ status: 202 })
    expect((await world.personOf('sam')).roles).toEqual(['partner-user'])
    expect(outcome(await world.approve('pat', proposed))).toBe('approval_required')
    expect(outcome(await world.approve('ada', proposed))).toBe('applied')
    expect((await world.personOf('sam')).roles).toEqual(['partner-admin', 'partner-user'])
    expect((await world.told('cedar')).toSorted()).toEqual(['person.roles_changed', 'proposal.opened'])
  })

  test('each role is one of their kind of organisation', async () => {
    for (const [who, about, kind] of [
      ['priya', 'sam', 'partner'],
      ['ada', 'arno', 'developer'],
      ['nora', 'cora', 'government'],
    ] as const)
      for (const role of allRoles) {
        const answer = await world.person('roles', who, about, {
          roles: [...(await world.personOf(about)).roles, role],
        })
        const known: readonly Role[] = rolesOf[kind]
        if (known.includes(role)) expect(['proposed', 'state_forbids']).toContain(outcome(answer))
        else expect(answer, role).toMatchObject({ code: 'body_malformed', facts: { field: 'roles' } })
      }
  })

  test('nobody signs a change of their own: neither as proposer nor as approver', async () => {
    expect(outcome(await world.person('roles', 'priya', 'priya', { roles: [] }))).toBe('own_proposal')
    const proposed = await world.person('roles', 'ada', 'nora', { roles: ['nsa-admin', 'counsel'] })
    expect(outcome(proposed)).toBe('proposed')
    expect(outcome(await world.approve('nora', proposed))).toBe('own_proposal')
    expect(outcome(await world.approve('neil', proposed))).toBe('applied')
  })

  test('the last administrator stays one', async () => {
    await world.person('remove', 'priya', 'pat')
    const answer = await world.person('roles', 'ada', 'priya', { roles: ['partner-user'] })
    expect(answer).toMatchObject({
      code: 'state_forbids',
      facts: { detail: expect.stringContaining('last') },
    })
  })

  test('of two changes at once that would take the last two administrators one is made', async () => {
    const first = await world.person('roles', 'priya', 'pat', { roles: [] })
    const second = await world.person('roles', 'pat', 'priya', { roles: [] })
    const done = (await Promise.all([world.approve('ada', first), world.approve('nora', second)])).map(
      outcome,
    )
    expect(done.toSorted()).toEqual(['applied', 'proposal_stale'])
    const left = [await world.personOf('pat'), await world.personOf('priya')]
    expect(left.filter(({ roles }) => roles.includes('partner-admin'))).toHaveLength(1)
  })

  test('somebody whose confirmation has lapsed does not count as the one who stays', async () => {
    const [pat] = await world.store.get([keys.person('person_pat')])
    if (pat)
      await world.put(keys.person('person_pat'), {
        ...pat,
        sponsor: { person: 'person_sam', confirmedUntil: world.now() },
      })
    expect(outcome(await world.person('roles', 'ada', 'priya', { roles: [] }))).toBe('state_forbids')
  })

  test('the same roles are no change', async () => {
    expect(outcome(await world.person('roles', 'priya', 'sam', { roles: ['partner-user'] }))).toBe(
      'state_forbids',
    )
  })

  test('another developer does not see it', async () => {
    const proposed = await world.person('roles', 'priya', 'sam', { roles: [] })
    expect(outcome(await world.approve('quinn', proposed))).toBe('record_unknown')
    expect(outcome(await world.person('roles', 'quinn', 'sam', { roles: [] }))).toBe('record_unknown')
  })
})

describe('person.first_admin', () => {
  const prairie = async () => {
    const set = await world.call('setProvider', 'ada', {
      path: { organisation: 'prairie' },
      body: {
        provider: {
          issuer: 'https://login.prairie.example',
          client_id: 'sallyport',
          authentication: 'none',
          phishing_resistant: { acr: [], amr: ['hwk'] },
        },
      },
    })
    await world.approve('nora', set)
    return subjectOf(await add('ada', { organisation: 'prairie', name: 'Wes', subject: 'wes' }))
  }

  test('developer and government give an organisation its first administrator, who then enrols its people', async () => {
    const id = await prairie()
    const proposed = await world.person('firstAdmin', 'ada', id)
    expect(outcome(await world.approve('nora', proposed))).toBe('applied')
    expect((await world.personOf(id)).roles).toEqual(['partner-admin'])
    expect(outcome(await add('ada', { organisation: 'prairie', subject: 'more' }))).toBe('role_missing')
  })

  test('of two at once one is the first', async () => {
    const one = await prairie()
    const second = subjectOf(await add('ada', { organisation: 'prairie', name: 'Wim', subject: 'wim' }))
    const first = await world.person('firstAdmin', 'ada', one)
    const other = await world.person('firstAdmin', 'arno', second)
    const done = await Promise.all([world.approve('nora', first), world.approve('neil', other)])
    expect(done.map(outcome).toSorted()).toEqual(['applied', 'proposal_stale'])
  })

  test('is refused where there is one, and to one person of both', async () => {
    expect(outcome(await world.person('firstAdmin', 'ada', 'sam'))).toBe('state_forbids')
    const proposed = await world.person('firstAdmin', 'ada', await prairie())
    expect(outcome(await world.approve('ada', proposed))).toBe('own_proposal')
    expect(outcome(await world.approve('arno', proposed))).toBe('approval_required')
  })
})

describe('person.suspend', () => {
  test('acts at once, without a fresh sign-in, and is to be ratified', async () => {
    const answer = await world.person('suspend', 'priya', 'sam', {}, { since: 7 * 3_600_000 })
    expect(outcome(answer)).toBe('applied')
    expect(bodyOf(answer).ratify_by).toBe(new Date(world.now() + day).toISOString())
    const sam = await world.personOf('sam')
    expect(sam).toMatchObject({
      state: 'suspended',
      stop: { by: { person: 'person_priya' }, entry: bodyOf(answer).entry },
    })
    expect(await world.told('cedar')).toEqual(['person.suspended'])
  })

  test('the developer and the office that select a partner suspend its people, even its last administrator', async () => {
    expect(outcome(await world.person('suspend', 'ada', 'priya'))).toBe('applied')
    expect(outcome(await world.person('suspend', 'nora', 'pat'))).toBe('applied')
  })

  test('an office suspends no administrator of a developer, nor the other way round', async () => {
    expect(outcome(await world.person('suspend', 'nora', 'ada'))).toBe('role_missing')
    expect(outcome(await world.person('suspend', 'ada', 'nora'))).toBe('role_missing')
    expect(outcome(await world.person('suspend', 'nora', 'ida'))).toBe('role_missing')
    expect(outcome(await world.person('suspend', 'ada', 'arno'))).toBe('applied')
  })

  test('nobody suspends or removes themselves', async () => {
    expect(outcome(await world.person('suspend', 'ada', 'ada'))).toBe('own_proposal')
    expect(outcome(await world.person('remove', 'ada', 'ada'))).toBe('own_proposal')
  })

  test('of two administrators who suspend each other at once one stays', async () => {
    const callers = [await world.caller('ada'), await world.caller('arno')] as const
    const done = await Promise.all([
      world.person('suspend', callers[0], 'arno', {}, { rev: 1 }),
      world.person('suspend', callers[1], 'ada', {}, { rev: 1 }),
    ])
    expect(done.map(outcome).toSorted()).toEqual(['applied', 'person_suspended'])
  })

  test('is ratified by another person', async () => {
    await world.person('suspend', 'priya', 'sam')
    expect(outcome(await world.person('suspend', 'pat', 'sam'))).toBe('state_forbids')
    const ratify = (who: 'priya' | 'pat' | 'quinn') =>
      world.call('ratifyPersonSuspension', who, { path: { person: 'person_sam' } })
    expect(outcome(await ratify('priya'))).toBe('own_proposal')
    expect(outcome(await ratify('quinn'))).toBe('record_unknown')
    expect(outcome(await ratify('pat'))).toBe('200')
    expect((await world.personOf('sam')).stop?.ratified?.person).toBe('person_pat')
    expect(outcome(await ratify('pat'))).toBe('state_forbids')
  })

  test('ends by two people of two organisations', async () => {
    await world.person('suspend', 'priya', 'sam')
    const proposed = await world.person('reinstate', 'priya', 'sam')
    expect(outcome(await world.approve('pat', proposed))).toBe('approval_required')
    expect(outcome(await world.approve('nora', proposed))).toBe('applied')
    const sam = await world.personOf('sam')
    expect(sam.state).toBe('active')
    expect(sam.stop).toBeUndefined()
  })

  test('whoever does not see somebody learns nothing of their state', async () => {
    await world.person('suspend', 'priya', 'sam')
    for (const verb of ['suspend', 'reinstate', 'remove', 'confirm'])
      expect(outcome(await world.person(verb, 'quinn', 'sam'))).toBe('record_unknown')
    expect(outcome(await world.person('suspend', 'quinn', 'nobody'))).toBe('record_unknown')
  })

  test('a version that was not seen is refused', async () => {
    expect(outcome(await world.person('suspend', 'priya', 'sam', {}, { rev: 7 }))).toBe('version_stale')
  })
})

describe('person.remove', () => {
  test('is for good', async () => {
    expect(outcome(await world.person('remove', 'priya', 'sam'))).toBe('applied')
    expect(await world.personOf('sam')).toMatchObject({ state: 'removed', roles: [] })
    for (const verb of ['suspend', 'reinstate', 'remove'])
      expect(outcome(await world.person(verb, 'priya', 'sam'))).toBe('state_forbids')
    expect(outcome(await world.person('roles', 'priya', 'sam', { roles: ['partner-user'] }))).toBe(
      'state_forbids',
    )
  })

  test('takes the roles with it; the entry tells which they were', async () => {
    const answer = await world.person('remove', 'priya', 'pat')
    expect(outcome(answer)).toBe('applied')
    expect((await world.personOf('pat')).roles).toEqual([])
    expect((await world.entry(bodyOf(answer).entry)).unmapped.difference).toEqual([
      { field: 'state', from: 'active', to: 'removed' },
      { field: 'roles', from: ['partner-admin'], to: [] },
    ])
  })

  test('is for administrators of their own organisation', async () => {
    for (const who of ['ada', 'nora', 'sam'] as const)
      expect(outcome(await world.person('remove', who, 'pat'))).toBe('role_missing')
  })
})

describe('person.attributes', () => {
  const until = (ms: number) => new Date(world.now() + ms).toISOString()

  test('are attested by the caller, each until it expires', async () => {
    const nationality = { value: 'FR', expires_at: until(30 * day) }
    expect(outcome(await world.person('attributes', 'priya', 'sam', { nationality }))).toBe('applied')
    const region = { value: 'US-CA', expires_at: until(30 * day) }
    await world.person('attributes', 'pat', 'sam', { region })
    expect((await world.personOf('sam')).attributes).toEqual({
      nationality: { value: 'FR', expiresAt: world.now() + 30 * day, by: 'person_priya' },
      region: { value: 'US-CA', expiresAt: world.now() + 30 * day, by: 'person_pat' },
    })
  })

  test('hold for a year at most, and not into the past', async () => {
    const attest = async (ms: number) =>
      outcome(
        await world.person('attributes', 'priya', 'sam', {
          nationality: { value: 'FR', expires_at: until(ms) },
        }),
      )
    expect(await attest(366 * day)).toBe('applied')
    expect(await attest(367 * day)).toBe('body_malformed')
    expect(await attest(0)).toBe('body_malformed')
  })

  test('nobody vouches for themselves, and nobody for those of others', async () => {
    const nationality = { value: 'FR', expires_at: until(day) }
    expect(outcome(await world.person('attributes', 'priya', 'priya', { nationality }))).toBe('own_proposal')
    expect(outcome(await world.person('attributes', 'ada', 'sam', { nationality }))).toBe('role_missing')
    expect(outcome(await world.person('attributes', 'priya', 'sam', {}))).toBe('body_malformed')
  })

  test('are codes', async () => {
    for (const value of ['fr', 'FRA', 'F', ''])
      await expect(
        world.person('attributes', 'priya', 'sam', { nationality: { value, expires_at: until(day) } }),
      ).rejects.toThrow()
  })
})

describe('who sees people', () => {
  const sees = async (who: Parameters<PeopleWorld['caller']>[0], about: string) =>
    world.call('getPerson', who, { path: { person: `person_${about}` } })

  test.each([
    ['sam', 'priya', '200'],
    ['ada', 'sam', '200'],
    ['nora', 'sam', '200'],
    ['quinn', 'sam', 'record_unknown'],
    ['sam', 'ada', 'record_unknown'],
    ['ida', 'sam', 'record_unknown'],
    ['cora', 'nora', '200'],
    ['cora', 'sam', 'record_unknown'],
  ] as const)('%s asks for %s: %s', async (who, about, expected) => {
    const answer = await sees(who, about)
    expect(answer instanceof Refusal ? answer.code : String(answer.status)).toBe(expected)
  })

  test('who they are at their provider is told to themselves, their administrators and deciders', async () => {
    expect(bodyOf(await sees('priya', 'sam')).identity).toEqual({
      issuer: 'https://idp.example',
      subject: 'sam',
    })
    expect(bodyOf(await sees('sam', 'sam')).identity).not.toBeNull()
    expect(bodyOf(await sees('ada', 'sam')).identity).not.toBeNull()
    expect(bodyOf(await sees('sam', 'pat')).identity).toBeNull()
    expect(bodyOf(await sees('sam', 'pat')).attributes).toBeNull()
  })

  test('sealed words of a suspension stay with the deciding side', async () => {
    await world.call('suspendPerson', 'ada', {
      path: { person: 'person_sam' },
      body: { reason: { ...reason, text: 'an inquiry', sealed: true } },
    })
    expect(JSON.stringify(bodyOf(await sees('priya', 'sam')))).not.toContain('an inquiry')
    expect(JSON.stringify(bodyOf(await sees('nora', 'sam')))).toContain('an inquiry')
  })

  test('a list is of one organisation that is seen', async () => {
    const list = (who: Parameters<PeopleWorld['caller']>[0], query: object = {}) =>
      world.call('listPeople', who, { query })
    const names = async (who: Parameters<PeopleWorld['caller']>[0], query: object = {}) =>
      bodyOf<{ items: { name: string }[] }>(await list(who, query)).items.map(({ name }) => name)
    expect(await names('sam')).toEqual(['pat', 'priya', 'sam'])
    expect(await names('ada', { organisation: 'cedar' })).toEqual(['pat', 'priya', 'sam'])
    expect(outcome(await list('sam', { organisation: 'halcyon' }))).toBe('record_unknown')
    expect(outcome(await list('quinn', { organisation: 'cedar' }))).toBe('record_unknown')
  })
})
