/** What the log tells of a decision is what was decided, and what is no decision is not taken for one. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { judgeAppealable } from '../../../../functions/governance/appeals/lodge-appeal.ts'
import { readDecision } from '../../../../functions/governance/engine/decided.ts'
import type { Reason } from '../../../../shared/domain/stop.ts'
import { reasonCodes } from '../../../../shared/domain/stop.ts'
import { type ActionName, whoDecides } from '../../../../shared/domain/who-decides.ts'
import { decisionEntry } from '../../../../shared/entries/decision.ts'
import { entryId } from '../../../../shared/entries/id.ts'
import { makeEntry, status } from '../../../../shared/entries/record.ts'
import { start, told } from './grant-world.ts'

const eid = entryId(start, new Uint8Array(16))
const subject = {
  kind: 'grant',
  id: 'grant_1',
  name: 'Aurora for Cedar',
  rev: 3,
  organisation: 'cedar',
  developers: ['halcyon'],
  governments: ['ofr'],
} as const
const by = {
  person: 'nora',
  name: 'Nora',
  organisation: 'ofr',
  role: 'nsa-admin',
  at: start,
  authTime: start - 123_456,
} as const
const actions = Object.keys(whoDecides) as ActionName[]

const decision = (
  action: ActionName,
  step: 'applied' | 'declined' | 'proposed' = 'applied',
  organisation = 'ofr',
) =>
  decisionEntry({
    eid,
    now: start,
    step,
    action: { name: action, params: {} },
    subject,
    by: { ...by, organisation },
    rules: 1,
  }).entry

describe('a decision is read back from its entry', () => {
  test('as it was made, sign-in times to 10 s', () => {
    const reasons: fc.Arbitrary<Reason> = fc.record(
      {
        code: fc.constantFrom(...reasonCodes),
        text: fc.string({ minLength: 1 }),
        reference: fc.string({ minLength: 1 }),
        sealed: fc.constant(true as const),
      },
      { requiredKeys: ['code', 'text'] },
    )
    fc.assert(
      fc.property(
        fc.constantFrom(...actions),
        reasons,
        fc.nat(),
        fc.boolean(),
        (name, reason, rev, glass) => {
          const { entry } = decisionEntry({
            eid,
            now: start,
            step: 'applied',
            action: { name, params: { scope: { organisation: 'cedar' } } },
            subject: { ...subject, rev },
            by,
            reason,
            proposal: 'proposal_1',
            difference: [{ field: 'state', from: 'active', to: 'suspended' }],
            rules: 1,
            ...(glass && { breakGlass: true }),
          })
          expect(readDecision(entry)).toEqual({
            step: 'applied',
            action: name,
            params: { scope: { organisation: 'cedar' } },
            subject: { ...subject, rev },
            by: {
              person: 'nora',
              name: 'Nora',
              organisation: 'ofr',
              role: 'nsa-admin',
              authTime: by.authTime - (by.authTime % 10_000),
            },
            reason,
            proposal: 'proposal_1',
            breakGlass: glass,
            difference: [{ field: 'state', from: 'active', to: 'suspended' }],
          })
        },
      ),
    )
  })

  test.each([
    ['hold.place', { scope: { organisation: 'cedar', region: 'US-MD' } }],
    ['grant.suspend', { with_partner: true }],
    ['person.roles', { roles: ['partner-user'] }],
  ] as const)('with the parameters of %s as they were, so that it can be applied again', (name, params) => {
    const action = { name, params }
    const { entry } = decisionEntry({
      eid,
      now: start,
      step: 'applied',
      action,
      subject,
      by,
      rules: 1,
    })
    expect(readDecision(entry)?.params).toEqual(params)
  })

  test('without anybody where time or an operator decided', () => {
    const { entry } = decisionEntry({
      eid,
      now: start,
      step: 'lapsed',
      action: { name: 'hold.place', params: {} },
      subject,
      rules: 1,
      actor: 'break-glass by ada',
    })
    expect(readDecision(entry)).not.toHaveProperty('by')
  })

  test.each([
    ['of another kind', { kind: 'recount', decision: 'applied', action: 'grant.suspend' }],
    ['of an action that is not known here', { kind: 'decision', decision: 'applied', action: 'grant.melt' }],
    ['of the names that every object has', { kind: 'decision', decision: 'applied', action: 'constructor' }],
    [
      'without a subject',
      { kind: 'decision', decision: 'applied', action: 'grant.suspend', organisation: 'c' },
    ],
    ['that says nothing', {}],
  ])('not from an entry %s', (_, unmapped) => {
    const entry = makeEntry(
      {
        eid,
        now: start,
        classUid: 3004,
        activityId: 3,
        statusId: status.success,
        fields: { unmapped },
      },
      {},
    )
    expect(readDecision(entry)).toBeUndefined()
  })
})

describe('what can be appealed', () => {
  test('is what was suspended, revoked or held, or declined; nothing that gave, or was only proposed', () => {
    const can = actions.filter(
      action => judgeAppealable(readDecision(decision(action)), 'cedar') === undefined,
    )
    expect(can).toEqual([
      'person.suspend',
      'person.remove',
      'partner.suspend',
      'partner.revoke',
      'partner.revoke_released',
      'partner.close',
      'client.suspend',
      'client.revoke',
      'client.compromised',
      'grant.suspend',
      'grant.suspend_continuing',
      'grant.revoke',
      'hold.place',
      'agreement.suspend',
      'agreement.terminate',
      'agreement.leave',
    ])
    for (const action of actions) {
      // Where it would have taken something away, or was an answer to an appeal, nothing was refused to the partner.
      const declined = judgeAppealable(readDecision(decision(action, 'declined')), 'cedar')
      expect(declined === undefined).toBe(!can.includes(action) && !action.startsWith('appeal.'))
      expect(told(judgeAppealable(readDecision(decision(action, 'proposed')), 'cedar'))).toBe(
        'state_forbids entry',
      )
    }
  })

  test('and not by the organisation whose people decided it', () => {
    const own = decision('client.suspend', 'applied', 'cedar')
    expect(told(judgeAppealable(readDecision(own), 'cedar'))).toBe('state_forbids entry')
  })
})
