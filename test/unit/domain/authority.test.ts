import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  authoriseCaller,
  authoriseModel,
  type CallerRecords,
  judgePartner,
  type ModelRecords,
} from '../../../shared/domain/authority.ts'
import type { Client, HoldScope } from '../../../shared/domain/records.ts'
import { Refusal } from '../../../shared/domain/refusal.ts'
import { type Holdable, holdable, holdMatches, judgeHolds } from '../../../shared/domain/standing.ts'
import type { LapseStop, Stop } from '../../../shared/domain/stop.ts'
import { time } from '../../../shared/domain/time.ts'
import { admitted, caller, hour, now } from './admitted.ts'

const standing = (scope: HoldScope, until?: number): ModelRecords['standing'] => ({
  compromised: {},
  holds: {
    hold_1: { scope, reason: 'insider_risk', placedAt: now - hour, ...(until !== undefined && { until }) },
  },
})

const attested = (value: string, expiresAt = now + hour) => ({ value, expiresAt, by: 'person_2' })

const client: Client = {
  ...admitted.client,
  kind: 'agent',
  operator: 'person_1',
  attributes: { nationality: attested('FR'), region: attested('FR-75') },
}

const atModel = (changes: Partial<ModelRecords>) =>
  authoriseModel(caller, { ...admitted, client, ...changes }, now)
const atApi = (changes: Partial<CallerRecords>) =>
  authoriseCaller(caller, { ...admitted, client, ...changes }, now)

const held = {
  code: 'hold_active',
  facts: { detail: 'The hold hold_1 is in force: insider_risk.' },
}

describe('a hold', () => {
  const named: readonly [string, HoldScope, HoldScope][] = [
    ['the organisation', { organisation: 'cedar' }, { organisation: 'prairie' }],
    ['the client', { client: 'client_1' }, { client: 'client_2' }],
    ['the person who answers for the client', { person: 'person_1' }, { person: 'person_2' }],
    ['the nationality', { nationality: 'FR' }, { nationality: 'DE' }],
    ['the region', { region: 'FR-75' }, { region: 'FR-13' }],
    ['the country of the region', { region: 'FR' }, { region: 'F' }],
  ]

  test.each(named)('on %s refuses, at a model and at the API', (_, scope, another) => {
    expect(atModel({ standing: standing(scope) })).toMatchObject(held)
    expect(atApi({ standing: standing(scope) })).toMatchObject(held)
    expect(atModel({ standing: standing(another) })).toHaveProperty('until')
    expect(atApi({ standing: standing(another) })).toHaveProperty('until')
  })

  test.each(named)('on %s refuses until it lapses', (_, scope) => {
    expect(atModel({ standing: standing(scope, now + 1) })).toMatchObject(held)
    expect(atModel({ standing: standing(scope, now) })).toHaveProperty('until')
  })

  test.each(named)(
    'on %s and another model does not refuse; with this one, at this model only',
    (_, scope) => {
      expect(atModel({ standing: standing({ ...scope, model: 'borealis' }) })).toHaveProperty('until')
      expect(atModel({ standing: standing({ ...scope, model: 'aurora' }) })).toMatchObject(held)
      expect(atApi({ standing: standing({ ...scope, model: 'aurora' }) })).toHaveProperty('until')
    },
  )

  test('on a model alone refuses at it, and is not judged where no model is involved', () => {
    expect(atModel({ standing: standing({ model: 'aurora' }) })).toMatchObject(held)
    expect(atApi({ standing: standing({ model: 'aurora' }) })).toHaveProperty('until')
  })

  test('on all of it refuses, and on all but one field of it does not', () => {
    const whole: HoldScope = {
      model: 'aurora',
      organisation: 'cedar',
      client: 'client_1',
      person: 'person_1',
      nationality: 'FR',
      region: 'FR-75',
    }
    expect(atModel({ standing: standing(whole) })).toMatchObject(held)
    for (const field of Object.keys(whole))
      expect(atModel({ standing: standing({ ...whole, [field]: 'other' }) })).toHaveProperty('until')
  })

  test('on a nationality or region counts what is attested although it has expired', () => {
    const attributes = { nationality: attested('FR', now - hour), region: attested('FR-75', now - hour) }
    const records = { client: { ...client, attributes } }
    expect(atModel({ ...records, standing: standing({ nationality: 'FR' }) })).toMatchObject(held)
    expect(atModel({ ...records, standing: standing({ region: 'FR-75' }) })).toMatchObject(held)
  })

  test.each<[string, Partial<Client>, HoldScope]>([
    ['a nationality', { attributes: { region: attested('FR-75') } }, { nationality: 'FR' }],
    ['a region', { attributes: { nationality: attested('FR') } }, { region: 'FR' }],
    [
      'a subdivision, where only the country is attested',
      { attributes: { region: attested('FR') } },
      { region: 'FR-75' },
    ],
    ['a region that begins alike', { attributes: { region: attested('FRA') } }, { region: 'FR' }],
    [
      'a person, where another client answers for the agent',
      { operator: 'client_9' },
      { person: 'person_1' },
    ],
    ['a client as if it were a person', { operator: 'client_9' }, { person: 'client_9' }],
    ['a client, where it answers for the agent', { operator: 'client_9' }, { client: 'client_9' }],
  ])('on %s does not hold whom it is not known of', (_, change, scope) => {
    expect(atModel({ client: { ...client, ...change }, standing: standing(scope) })).toHaveProperty('until')
  })

  test('is the first in force of several', () => {
    const scope = { organisation: 'cedar' }
    const several = {
      compromised: {},
      holds: {
        hold_0: { scope, reason: 'operational', placedAt: 0, until: now },
        hold_1: { scope: { client: 'client_2' }, reason: 'operational', placedAt: 0 },
        hold_2: { scope, reason: 'legal_order', placedAt: 0 },
      },
    } as const
    expect(atModel({ standing: several })).toMatchObject({
      code: 'hold_active',
      facts: { detail: 'The hold hold_2 is in force: legal_order.' },
    })
  })

  test.each([
    ['ofr', 'The hold hold_1 is in force: insider_risk, placed by ofr.'],
    ['operator', 'The hold hold_1 is in force: insider_risk, placed by an operator.'],
  ])('tells who has placed it, for whoever has to ask them: %s', (by, detail) => {
    const hold = { scope: { client: 'client_1' }, reason: 'insider_risk', placedAt: 0, by } as const
    const standing = { compromised: {}, holds: { hold_1: hold } }
    expect(atModel({ standing })).toMatchObject({ code: 'hold_active', facts: { detail } })
  })

  test('that cannot be read refuses', () => {
    expect(judgeHolds(undefined, holdable(client), now)).toMatchObject({ code: 'store_unavailable' })
  })
})

describe('a restored registry that is not looked through', () => {
  const restoring = { since: now - hour, by: 'ada', entry: 'entry_1' }
  const held = { holds: {}, compromised: {}, restoring }
  const expected = {
    code: 'restoring',
    kind: { status: 503, retry: true },
    facts: { retryAfter: 60, detail: `They are looked through since ${time(now - hour)}.` },
  }

  test('refuses at a model and at the API', () => {
    expect(atModel({ standing: held })).toMatchObject(expected)
    expect(atApi({ standing: held })).toMatchObject(expected)
  })

  test('refuses before the records are judged: they may be older than the last word', () => {
    const organisation = { ...admitted.organisation, partner: 'revoked' } as const
    for (const change of [{ client: undefined }, { organisation }, { organisation: undefined }])
      expect(atModel({ standing: held, ...change })).toMatchObject(expected)
  })

  test('does not make a compromised key or a revoked token any better', () => {
    const compromised = { ...held, compromised: { 'kid-1': 1 } }
    expect(atModel({ standing: compromised })).toMatchObject({ code: 'key_compromised' })
    expect(atModel({ standing: held, revokedToken: { exp: 1 } as never })).toMatchObject({
      code: 'token_revoked',
    })
  })
})

describe('the match of a scope', () => {
  const value = fc.constantFrom('a', 'b', 'a-1', 'a-2')
  const some = fc.option(value, { nil: undefined })
  const fields = ['model', 'organisation', 'client', 'person', 'nationality', 'region'] as const
  const present = (record: Record<string, string | undefined>): object =>
    Object.fromEntries(Object.entries(record).filter(([, text]) => text !== undefined))
  const record = fc.record(Object.fromEntries(fields.map(field => [field, some]))).map(present)
  const scopes = record as fc.Arbitrary<HoldScope>
  const people = fc
    .tuple(record, value)
    .map(([who, organisation]) => ({ ...who, organisation })) as fc.Arbitrary<Holdable>

  test('is a conjunction: it applies exactly if each field that it names does by itself', () => {
    fc.assert(
      fc.property(scopes, people, (scope, who) => {
        const each = Object.entries(scope).every(([field, text]) => holdMatches({ [field]: text }, who))
        expect(holdMatches(scope, who)).toBe(each)
      }),
    )
  })

  test('narrows with every field that is added', () => {
    fc.assert(
      fc.property(scopes, scopes, people, (scope, more, who) => {
        if (holdMatches({ ...more, ...scope }, who)) expect(holdMatches(scope, who)).toBe(true)
      }),
    )
  })

  test('never applies by a field that is not known of somebody', () => {
    fc.assert(
      fc.property(scopes, people, (scope, who) => {
        const unknown = fields.some(field => scope[field] !== undefined && who[field] === undefined)
        if (unknown) expect(holdMatches(scope, who)).toBe(false)
      }),
    )
  })

  test('is the one by which calls are refused', () => {
    fc.assert(
      fc.property(scopes, scope => {
        const who = { ...holdable(client), model: 'aurora' }
        const refused = atModel({ standing: standing(scope) }) instanceof Refusal
        expect(refused).toBe(holdMatches(scope, who))
      }),
    )
  })

  test('of a person who is signed in needs no client', () => {
    const who = { organisation: 'cedar', person: 'person_1', nationality: 'FR' }
    expect(holdMatches({ person: 'person_1', nationality: 'FR' }, who)).toBe(true)
    expect(holdMatches({ client: 'client_1' }, who)).toBe(false)
  })
})

describe('a suspended partner', () => {
  const suspended = (continues?: readonly string[]) => ({
    organisation: {
      ...admitted.organisation,
      partner: 'suspended' as const,
      ...(continues && { continues }),
    },
  })

  test.each([undefined, []])('is refused everywhere when %j goes on', continues => {
    const refused = {
      code: 'partner_suspended',
      facts: { detail: 'Cedar is suspended as a trusted partner.' },
    }
    expect(atApi(suspended(continues))).toMatchObject(refused)
    expect(atModel(suspended(continues))).toMatchObject(refused)
  })

  test('goes on under the grants that are listed, and no other', () => {
    expect(atApi(suspended(['grant_1']))).toHaveProperty('until')
    expect(atModel(suspended(['grant_1']))).toHaveProperty('until')
    expect(atApi(suspended(['grant_2']))).toHaveProperty('until')
    expect(atModel(suspended(['grant_2']))).toMatchObject({ code: 'partner_suspended' })
  })

  test('is judged by the record of the grant, not by what the token names', () => {
    expect(atModel({ ...suspended(['grant_1']), grant: undefined })).toMatchObject({
      code: 'partner_suspended',
    })
    const grant = { ...admitted.grant, id: 'grant_2' }
    expect(atModel({ ...suspended(['grant_1']), grant })).toMatchObject({ code: 'partner_suspended' })
    expect(judgePartner(suspended(['grant_1']).organisation, undefined)).toMatchObject({
      code: 'partner_suspended',
    })
  })

  test.each([
    [
      'the grant itself is suspended',
      { grant: { ...admitted.grant, state: 'suspended' as const } },
      'grant_suspended',
    ],
    ['the grant has ended', { grant: { ...admitted.grant, expiresAt: now } }, 'grant_expired'],
    ['the agreement is not in force', { agreement: undefined }, 'agreement_not_effective'],
    ['a hold is', { standing: standing({ organisation: 'cedar' }) }, 'hold_active'],
    ['the client is suspended', { client: { ...client, state: 'suspended' as const } }, 'client_suspended'],
  ])('does not go on when %s', (_, changes, code) => {
    expect(atModel({ ...suspended(['grant_1']), ...changes })).toMatchObject({ code })
  })

  test.each(['revoked', 'closed', 'nominated', 'vetting', 'selected'] as const)(
    'is another thing than one that is %s: nothing of that goes on',
    partner => {
      const organisation = { ...admitted.organisation, partner, continues: ['grant_1'] }
      expect(atApi({ organisation })).toMatchObject({ code: 'partner_revoked' })
      expect(atModel({ organisation })).toMatchObject({ code: 'partner_revoked' })
    },
  )

  test.each(['active', 'reinstated'] as const)(
    'keeps a list of what goes on that means nothing once it is %s',
    partner => {
      const organisation = { ...admitted.organisation, partner, continues: ['grant_2'] }
      expect(atModel({ organisation })).toHaveProperty('until')
    },
  )
})

describe('a suspended client', () => {
  const by = { person: 'person_9', name: 'Nora', at: now, authTime: now, role: 'nsa-admin' as const }
  const stop = (organisation: string, further: Partial<Stop> = {}): Stop => ({
    by: { ...by, organisation },
    reason: { code: 'insider_risk', text: 'It is said of Sam.' },
    entry: 'entry_1',
    ratifyBy: now,
    ...further,
  })
  const lapse: LapseStop = {
    reason: { code: 'inactivity', text: 'It asked for nothing.' },
    entry: 'entry_2',
    at: now,
  }
  const refusalOf = (change: Partial<Client>, records: Partial<CallerRecords> = {}) => {
    const answer = atApi({ client: { ...client, state: 'suspended', ...change }, ...records })
    return answer instanceof Refusal ? [answer.code, answer.facts.detail, answer.facts.next] : answer
  }
  const command = (entry: string) =>
    `The partner-admin can appeal it once: sallyport partner appeal ${entry} --text '…'`

  test.each<[string, Partial<Client>, string, string | undefined]>([
    ['by others', { stop: stop('ofr') }, 'The client is suspended: insider_risk.', command('entry_1')],
    [
      'by others, in sealed words',
      { stop: stop('ofr', { reason: { code: 'insider_risk', text: 'Of Sam.', sealed: true } }) },
      'The client is suspended: insider_risk.',
      command('entry_1'),
    ],
    ['by time', { lapse }, 'The client is suspended: inactivity.', command('entry_2')],
    ['by its own people', { stop: stop('cedar') }, 'The client is suspended: insider_risk.', undefined],
    [
      'after an appeal',
      { lapse: { ...lapse, appealed: true } },
      'The client is suspended: inactivity.',
      undefined,
    ],
    ['by a record that does not say', {}, 'The client is suspended.', undefined],
  ])('%s is told the reason by its code, and how it is appealed', (_, change, detail, next) => {
    expect(refusalOf(change)).toEqual(['client_suspended', detail, next])
  })

  test.each<[string, Partial<CallerRecords>]>([
    ['a developer', { organisation: { id: 'cedar', name: 'H', kind: 'developer', state: 'active' } }],
    ['nobody', { organisation: undefined }],
    ['another organisation', { organisation: { ...admitted.organisation, id: 'prairie' } }],
  ])('of %s is told no appeal: partners do', (_, records) => {
    expect(refusalOf({ lapse }, records)).toEqual([
      'client_suspended',
      'The client is suspended: inactivity.',
      undefined,
    ])
  })

  test.each(['revoked', 'expired', 'compromised'] as const)(
    'that is %s by now is told nothing of the suspension before',
    state => {
      const [, detail, next] = refusalOf({ state, stop: stop('ofr') }) as string[]
      expect([detail, next]).toEqual([`The client is ${state}.`, undefined])
    },
  )
})

describe("a contractor's client", () => {
  const confirmed = (confirmedUntil: number) => ({
    client: { ...client, sponsor: { person: 'person_3', confirmedUntil } },
  })

  test('is refused once its sponsor has not confirmed it in time, and is told so', () => {
    const refused = {
      code: 'client_suspended',
      facts: {
        detail: `The sponsor of the client did not confirm it: the confirmation ended at ${time(now)}.`,
      },
    }
    expect(atApi(confirmed(now))).toMatchObject(refused)
    expect(atModel(confirmed(now))).toMatchObject(refused)
    expect(atModel(confirmed(now + 1))).toHaveProperty('until')
  })

  test('is admitted until the confirmation ends, so that a call under way ends then', () => {
    expect(atApi(confirmed(now + hour))).toMatchObject({ until: now + hour })
    expect(atModel(confirmed(now + hour))).toMatchObject({ until: now + hour })
    expect(atApi(confirmed(now + 99 * hour))).toMatchObject({ until: client.expiresAt })
  })
})

test('a grant that is suspended is refused as that', () => {
  expect(atModel({ grant: { ...admitted.grant, state: 'suspended' } })).toMatchObject({
    code: 'grant_suspended',
    facts: { detail: 'The grant grant_1 is suspended.' },
  })
})

test('a call is admitted until the earliest of what admits it ends', () => {
  const end = fc.integer({ min: 1, max: 10 }).map(hours => now + hours * hour)
  fc.assert(
    fc.property(end, end, end, end, (ofClient, ofSponsor, ofAgreement, ofGrant) => {
      const authority = atModel({
        client: {
          ...client,
          expiresAt: ofClient,
          sponsor: { person: 'person_3', confirmedUntil: ofSponsor },
        },
        agreement: { ...admitted.agreement, endsAt: ofAgreement },
        grant: { ...admitted.grant, expiresAt: ofGrant },
      })
      expect(authority).toMatchObject({ until: Math.min(ofClient, ofSponsor, ofAgreement, ofGrant) })
    }),
  )
})
