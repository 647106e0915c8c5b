import fc from 'fast-check'
import { beforeEach, describe, expect, test } from 'vitest'
import { judgeRules, type RuleName } from '../../../../functions/governance/rules.ts'
import { keys } from '../../../../shared/domain/keys.ts'
import { defaultRules, ruleBounds, rulesInForce } from '../../../../shared/domain/rules.ts'
import { bodyOf, outcome, type PeopleWorld, peopleWorld, type Who } from './people-world.ts'

let world: PeopleWorld
beforeEach(async () => {
  world = await peopleWorld()
})

const change = (who: Who, rules: object, rev?: number) =>
  world.call('changeRules', who, { body: { rules }, ...(rev !== undefined && { rev }) })
const stored = async () => (await world.store.get([keys.rules]))[0]

describe('rules.change', () => {
  test('takes a developer and the government, and makes the next version', async () => {
    const proposed = await change('ada', { proposal_hours: 24, ratify_hours: 12 })
    expect(outcome(proposed)).toBe('proposed')
    expect(await stored()).toBeUndefined()
    expect(outcome(await world.approve('arno', proposed))).toBe('approval_required')
    expect(outcome(await world.approve('nora', proposed))).toBe('applied')
    expect(await stored()).toMatchObject({ ...defaultRules, version: 2, proposalHours: 24, ratifyHours: 12 })
    for (const of of ['halcyon', 'quarry', 'ofr']) expect(await world.told(of)).toContain('rules.changed')
  })

  test('is in force for every refusal by the decision that changes them, and not before', async () => {
    const inForce = async () => rulesInForce((await world.store.get([keys.standing]))[0])
    const proposed = await change('ada', { fresh_minutes: 2 })
    expect(await inForce()).toBe(1)
    expect(outcome(await world.approve('nora', proposed))).toBe('applied')
    expect(await inForce()).toBe(2)
  })

  test('a refusal by a rule names the version that it was judged by', async () => {
    await world.approve('nora', await change('ada', { fresh_minutes: 2 }))
    const since = 3 * 60_000
    const refused = await world.call('changeRules', 'ada', { body: { rules: { ratify_hours: 3 } }, since })
    expect(refused).toMatchObject({ code: 'fresh_sign_in_required', facts: { rules: 2 } })
  })

  test('decisions are made under the version that is in force', async () => {
    await world.approve('nora', await change('ada', { ratify_hours: 1 }))
    const stopped = await world.person('suspend', 'priya', 'sam')
    expect(bodyOf(stopped).ratify_by).toBe(new Date(world.now() + 3_600_000).toISOString())
    expect((await world.entry(bodyOf(stopped).entry)).unmapped.rules).toBe(2)
  })

  test('of two proposals for the same version that are approved at once one is stale', async () => {
    const first = await change('ada', { fresh_minutes: 2 })
    const second = await change('arno', { fresh_minutes: 3 })
    const done = await Promise.all([world.approve('nora', first), world.approve('neil', second)])
    expect(done.map(outcome).toSorted()).toEqual(['applied', 'proposal_stale'])
    expect((await stored())?.version).toBe(2)
  })

  test('what they say already is no change, and another version is refused', async () => {
    expect(outcome(await change('ada', { proposal_hours: defaultRules.proposalHours }))).toBe('state_forbids')
    expect(outcome(await change('ada', { proposal_hours: 5 }, 2))).toBe('version_stale')
  })

  test('is for administrators of developers and the government', async () => {
    for (const who of ['priya', 'sam', 'ida', 'cora'] as const)
      expect(outcome(await change(who, { proposal_hours: 5 })), who).toBe('role_missing')
  })

  test('each rule stays within its bounds', async () => {
    for (const [name, [least, most]] of Object.entries(ruleBounds)) {
      expect(judgeRules({ [name]: least })).toBeUndefined()
      expect(judgeRules({ [name]: most })).toBeUndefined()
      for (const value of [least - 1, most + 1, least + 0.5, Number.NaN, Infinity])
        expect(judgeRules({ [name]: value })).toMatchObject({
          code: 'body_malformed',
          facts: { field: name },
        })
    }
    expect(judgeRules({ version: 7 } as never)?.code).toBe('field_not_allowed')
    expect(judgeRules({ constructor: 7 } as never)?.code).toBe('field_not_allowed')
    await expect(change('ada', { ratify_hours: 25 })).rejects.toThrow()
  })

  test('what is judged well is within the bounds, whatever is asked', () => {
    const names = Object.keys(ruleBounds) as RuleName[]
    fc.assert(
      fc.property(fc.dictionary(fc.constantFrom(...names), fc.double()), wanted => {
        if (judgeRules(wanted) !== undefined) return
        for (const [name, value] of Object.entries(wanted)) {
          const [least, most] = ruleBounds[name as RuleName]
          expect(Number.isInteger(value) && value >= least && value <= most).toBe(true)
        }
      }),
    )
  })
})

test('GET /rules is for everybody who is signed in, with its version', async () => {
  for (const who of ['ada', 'sam', 'cora', 'ida'] as const)
    expect(await world.call('getRules', who)).toMatchObject({
      rev: 1,
      body: { version: 1, proposal_hours: 72, ratify_hours: 24, fresh_minutes: 5 },
    })
})
