/**
 * Over all states of all records at once: whoever or whatever is suspended, revoked, lapsed, not begun or not known
 * admits nothing. The one exception is a released model, of which its developer alone decides.
 */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { agreementMachine } from '../../../shared/domain/agreement-step.ts'
import { authoriseModel } from '../../../shared/domain/authority.ts'
import { clientMachine, grantMachine } from '../../../shared/domain/machines.ts'
import { modelMachine } from '../../../shared/domain/model-step.ts'
import { partnerStates } from '../../../shared/domain/parties.ts'
import type { Agreement, Client, Grant, Model } from '../../../shared/domain/records.ts'
import { Refusal } from '../../../shared/domain/refusal.ts'
import type { Stop } from '../../../shared/domain/stop.ts'
import { admitted, caller, hour, now } from './admitted.ts'

const unknown = 'from_a_later_version'
const oneOf = <S extends string>(states: readonly S[]) => fc.constantFrom(...states, unknown as S)
const times = fc.constantFrom(now - hour, now, now + hour)
const stoppers = ['ofr', 'halcyon', 'cedar', 'zephyr'] as const
const stop = (organisation: string): Stop => ({
  by: { person: 'p', name: 'P', organisation, role: 'nsa-admin', at: now, authTime: now },
  reason: { code: 'other', text: 'A stop.' },
  entry: 'entry_1',
  ratifyBy: now,
})

const worlds = fc.record({
  client: oneOf<Client['state']>(clientMachine.states),
  clientStop: fc.option(fc.constantFrom(...stoppers), { nil: undefined }),
  partner: oneOf(partnerStates),
  continues: fc.constantFrom<readonly string[] | undefined>(undefined, [], ['grant_1'], ['grant_2']),
  organisation: oneOf(['active', 'suspended'] as const),
  agreement: oneOf<Agreement['state']>(agreementMachine.states),
  agreementEnds: times,
  agreementStarts: times,
  grant: oneOf<Grant['state']>(grantMachine.states),
  grantEnds: times,
  model: oneOf<Model['state']>(modelMachine.states),
  killed: fc.boolean(),
  holder: fc.option(fc.constantFrom(...stoppers), { nil: undefined }),
  revokedToken: fc.boolean(),
  restoring: fc.boolean(),
})
type World = typeof worlds extends fc.Arbitrary<infer W> ? W : never

const outcome = (world: World) =>
  authoriseModel(
    caller,
    {
      standing: {
        holds: world.holder
          ? {
              hold_1: {
                scope: { organisation: 'cedar' },
                reason: 'other',
                placedAt: now,
                by: world.holder,
              },
            }
          : {},
        compromised: {},
        ...(world.restoring && { restoring: { since: now, by: 'op', entry: 'e' } }),
      },
      revokedToken: world.revokedToken ? { by: 'r', exp: 1 } : undefined,
      organisation: {
        ...admitted.organisation,
        state: world.organisation,
        partner: world.partner,
        ...(world.continues && { continues: world.continues }),
      },
      client: {
        ...admitted.client,
        state: world.client,
        ...(world.clientStop && { stop: stop(world.clientStop) }),
      },
      model: { ...admitted.model, state: world.model, killed: world.killed },
      agreement: {
        ...admitted.agreement,
        state: world.agreement,
        startsAt: world.agreementStarts,
        endsAt: world.agreementEnds,
      },
      grant: { ...admitted.grant, state: world.grant, expiresAt: world.grantEnds },
    },
    now,
  )

/** What admits, written down once more from the design, not from the code. */
function mayBeAdmitted(world: World): boolean {
  const released = world.model === 'released'
  const counts = (by: string): boolean => !released || by === 'halcyon'
  const clientStands =
    ['active', 'enrolled'].includes(world.client) ||
    (world.client === 'suspended' &&
      world.clientStop !== undefined &&
      world.clientStop !== 'cedar' &&
      !counts(world.clientStop))
  const partnerStands =
    ['active', 'reinstated'].includes(world.partner) ||
    (world.partner === 'suspended' && world.continues?.includes('grant_1') === true)
  const agreementStands =
    ['signed', 'effective'].includes(world.agreement) &&
    world.agreementStarts <= now &&
    world.agreementEnds > now
  return (
    clientStands &&
    partnerStands &&
    world.organisation === 'active' &&
    agreementStands &&
    world.grant === 'active' &&
    world.grantEnds > now &&
    (released || world.model === 'partner_access') &&
    !world.killed &&
    (world.holder === undefined || !counts(world.holder)) &&
    !world.revokedToken &&
    !world.restoring
  )
}

test('whatever state everything is in, only what is in force admits', () => {
  fc.assert(
    fc.property(worlds, world => {
      expect(!(outcome(world) instanceof Refusal)).toBe(mayBeAdmitted(world))
    }),
    { numRuns: 20_000 },
  )
})

/** Chance seldom puts everything right at once: from what admits, one thing at a time is changed. */
test('of what admits, any one thing that is suspended takes it away', () => {
  const right: World = {
    client: 'active',
    clientStop: undefined,
    partner: 'active',
    continues: undefined,
    organisation: 'active',
    agreement: 'effective',
    agreementEnds: now + hour,
    agreementStarts: now - hour,
    grant: 'active',
    grantEnds: now + hour,
    model: 'partner_access',
    killed: false,
    holder: undefined,
    revokedToken: false,
    restoring: false,
  }
  const fields = Object.keys(right) as (keyof World)[]
  fc.assert(
    fc.property(
      worlds,
      fc.subarray(fields, { minLength: 1, maxLength: 3 }),
      fc.constantFrom<Model['state']>('partner_access', 'released'),
      (other, changed, model) => {
        const world = {
          ...right,
          model,
          ...Object.fromEntries(changed.map(field => [field, other[field]])),
        } as World
        expect(!(outcome(world) instanceof Refusal)).toBe(mayBeAdmitted(world))
      },
    ),
    { numRuns: 20_000 },
  )
  expect(outcome(right)).toHaveProperty('until')
})
