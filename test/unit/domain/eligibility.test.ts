import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { authoriseModel } from '../../../shared/domain/authority.ts'
import { judgeEligibility } from '../../../shared/domain/eligibility.ts'
import type { Attributes } from '../../../shared/domain/parties.ts'
import type { Eligibility } from '../../../shared/domain/records.ts'
import { Refusal } from '../../../shared/domain/refusal.ts'
import { admitted, caller, hour, now } from './admitted.ts'

const until = (expiresAt: number) => (value: string) => ({ value, expiresAt, by: 'person_1' })
const attested = until(now + hour)
const expired = until(now)

const clauses = {
  ...admitted.agreement.clauses,
  nationality: 'nationality-4.2',
  region: 'region-4.3',
  'insider-risk': 'insider-7',
}

const atModel = (eligibility: Eligibility, attributes?: Attributes) =>
  authoriseModel(
    caller,
    {
      ...admitted,
      agreement: { ...admitted.agreement, eligibility, clauses },
      client: { ...admitted.client, ...(attributes && { attributes }) },
    },
    now,
  )

const told = (eligibility: Eligibility, attributes?: Attributes): unknown => {
  const outcome = atModel(eligibility, attributes)
  return outcome instanceof Refusal ? [outcome.code, outcome.facts.clause] : 'admitted'
}

describe('an agreement that admits some nationalities', () => {
  const eligibility = { nationality: { admit: ['US', 'FR'] } }
  const refused = ['nationality_excluded', 'nationality-4.2']

  test('admits a client of which one of them is attested', () => {
    expect(told(eligibility, { nationality: attested('FR') })).toBe('admitted')
  })

  test.each([
    ['another', { nationality: attested('DE') }],
    ['nothing', {}],
    ['nothing any more', { nationality: expired('FR') }],
    ['another attribute only', { region: attested('FR') }],
  ])('refuses, by its clause, a client of which %s is attested', (_, attributes) => {
    expect(told(eligibility, attributes)).toEqual(refused)
  })

  test('refuses a client without attributes', () => {
    expect(told(eligibility)).toEqual(refused)
  })

  test('names the client whose attributes are attested', () => {
    const outcome = atModel(eligibility)
    const next = `The partner-admin attests what is so: sallyport client attributes ${admitted.client.id}`
    expect(outcome instanceof Refusal && outcome.next).toBe(next)
  })
})

describe('an agreement that excludes some', () => {
  test.each([
    [{ nationality: { exclude: ['FR'] } }, { nationality: attested('FR') }, 'nationality_excluded'],
    [{ nationality: { exclude: ['FR'] } }, {}, 'nationality_excluded'],
    [{ region: { exclude: ['FR'] } }, { region: attested('FR-75') }, 'region_excluded'],
    [{ region: { exclude: ['FR-75'] } }, { region: expired('FR-13') }, 'region_excluded'],
  ])('%j refuses %j', (eligibility, attributes, code) => {
    expect(told(eligibility, attributes)).toEqual([code, expect.stringMatching(/^(nationality|region)-4/)])
  })

  test.each([
    [{ nationality: { exclude: ['FR'] } }, { nationality: attested('US') }],
    [{ region: { exclude: ['FR-75'] } }, { region: attested('FR-13') }],
    [{ region: { admit: ['FR'] } }, { region: attested('FR-75') }],
  ])('%j admits %j', (eligibility, attributes) => {
    expect(told(eligibility, attributes)).toBe('admitted')
  })

  test('a country is not in one of its own parts', () => {
    expect(told({ region: { admit: ['FR-75'] } }, { region: attested('FR') })).toEqual([
      'region_excluded',
      'region-4.3',
    ])
  })
})

describe('an agreement that asks for screening', () => {
  test('admits a client whose screening is in force, until it is not', () => {
    expect(told({ screening: true }, { screening: attested('SCR-1') })).toBe('admitted')
    expect(told({ screening: true }, { screening: expired('SCR-1') })).toEqual([
      'screening_missing',
      'insider-7',
    ])
    expect(told({ screening: true })).toEqual(['screening_missing', 'insider-7'])
  })
})

test('a call lasts no longer than what admits it is attested', () => {
  const soon = until(now + 5)
  expect(atModel({ nationality: { admit: ['US'] } }, { nationality: soon('US') })).toMatchObject({
    until: now + 5,
  })
  expect(atModel({}, { nationality: soon('US') })).toMatchObject({ until: now + 2 * hour })
})

test('whatever is asked for and attested, who is admitted has it in force', () => {
  const values = fc.constantFrom('US', 'FR', 'DE')
  const bounds = fc.oneof(
    fc.record({ admit: fc.array(values, { minLength: 1 }) }),
    fc.record({ exclude: fc.array(values, { minLength: 1 }) }),
  )
  const one = fc.record({
    value: values,
    expiresAt: fc.constantFrom(now - 1, now, now + 1),
    by: fc.constant('p'),
  })
  fc.assert(
    fc.property(bounds, fc.option(one, { nil: undefined }), (nationality, given) => {
      const refusal = judgeEligibility(
        { attributes: given ? { nationality: given } : {} },
        { ...admitted.agreement, eligibility: { nationality } },
        now,
      )
      const named = given && Object.values(nationality).flat().includes(given.value)
      const fits = 'admit' in nationality ? named === true : named === false
      expect(refusal === undefined).toBe(given !== undefined && given.expiresAt > now && fits)
    }),
  )
})
