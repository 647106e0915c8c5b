import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  endsWithModel,
  isDevelopersAlone,
  type ModelEvent,
  modelMachine,
  modelStateAt,
  modelStep,
} from '../../../shared/domain/model-step.ts'
import type { Assessment, GovernmentWindow, Grant, ModelState } from '../../../shared/domain/records.ts'
import { Refusal } from '../../../shared/domain/refusal.ts'

/** Every state × every event: where it leads, or `–` where the state forbids it. */
const table = `
  state             | assess           | lapse   | designate  | not_designate  | open_window       | end_window | open           | release  | withdraw
  engaged           | under_assessment | –       | designated | not_designated | –                 | –          | –              | released | withdrawn
  under_assessment  | –                | engaged | designated | not_designated | –                 | –          | –              | released | withdrawn
  designated        | –                | –       | –          | –              | government_window | –          | partner_access | released | withdrawn
  not_designated    | under_assessment | –       | designated | –              | –                 | –          | –              | released | withdrawn
  government_window | –                | –       | –          | –              | –                 | designated | partner_access | released | withdrawn
  partner_access    | –                | –       | –          | –              | –                 | –          | –              | released | withdrawn
  released          | –                | –       | –          | –              | –                 | –          | –              | –        | withdrawn
  withdrawn         | –                | –       | –          | –              | –                 | –          | –              | released | –`

const rows = table
  .trim()
  .split('\n')
  .map(line => line.split('|').map(cell => cell.trim()))
const [, ...events] = rows[0] ?? []

describe('the model machine', () => {
  test('the table names every state and every event', () => {
    expect(rows.slice(1).map(([state]) => state)).toEqual(modelMachine.states)
    expect(events).toEqual(Object.keys(modelMachine.events))
  })

  test.each(
    rows.slice(1).flatMap(([state, ...cells]) => events.map((event, i) => [state, event, cells[i]] as const)),
  )('%s, %s: %s', (state, event, expected) => {
    const next = modelStep(state as ModelState, event as ModelEvent)
    expect(next instanceof Refusal ? '–' : next).toBe(expected)
    if (next instanceof Refusal) expect(next.code).toBe('state_forbids')
  })

  test('the developer releases and withdraws from a state that is not known here', () => {
    const unknown = 'from_a_later_version' as ModelState
    expect([modelStep(unknown, 'release'), modelStep(unknown, 'withdraw')]).toEqual(['released', 'withdrawn'])
    expect(modelStep(unknown, 'open')).toBeInstanceOf(Refusal)
  })

  test('after release and withdrawal the developer alone decides', () => {
    const alone = modelMachine.states.filter(state => isDevelopersAlone({ state }))
    expect(alone).toEqual(['released', 'withdrawn'])
  })
})

describe('what time has made of a model', () => {
  const window = (change: Partial<GovernmentWindow> = {}): GovernmentWindow => ({
    government: 'ofr',
    opensAt: 100,
    endsAt: 200,
    becomes: 'partner_access',
    grant: 'grant_1',
    entry: 'entry_1',
    ...change,
  })
  const assessment = { endsAt: 100 } as Assessment

  test.each([
    ['designated', 99, 'designated'],
    ['designated', 100, 'government_window'],
    ['designated', 199, 'government_window'],
    ['designated', 200, 'partner_access'],
    ['government_window', 199, 'government_window'],
    ['government_window', 200, 'partner_access'],
    ['partner_access', 150, 'partner_access'],
    ['released', 150, 'released'],
    ['withdrawn', 250, 'withdrawn'],
  ] as const)('a window of 100 to 200 on one that was %s, at %i: %s', (state, now, expected) => {
    expect(modelStateAt({ state, window: window() }, now)).toBe(expected)
  })

  test('a window becomes what was agreed', () => {
    expect(modelStateAt({ state: 'designated', window: window({ becomes: 'designated' }) }, 200)).toBe(
      'designated',
    )
  })

  test('an assessment lapses at its own moment', () => {
    expect(modelStateAt({ state: 'under_assessment', assessment }, 99)).toBe('under_assessment')
    expect(modelStateAt({ state: 'under_assessment', assessment }, 100)).toBe('engaged')
    expect(modelStateAt({ state: 'designated', assessment }, 100)).toBe('designated')
  })

  test('whatever the clock says, a state that is not known stays what it is', () => {
    fc.assert(
      fc.property(fc.string(), fc.integer(), fc.boolean(), (state, now, open) => {
        fc.pre(!(modelMachine.states as readonly string[]).includes(state))
        const model = { state: state as ModelState, assessment, ...(open && { window: window() }) }
        expect(modelStateAt(model, now)).toBe(state)
      }),
    )
  })

  test('time alone never releases, withdraws or designates', () => {
    const known = fc.constantFrom(...modelMachine.states)
    const becomes = fc.constantFrom('partner_access' as const, 'designated' as const)
    fc.assert(
      fc.property(
        known,
        fc.nat(300),
        fc.nat(300),
        fc.nat(300),
        becomes,
        (state, now, opensAt, endsAt, becomes) => {
          const at = modelStateAt({ state, assessment, window: window({ opensAt, endsAt, becomes }) }, now)
          if (at === state) return
          expect(['engaged', 'government_window', 'partner_access', 'designated']).toContain(at)
          if (at === 'designated') expect(state).toBe('government_window')
        },
      ),
    )
  })
})

describe('the suspensions that end with a model', () => {
  const model = { id: 'aurora', developer: 'halcyon' }
  const stopped = (organisation: string, change: Partial<Grant> = {}) =>
    ({ model: 'aurora', state: 'suspended', stop: { by: { organisation } }, ...change }) as Grant

  test('are those of others than its developer', () => {
    expect(endsWithModel(stopped('ofr'), model)).toBe(true)
    expect(endsWithModel(stopped('halcyon'), model)).toBe(false)
  })

  test('are of this model, and in force', () => {
    expect(endsWithModel(stopped('ofr', { model: 'borealis' }), model)).toBe(false)
    expect(endsWithModel(stopped('ofr', { state: 'revoked' }), model)).toBe(false)
  })
})
