import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { authoriseCaller, authoriseModel } from '../../../shared/domain/authority.ts'
import {
  clientMachine,
  clientStep,
  grantMachine,
  grantStep,
  holdMachine,
  holdStep,
  type Machine,
  partnerMachine,
  partnerStep,
  possibleFrom,
  proposalMachine,
  proposalStep,
} from '../../../shared/domain/machines.ts'
import { Refusal } from '../../../shared/domain/refusal.ts'
import { admitted, caller, now } from './admitted.ts'

type Step = (state: never, event: never) => string | Refusal

/** Every state × every event: where it leads, or `–` where the state forbids it. */
const tables: readonly [string, Machine<string, string>, Step, string][] = [
  [
    'a partner',
    partnerMachine,
    partnerStep,
    `
    state      | vet     | select   | activate | suspend   | reinstate | revoke  | uphold     | close
    nominated  | vetting | –        | –        | –         | –         | –       | –          | closed
    vetting    | –       | selected | –        | –         | –         | –       | –          | closed
    selected   | –       | –        | active   | –         | –         | revoked | –          | closed
    active     | –       | –        | –        | suspended | –         | revoked | –          | –
    suspended  | –       | –        | –        | –         | active    | revoked | –          | –
    revoked    | –       | –        | –        | –         | –         | –       | reinstated | closed
    reinstated | –       | –        | –        | suspended | –         | revoked | –          | –
    closed     | –       | –        | –        | –         | –         | –       | –          | –`,
  ],
  [
    'a client',
    clientMachine,
    clientStep,
    `
    state       | use    | suspend   | reinstate | expire  | revoke  | compromise
    enrolled    | active | suspended | –         | expired | revoked | compromised
    active      | active | suspended | –         | expired | revoked | compromised
    suspended   | –      | –         | active    | expired | revoked | compromised
    expired     | –      | –         | –         | –       | –       | compromised
    revoked     | –      | –         | –         | –       | –       | –
    compromised | –      | –         | –         | –       | –       | –`,
  ],
  [
    'a grant',
    grantMachine,
    grantStep,
    `
    state     | approve  | activate | decline | time_out | suspend   | reinstate | expire  | revoke
    requested | approved | –        | expired | expired  | –         | –         | –       | revoked
    approved  | –        | active   | –       | –        | –         | –         | expired | revoked
    active    | –        | –        | –       | –        | suspended | –         | expired | revoked
    suspended | –        | –        | –       | –        | –         | active    | expired | revoked
    expired   | –        | –        | –       | –        | –         | –         | –       | –
    revoked   | –        | –        | –       | –        | –         | –         | –       | –`,
  ],
  [
    'a hold',
    holdMachine,
    holdStep,
    `
    state  | lift   | lapse
    active | lifted | lapsed
    lifted | –      | –
    lapsed | –      | –`,
  ],
  [
    'a proposal',
    proposalMachine,
    proposalStep,
    `
    state     | approve  | apply   | decline  | withdraw  | time_out  | stale
    open      | approved | –       | declined | withdrawn | timed_out | stale
    approved  | –        | applied | –        | –         | –         | –
    applied   | –        | –       | –        | –         | –         | –
    declined  | –        | –       | –        | –         | –         | –
    withdrawn | –        | –       | –        | –         | –         | –
    timed_out | –        | –       | –        | –         | –         | –
    stale     | –        | –       | –        | –         | –         | –`,
  ],
]

const cells = (line: string): readonly string[] => line.split('|').map(cell => cell.trim())

/** One step by names that may be unknown. */
const take = (step: Step, state: string, event: string): string | Refusal =>
  step(state as never, event as never)

/** Where a sequence of events leads; those that are refused leave the state as it is. */
const run = (step: Step, from: string, events: readonly string[]): string =>
  events.reduce((state, event) => {
    const next = take(step, state, event)
    return next instanceof Refusal ? state : next
  }, from)

describe.each(tables)('%s', (_, machine, step, text) => {
  const [head = '', ...lines] = text.trim().split('\n')
  const [, ...events] = cells(head)
  const steps = lines.flatMap(line => {
    const [state = '', ...next] = cells(line)
    return events.map((event, at): [string, string, string] => [state, event, next[at] ?? ''])
  })

  test('has the states and the events of the table, and no others', () => {
    expect(lines.map(line => cells(line)[0])).toEqual(machine.states)
    expect(events).toEqual(Object.keys(machine.events))
  })

  test.each(steps)('%s, %s → %s', (state, event, expected) => {
    const next = take(step, state, event)
    if (expected !== '–') return expect(next).toBe(expected)
    expect(next).toBeInstanceOf(Refusal)
    expect(next).toMatchObject({ code: 'state_forbids', facts: { detail: expect.any(String) } })
  })

  test('a refusal names the state and what is possible from there', () => {
    for (const [state, event, expected] of steps) {
      const next = take(step, state, event)
      if (!(next instanceof Refusal)) continue
      expect(expected).toBe('–')
      expect(next.facts.detail).toContain(`The ${machine.noun} is ${state.replace('_', ' ')}. `)
      const possible = steps.filter(([from, , to]) => from === state && to !== '–').map(([, name]) => name)
      expect(possibleFrom(machine, state)).toEqual(possible)
      expect(next.facts.detail).toMatch(
        possible.length === 0 ? /That is final\.$/ : /Possible from there: .+\.$/,
      )
      for (const name of possible) expect(next.facts.detail).toContain(name.replace('_', ' '))
    }
  })

  const known = fc.constantFrom(...machine.states)
  const anyEvent = fc.oneof(
    fc.constantFrom(...events),
    fc.constantFrom('constructor', '__proto__', 'toString'),
    fc.string(),
  )

  test('an unknown event refuses, in every state', () => {
    fc.assert(
      fc.property(known, anyEvent, (state, event) => {
        fc.pre(!events.includes(event))
        expect(take(step, state, event)).toMatchObject({ code: 'state_forbids' })
      }),
    )
  })

  test('an unknown state refuses every event, without repeating what it was', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 12 }), anyEvent, (state, event) => {
        fc.pre(!machine.states.includes(state))
        const next = take(step, state, event)
        expect(next).toMatchObject({ code: 'state_forbids' })
        expect(next).toMatchObject({ facts: { detail: expect.not.stringContaining(state) } })
      }),
    )
  })

  test('a final state stays, whatever comes', () => {
    const final = machine.states.filter(state => possibleFrom(machine, state).length === 0)
    expect(final.length).toBeGreaterThan(0)
    fc.assert(
      fc.property(fc.constantFrom(...final), fc.array(anyEvent), (state, sequence) => {
        expect(run(step, state, sequence)).toBe(state)
      }),
    )
  })
})

describe('a partner', () => {
  const events = Object.keys(partnerMachine.events)
  const before = fc.constantFrom('nominated', 'vetting')
  const sequenceWithout = (...names: readonly string[]) =>
    fc.array(fc.constantFrom(...events.filter(event => !names.includes(event))), { maxLength: 40 })

  test('that was never selected by both never comes to a state that admits calls', () => {
    fc.assert(
      fc.property(before, sequenceWithout('select'), (state, sequence) => {
        expect(['nominated', 'vetting', 'closed']).toContain(run(partnerStep, state, sequence))
      }),
      { numRuns: 2_000 },
    )
  })

  test('that was selected is admitted only once it is activated, or an appeal is upheld', () => {
    fc.assert(
      fc.property(before, sequenceWithout('activate', 'uphold'), (state, sequence) => {
        expect(['active', 'reinstated', 'suspended']).not.toContain(run(partnerStep, state, sequence))
      }),
      { numRuns: 2_000 },
    )
  })

  test('that was revoked comes back by an upheld appeal only', () => {
    fc.assert(
      fc.property(sequenceWithout('uphold'), sequence => {
        expect(['revoked', 'closed']).toContain(run(partnerStep, 'revoked', sequence))
      }),
    )
  })
})

test('a grant is active only once it is approved and activated', () => {
  const events = Object.keys(grantMachine.events)
  for (const missing of ['approve', 'activate'])
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...events.filter(event => event !== missing))), sequence => {
        expect(run(grantStep, 'requested', sequence)).not.toBe('active')
      }),
      { numRuns: 2_000 },
    )
})

test('nothing leads a client out of compromised', () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...Object.keys(clientMachine.events))), events => {
      expect(run(clientStep, 'compromised', events)).toBe('compromised')
    }),
  )
})

describe('what the machines lead to, admission obeys', () => {
  const sequence = (machine: Machine<string, string>) =>
    fc.array(fc.constantFrom(...Object.keys(machine.events)), { maxLength: 30 })

  test('a partner is admitted exactly in the states active and reinstated', () => {
    fc.assert(
      fc.property(sequence(partnerMachine), events => {
        const partner = run(partnerStep, 'nominated', events)
        const organisation = { ...admitted.organisation, partner } as typeof admitted.organisation
        const admits = !(authoriseCaller(caller, { ...admitted, organisation }, now) instanceof Refusal)
        expect(admits).toBe(['active', 'reinstated'].includes(partner))
      }),
    )
  })

  test('a client is admitted exactly in the states enrolled and active', () => {
    fc.assert(
      fc.property(sequence(clientMachine), events => {
        const state = run(clientStep, 'enrolled', events)
        const client = { ...admitted.client, state } as typeof admitted.client
        const admits = !(authoriseCaller(caller, { ...admitted, client }, now) instanceof Refusal)
        expect(admits).toBe(['enrolled', 'active'].includes(state))
      }),
    )
  })

  test('a grant admits exactly in the state active', () => {
    fc.assert(
      fc.property(sequence(grantMachine), events => {
        const state = run(grantStep, 'requested', events)
        const grant = { ...admitted.grant, state } as typeof admitted.grant
        const admits = !(authoriseModel(caller, { ...admitted, grant }, now) instanceof Refusal)
        expect(admits).toBe(state === 'active')
      }),
    )
  })

  test.each([
    ['partner', partnerStep, ['active', 'reinstated']],
    ['client', clientStep, ['enrolled', 'active']],
    ['grant', grantStep, ['active']],
  ] as const)('a %s that is suspended admits nothing until it is reinstated', (kind, step, states) => {
    for (const state of states) {
      const suspended = take(step, state, 'suspend')
      expect(suspended).toBe('suspended')
      const records = {
        ...admitted,
        ...(kind === 'partner' && { organisation: { ...admitted.organisation, partner: suspended } }),
        ...(kind === 'client' && { client: { ...admitted.client, state: suspended } }),
        ...(kind === 'grant' && { grant: { ...admitted.grant, state: suspended } }),
      } as typeof admitted
      expect(authoriseModel(caller, records, now)).toMatchObject({ code: `${kind}_suspended` })
      expect(take(step, 'suspended', 'reinstate')).toBe('active')
    }
  })
})
