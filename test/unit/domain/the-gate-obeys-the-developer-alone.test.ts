/** Once a model is released, nobody but its developer, and an operator who acts for it, stops a call of it. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { authoriseCaller, authoriseModel, type ModelRecords } from '../../../shared/domain/authority.ts'
import type { HoldScope, Model } from '../../../shared/domain/records.ts'
import { Refusal } from '../../../shared/domain/refusal.ts'
import type { Stop } from '../../../shared/domain/stop.ts'
import { admitted, caller, hour, now } from './admitted.ts'

const model = (state: Model['state']): Model => ({ ...admitted.model, state })

const held = (scope: HoldScope, by: string | undefined) => ({
  standing: {
    holds: { hold_1: { scope, reason: 'legal_order' as const, placedAt: now, ...(by && { by }) } },
    compromised: {},
  },
})

const stoppedBy = (organisation: string, role: Stop['by']['role'] = 'nsa-admin') => ({
  client: {
    ...admitted.client,
    state: 'suspended' as const,
    stop: {
      by: { person: 'person_9', name: 'Nora', organisation, role, at: now, authTime: now },
      reason: { code: 'legal_order' as const, text: 'An order.' },
      entry: 'entry_1',
      ratifyBy: now + hour,
    },
  },
})

const told = (change: Partial<ModelRecords>): string => {
  const outcome = authoriseModel(caller, { ...admitted, ...change }, now)
  return outcome instanceof Refusal ? outcome.code : 'admitted'
}

const scopes: readonly HoldScope[] = [
  { model: 'aurora' },
  { organisation: 'cedar' },
  { client: 'client_1' },
  { organisation: 'cedar', model: 'aurora' },
]

describe.each(scopes)('a hold on %j', scope => {
  test.each([
    ['an office', 'ofr'],
    ['another developer', 'zephyr'],
  ])('of %s stops calls before the release, and none after it', (_, by) => {
    expect(told({ ...held(scope, by), model: model('partner_access') })).toBe('hold_active')
    expect(told({ ...held(scope, by), model: model('released') })).toBe('admitted')
  })

  test.each([
    ['its developer', 'halcyon'],
    ['an operator', 'operator'],
    ['nobody who is known', undefined],
  ])('of %s stops calls after the release as well', (_, by) => {
    expect(told({ ...held(scope, by), model: model('released') })).toBe('hold_active')
  })
})

describe('a client that is suspended', () => {
  test.each(['ofr', 'zephyr'])('by %s is admitted to a released model, and to no other', by => {
    expect(told({ ...stoppedBy(by), model: model('partner_access') })).toBe('client_suspended')
    expect(told({ ...stoppedBy(by), model: model('released') })).toBe('admitted')
  })

  test.each([
    ['its own organisation', stoppedBy('cedar', 'partner-admin')],
    ['the developer', stoppedBy('halcyon', 'developer-admin')],
    ['an operator', stoppedBy('ofr', 'operator')],
    ['time', { client: { ...admitted.client, state: 'suspended' as const } }],
    ['nobody: it is compromised', { client: { ...stoppedBy('ofr').client, state: 'compromised' as const } }],
  ])('by %s stays so', (_, change) => {
    const code = told({ ...change, model: model('released') })
    expect(['client_suspended', 'client_compromised']).toContain(code)
  })

  test('by an office is refused where no model is called', () => {
    expect(authoriseCaller(caller, { ...admitted, ...stoppedBy('ofr') }, now)).toMatchObject({
      code: 'client_suspended',
    })
  })
})

describe('an agreement that is suspended', () => {
  const suspended = (organisation: string) => ({
    agreement: {
      ...admitted.agreement,
      state: 'suspended' as const,
      stop: { ...stoppedBy(organisation).client.stop },
    },
  })

  test.each(['ofr', 'zephyr'])('by %s stops calls of every model but a released one', by => {
    expect(told({ ...suspended(by), model: model('partner_access') })).toBe('agreement_not_effective')
    expect(told({ ...suspended(by), model: model('released') })).toBe('admitted')
  })

  test('by its developer stops calls of a released one as well', () => {
    expect(told({ ...suspended('halcyon'), model: model('released') })).toBe('agreement_not_effective')
  })

  test('by nobody who is known does so, too', () => {
    const agreement = { ...admitted.agreement, state: 'suspended' as const }
    expect(told({ agreement, model: model('released') })).toBe('agreement_not_effective')
  })
})

test('whatever others have put on it, a released model is called as if they had not', () => {
  const scope = fc
    .record(
      {
        model: fc.constant('aurora'),
        organisation: fc.constant('cedar'),
        client: fc.constant('client_1'),
      },
      { requiredKeys: [] },
    )
    .filter(one => Object.keys(one).length > 0)
  const by = fc.constantFrom('ofr', 'zephyr', 'elsewhere')
  fc.assert(
    fc.property(
      scope,
      by,
      fc.boolean(),
      fc.constantFrom<Model['state']>('released'),
      (on, who, suspended, state) => {
        const change = { ...held(on, who), ...(suspended && stoppedBy(who)), model: model(state) }
        expect(told(change)).toBe('admitted')
      },
    ),
  )
})
