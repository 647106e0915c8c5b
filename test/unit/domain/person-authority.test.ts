import { describe, expect, test } from 'vitest'
import {
  type Organisation,
  type Person,
  partnerStates,
  type Session,
} from '../../../shared/domain/parties.ts'
import {
  authorisePerson,
  judgePerson,
  type PersonSessionRecords,
} from '../../../shared/domain/person-authority.ts'
import type { HoldScope } from '../../../shared/domain/records.ts'
import { Refusal } from '../../../shared/domain/refusal.ts'

const now = 1_800_000_000_000
const minute = 60_000
const caller = {
  person: 'person_1',
  organisation: 'organisation_1',
  session: 'session_1',
  tokenId: 'token_1',
  signedBy: 'kid_1',
}
const person: Person = {
  id: 'person_1',
  name: 'Ada',
  organisation: 'organisation_1',
  issuer: 'https://login.example',
  subject: 'ada',
  roles: ['partner-admin'],
  state: 'active',
  createdAt: now,
  attributes: {
    nationality: { value: 'DE', expiresAt: now - 1, by: 'person_2' },
    region: { value: 'DE-NW', expiresAt: now + 1, by: 'person_2' },
  },
}
const organisation: Organisation = {
  id: 'organisation_1',
  name: 'Köln Utilities',
  state: 'active',
  kind: 'partner',
  partner: 'active',
}
const session: Session = {
  id: 'session_1',
  person: 'person_1',
  organisation: 'organisation_1',
  app: 'sallyport-cli',
  jkt: 'jkt',
  startedAt: now,
  endsAt: now + 480 * minute,
  usedAt: now,
  authTime: now,
  refreshHash: 'hash',
  state: 'active',
  notice: 'notice',
}
const records: PersonSessionRecords = {
  standing: { holds: {}, compromised: {} },
  person,
  organisation,
  session,
  revokedToken: undefined,
}

function code(change: Partial<PersonSessionRecords>, at = now): string {
  const authority = authorisePerson(caller, { ...records, ...change }, at)
  return authority instanceof Refusal ? authority.code : 'admitted'
}
const held = (scope: HoldScope, until?: number) =>
  code({
    standing: {
      holds: { hold_1: { scope, reason: 'insider_risk', placedAt: now, ...(until && { until }) } },
      compromised: {},
    },
  })

test('a person with a session is admitted until the session is idle', () => {
  expect(authorisePerson(caller, records, now)).toEqual({
    person,
    organisation,
    session,
    until: now + 30 * minute,
  })
})

test('a restored registry that is not looked through stops no people: they stop others, sign in and release', () => {
  const restoring = { since: now, by: 'ada', entry: 'entry_1' }
  expect(code({ standing: { holds: {}, compromised: {}, restoring } })).toBe('admitted')
})

describe('refused', () => {
  test.each<[string, Partial<PersonSessionRecords>, string]>([
    ['no standing record', { standing: undefined }, 'store_unavailable'],
    ['a compromised key', { standing: { holds: {}, compromised: { kid_1: now } } }, 'key_compromised'],
    ['a revoked token', { revokedToken: { by: 'r', exp: 1 } }, 'token_revoked'],
    ['no person', { person: undefined }, 'person_suspended'],
    ['another person', { person: { ...person, id: 'person_2' } }, 'person_suspended'],
    ['a person who has moved', { person: { ...person, organisation: 'organisation_2' } }, 'person_suspended'],
    ['a suspended person', { person: { ...person, state: 'suspended' } }, 'person_suspended'],
    ['a removed person', { person: { ...person, state: 'removed' } }, 'person_suspended'],
    ['an unknown state', { person: { ...person, state: 'x' as never } }, 'person_suspended'],
    [
      'a sponsor who did not confirm',
      { person: { ...person, sponsor: { person: 'person_2', confirmedUntil: now } } },
      'person_suspended',
    ],
    ['no organisation', { organisation: undefined }, 'organisation_suspended'],
    ['another organisation', { organisation: { ...organisation, id: 'o' } }, 'organisation_suspended'],
    [
      'a suspended organisation',
      { organisation: { ...organisation, state: 'suspended' } },
      'organisation_suspended',
    ],
    [
      'an unknown partner state',
      { organisation: { ...organisation, partner: 'x' as never } },
      'partner_revoked',
    ],
    ['no session', { session: undefined }, 'session_ended'],
    ['another session', { session: { ...session, id: 'session_2' } }, 'session_ended'],
    ['the session of another person', { session: { ...session, person: 'person_2' } }, 'session_ended'],
    ['the session of another organisation', { session: { ...session, organisation: 'o' } }, 'session_ended'],
    ['an ended session', { session: { ...session, state: 'ended' } }, 'session_ended'],
    ['a session that is idle', { session: { ...session, usedAt: now - 30 * minute } }, 'session_ended'],
    ['a session at its end', { session: { ...session, endsAt: now } }, 'session_ended'],
  ])('%s', (_, change, expected) => expect(code(change)).toBe(expected))
})

test.each(partnerStates)('the people of a partner that is %s', partner => {
  const expected = partner === 'closed' ? 'partner_revoked' : 'admitted'
  expect(code({ organisation: { ...organisation, partner } })).toBe(expected)
})

describe('a hold', () => {
  test.each<[string, HoldScope]>([
    ['on the person', { person: 'person_1' }],
    ['on a nationality, though its attestation has expired', { nationality: 'DE' }],
    ['on a region', { region: 'DE-NW' }],
    ['on a nationality in the organisation', { organisation: 'organisation_1', nationality: 'DE' }],
  ])('%s stops', (_, scope) => expect(held(scope)).toBe('hold_active'))

  test.each<[string, HoldScope]>([
    ['on another person', { person: 'person_2' }],
    ['on another nationality', { nationality: 'FR' }],
    ['on a nationality in another organisation', { organisation: 'o', nationality: 'DE' }],
    ['on the organisation: its people have to see it', { organisation: 'organisation_1' }],
    ['on calls of the person to a model', { person: 'person_1', model: 'aurora' }],
    ['on a client that the person answers for', { person: 'person_1', client: 'client_1' }],
    ['on everything of nothing', {}],
  ])('%s does not stop', (_, scope) => expect(held(scope)).toBe('admitted'))

  test('that has lapsed does not stop', () => {
    expect(held({ person: 'person_1' }, now)).toBe('admitted')
    expect(held({ person: 'person_1' }, now + 1)).toBe('hold_active')
  })

  test('on an attribute does not stop whom nobody attested it of', () => {
    const { attributes: _, ...unattested } = person
    const standing = {
      holds: { hold_1: { scope: { nationality: 'DE' }, reason: 'other' as const, placedAt: now } },
      compromised: {},
    }
    expect(code({ person: unattested, standing })).toBe('admitted')
  })
})

test('until is the earliest end of all', () => {
  const sponsored = { ...person, sponsor: { person: 'person_2', confirmedUntil: now + minute } }
  expect(authorisePerson(caller, { ...records, person: sponsored }, now)).toMatchObject({
    until: now + minute,
  })
  const ending = { ...session, endsAt: now + 5 * minute }
  expect(authorisePerson(caller, { ...records, session: ending }, now)).toMatchObject({
    until: now + 5 * minute,
  })
  expect(judgePerson(caller, records, now)).toEqual({ person, organisation })
})

describe('a suspended person', () => {
  const stop = (of: string) => ({
    by: { person: 'p', name: 'Nora', organisation: of, role: 'nsa-admin' as const, at: now, authTime: now },
    reason: { code: 'insider_risk' as const, text: 'It is said of Ada.', sealed: true as const },
    entry: 'entry_1',
    ratifyBy: now,
  })
  const lapse = {
    reason: { code: 'confirmation_missed' as const, text: 'It ended.' },
    entry: 'entry_2',
    at: now,
  }
  const told = (change: Partial<Person>, of: Organisation = organisation) => {
    const answer = judgePerson(
      caller,
      { ...records, person: { ...person, ...change }, organisation: of },
      now,
    )
    return answer instanceof Refusal ? [answer.code, answer.facts.detail, answer.facts.next] : answer
  }
  const command = (entry: string) =>
    `The partner-admin can appeal it once: sallyport partner appeal ${entry} --text '…'`

  test.each<[string, Partial<Person>, string, string | undefined]>([
    ['by others', { stop: stop('ofr') }, 'The person is suspended: insider_risk.', command('entry_1')],
    ['by time', { lapse }, 'The person is suspended: confirmation_missed.', command('entry_2')],
    ['by their own', { stop: stop('organisation_1') }, 'The person is suspended: insider_risk.', undefined],
    ['by a record that does not say', {}, 'The person is suspended.', undefined],
  ])(
    '%s is told the reason by its code, never its words, and how it is appealed',
    (_, change, detail, next) => {
      expect(told({ state: 'suspended', ...change })).toEqual(['person_suspended', detail, next])
    },
  )

  test('of a developer is told of no appeal', () => {
    const developer = { id: 'organisation_1', name: 'H', kind: 'developer', state: 'active' } as const
    expect(told({ state: 'suspended', lapse }, developer)).toEqual([
      'person_suspended',
      'The person is suspended: confirmation_missed.',
      undefined,
    ])
  })

  test('who was removed since is told that alone', () => {
    expect(told({ state: 'removed', stop: stop('ofr') })).toEqual([
      'person_suspended',
      'The person is removed.',
      undefined,
    ])
  })
})
