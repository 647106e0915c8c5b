import { describe, expect, test } from 'vitest'
import type { ModelRecords } from '../../../shared/domain/authority.ts'
import { type Ask, decide } from '../../../shared/domain/decide.ts'
import { freshMeter, type Meter } from '../../../shared/domain/meter.ts'
import { Refusal, refuse } from '../../../shared/domain/refusal.ts'
import { time } from '../../../shared/domain/time.ts'
import { caller, hour, now, admitted as records } from './admitted.ts'

const meter = freshMeter('grant_1', { total: 1_000, perDay: 500, rpm: 60, burst: 10, streams: 2 }, now)
const ask: Ask = { model: 'aurora', uses: new Map([['infer', 'messages']]), ceiling: 100 }

type Changes = { readonly [R in keyof ModelRecords]?: object | undefined }

/** The decision where some records are other than they should be; `undefined` takes a record away. */
function decideWith(changes: Changes, over: { caller?: object; ask?: object; meter?: object | null } = {}) {
  const changed = Object.fromEntries(
    Object.entries(changes).map(([name, change]) => [
      name,
      change && { ...records[name as keyof typeof records], ...change },
    ]),
  )
  const meters = over.meter === null ? [undefined] : [{ ...meter, ...over.meter } as Meter]
  return decide(
    { ...caller, ...over.caller },
    { ...records, ...changed } as ModelRecords,
    meters,
    () => ({ ...ask, ...over.ask }),
    now,
  )
}

test('a call that everything admits is allowed until the earliest expiry', () => {
  const allow = decideWith({})
  if (allow instanceof Refusal) throw new Error(allow.code)
  expect(allow.until).toBe(now + 2 * hour)
  expect(allow.meters).toEqual([meter])
})

describe('a call is refused', () => {
  test.each<[string, string, Changes]>([
    ['without the standing record', 'store_unavailable', { standing: undefined }],
    ['by a token whose key is compromised', 'key_compromised', { standing: { compromised: { 'kid-1': 1 } } }],
    ['by a token that was revoked', 'token_revoked', { revokedToken: { by: 'x', exp: 1 } }],
    ['from a client that is not there', 'client_expired', { client: undefined }],
    ['from a client of another organisation', 'client_expired', { client: { organisation: 'prairie' } }],
    ['from a suspended client', 'client_suspended', { client: { state: 'suspended' } }],
    ['from a compromised client', 'client_compromised', { client: { state: 'compromised' } }],
    ['from a client in a state that nobody knows', 'client_suspended', { client: { state: 'odd' } }],
    ['from a revoked client', 'client_expired', { client: { state: 'revoked' } }],
    ['from a client whose time has come', 'client_expired', { client: { expiresAt: now } }],
    ['without an organisation', 'organisation_suspended', { organisation: undefined }],
    ['from a suspended organisation', 'organisation_suspended', { organisation: { state: 'suspended' } }],
    ['from a suspended partner', 'partner_suspended', { organisation: { partner: 'suspended' } }],
    ['from a revoked partner', 'partner_revoked', { organisation: { partner: 'revoked' } }],
    ['from a partner only selected', 'partner_revoked', { organisation: { partner: 'selected' } }],
    ['to no model', 'model_unknown', { model: undefined }],
    ['to a withdrawn model', 'model_withdrawn', { model: { state: 'withdrawn' } }],
    ['to a model stopped by its developer', 'model_killed', { model: { killed: true } }],
    ['to a model that is only designated', 'window_closed', { model: { state: 'designated' } }],
    [
      'of a partner in the window of the government',
      'window_closed',
      { model: { state: 'government_window' } },
    ],
    ['under no agreement', 'agreement_not_effective', { agreement: undefined }],
    [
      'under an agreement of somebody else',
      'agreement_not_effective',
      { agreement: { counterparty: 'prairie' } },
    ],
    ['under an agreement about other models', 'agreement_not_effective', { agreement: { models: [] } }],
    ['under a suspended agreement', 'agreement_not_effective', { agreement: { state: 'suspended' } }],
    ['before the agreement starts', 'agreement_not_effective', { agreement: { startsAt: now + 1 } }],
    ['when the agreement has ended', 'agreement_not_effective', { agreement: { endsAt: now } }],
    ['under a version that was replaced', 'agreement_superseded', { agreement: { digest: 'v3' } }],
    [
      'under the version before once that has ended',
      'agreement_superseded',
      { agreement: { digest: 'v3', previous: { digest: 'v2', until: now } } },
    ],
    ['before the notices were acknowledged', 'consent_missing', { agreement: { consentedAt: undefined } }],
    [
      'for a purpose that is not registered',
      'purpose_not_registered',
      { agreement: { purposes: ['other'] } },
    ],
    ['without a grant', 'grant_missing', { grant: undefined }],
    ['under a grant of somebody else', 'grant_missing', { grant: { organisation: 'prairie' } }],
    ['under a grant of another model', 'grant_missing', { grant: { model: 'borealis' } }],
    ['under a grant that is only approved', 'grant_missing', { grant: { state: 'approved' } }],
    ['under a grant in a state that nobody knows', 'grant_missing', { grant: { state: 'odd' } }],
    ['under a grant without a meter', 'grant_missing', { grant: { meters: [] } }],
    ['under a suspended grant', 'grant_suspended', { grant: { state: 'suspended' } }],
    ['under a revoked grant', 'grant_revoked', { grant: { state: 'revoked' } }],
    ['under an expired grant', 'grant_expired', { grant: { state: 'expired' } }],
    ['when the term of the grant has passed', 'grant_expired', { grant: { expiresAt: now } }],
  ])('%s', (_, code, changes) => {
    expect(decideWith(changes)).toMatchObject({ code })
  })

  test.each([
    ['the model', { model: 'aurora' }],
    ['the organisation', { organisation: 'cedar' }],
    ['the client', { client: 'client_1' }],
    ['all of them', { model: 'aurora', organisation: 'cedar', client: 'client_1' }],
    ['everything', {}],
  ])('by a hold on %s, until it lapses', (_, scope) => {
    const hold = (until?: number) => ({
      standing: { holds: { h: { scope, reason: 'other', placedAt: 0, ...(until && { until }) } } },
    })
    expect(decideWith(hold())).toMatchObject({ code: 'hold_active' })
    expect(decideWith(hold(now + 1))).toMatchObject({ code: 'hold_active' })
    expect(decideWith(hold(now))).toHaveProperty('until')
  })

  test('not by a hold on a conjunction that it does not meet whole', () => {
    const scope = { model: 'aurora', organisation: 'prairie' }
    expect(
      decideWith({ standing: { holds: { h: { scope, reason: 'other', placedAt: 0 } } } }),
    ).toHaveProperty('until')
  })

  test('for a capability that the agreement or the token withholds, naming field and clause', () => {
    const uses = new Map([['tools', 'tools']])
    const refused = { code: 'capability_withheld', facts: { field: 'tools', clause: 'c-1' } }
    expect(decideWith({ agreement: { capabilities: ['infer'] } }, { ask: { uses } })).toMatchObject(refused)
    expect(decideWith({}, { ask: { uses }, caller: { scopes: ['infer'] } })).toMatchObject(refused)
  })

  test('when the body asks for another model than the token', () => {
    expect(decideWith({}, { ask: { model: 'borealis' } })).toMatchObject({ code: 'model_unknown' })
  })

  test.each([
    ['a meter that is missing', 'store_unavailable', null],
    ['a closed meter', 'meter_closed', { state: 'closed' }],
    ['too little that remains', 'budget_exhausted', { remaining: 99 }],
    ['too little of the day', 'day_exhausted', { dayUsed: 401 }],
    ['too many at once', 'streams_exhausted', { leases: { a: { r: 1, exp: now }, b: { r: 1, exp: now } } }],
    ['too many a minute', 'rate_limited', { tat: (now + 10_000) * 1000 }],
  ])('by %s', (_, code, change) => {
    expect(decideWith({}, { meter: change })).toMatchObject({ code })
  })

  test('by a meter with the clause, the meter and the wait', () => {
    expect(decideWith({}, { meter: { tat: (now + 10_500) * 1000 } })).toMatchObject({
      facts: { clause: 'q-1', meter: 'grant_1', retryAfter: 2 },
    })
  })

  const pool: Meter = {
    ...freshMeter('pool_1', { total: 5_000, rpm: 600, burst: 100, streams: 256 }, now, 'pool'),
    remaining: 4_000,
  }
  const shared = { ...records, grant: { ...records.grant, meters: ['grant_1', 'pool_1'] } }
  const early = { tat: (now + 10_500) * 1000 }
  test.each<[string, object, object, Record<string, unknown>, number]>([
    [
      'the pool, when only that is used up',
      {},
      { remaining: 99 },
      { code: 'pool_exhausted', meter: 'pool_1' },
      100,
    ],
    [
      'the grant, when only that is',
      { remaining: 99 },
      {},
      { code: 'budget_exhausted', meter: 'grant_1' },
      100,
    ],
    [
      'what lasts, not what passes',
      early,
      { remaining: 99 },
      { code: 'pool_exhausted', meter: 'pool_1' },
      100,
    ],
    [
      'what no waiting helps against, not the wait',
      early,
      {},
      { code: 'request_exceeds_limit', meter: 'grant_1' },
      501,
    ],
    [
      'the longer wait, not the kind of limit',
      early,
      { leases: { a: { r: 1, day: 0, exp: now + hour } }, limits: { ...pool.limits, streams: 1 } },
      { code: 'rate_limited', meter: 'grant_1', retryAfter: 2 },
      100,
    ],
    [
      'the longer wait of two',
      early,
      { tat: (now + 90_000) * 1000 },
      { code: 'rate_limited', meter: 'pool_1', retryAfter: 81 },
      100,
    ],
  ])('of several meters by %s', (_, ofGrant, ofPool, { code, ...facts }, ceiling) => {
    const meters = [
      { ...meter, ...ofGrant },
      { ...pool, ...ofPool },
    ]
    expect(decide(caller, shared, meters, () => ({ ...ask, ceiling }), now)).toMatchObject({ code, facts })
  })

  test('with what calls under way hold told, for some of it may come back', () => {
    const leases = { a: { r: 300, day: 0, exp: now + hour } }
    const refused = decideWith({}, { meter: { remaining: 99, leases } })
    expect(refused).toMatchObject({
      code: 'budget_exhausted',
      facts: { detail: expect.stringContaining('99 of 1000 remain; calls under way hold 300') },
    })
  })

  test('as the request itself is refused, but only once the caller is known to be admitted', () => {
    const asks = () => refuse('body_malformed', 'x')
    expect(decide(caller, records, [meter], asks, now)).toMatchObject({ code: 'body_malformed' })
    expect(decide(caller, { ...records, grant: undefined }, [meter], asks, now)).toMatchObject({
      code: 'grant_missing',
    })
  })
})

test('a token under the version before is good until that ends, and no longer', () => {
  const allow = decideWith({ agreement: { digest: 'v3', previous: { digest: 'v2', until: now + hour } } })
  expect(allow).toMatchObject({ until: now + hour })
})

describe('the window of a government office', () => {
  const office = { id: 'cedar', name: 'Office', kind: 'government', state: 'active', partner: undefined }
  const window = { government: 'cedar', opensAt: now, endsAt: now + 1, becomes: 'partner_access' }
  const inWindow = (change: object, model: object = {}) =>
    decideWith({
      model: { state: 'designated', window: { ...window, ...change }, ...model },
      organisation: office,
    })
  const codeOf = (outcome: unknown): unknown => (outcome instanceof Refusal ? outcome.code : 'admitted')

  test('opens and ends by its clock, whatever was recorded of it', () => {
    expect(codeOf(inWindow({}))).toBe('admitted')
    expect(codeOf(inWindow({}, { state: 'government_window' }))).toBe('admitted')
    expect(codeOf(inWindow({ opensAt: now + 1, endsAt: now + 2 }))).toBe('window_closed')
    expect(codeOf(inWindow({ opensAt: now - 1, endsAt: now, becomes: 'designated' }))).toBe('window_closed')
    expect(
      codeOf(
        inWindow({ opensAt: now - 1, endsAt: now, becomes: 'designated' }, { state: 'government_window' }),
      ),
    ).toBe('window_closed')
  })

  test('is for the office that it was offered to', () => {
    expect(codeOf(inWindow({ government: 'another' }))).toBe('window_closed')
  })

  test('says when it opens, to that office alone', () => {
    const early = inWindow({ opensAt: now + 1, endsAt: now + 2 })
    expect((early as Refusal).facts.detail).toContain(time(now + 1))
    const others = inWindow({ opensAt: now + 1, endsAt: now + 2, government: 'another' })
    expect((others as Refusal).facts.detail).not.toContain(time(now + 1))
  })

  test('admits the clients that its grant names, and no other', () => {
    const named = (clients: readonly string[]) =>
      decideWith({ model: { state: 'designated', window }, organisation: office, grant: { clients } })
    expect(codeOf(named(['client_1', 'client_2']))).toBe('admitted')
    expect(codeOf(named(['client_2']))).toBe('grant_missing')
    expect(codeOf(named([]))).toBe('grant_missing')
  })
})
