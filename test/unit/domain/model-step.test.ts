import { describe, expect, test } from 'vitest'
import {
  endsWithModel,
  isDevelopersAlone,
  type ModelEvent,
  modelMachine,
  modelStep,
} from '../../../shared/domain/model-step.ts'
import type { Grant, ModelState } from '../../../shared/domain/records.ts'
import { Refusal } from '../../../shared/domain/refusal.ts'

/** Every state × every event: where it leads, or `–` where the state forbids it. */
const table = `
  state             | designate  | open           | release  | withdraw
  engaged           | designated | –              | released | withdrawn
  under_assessment  | designated | –              | released | withdrawn
  designated        | –          | partner_access | released | withdrawn
  not_designated    | –          | –              | released | withdrawn
  government_window | –          | partner_access | released | withdrawn
  partner_access    | –          | –              | released | withdrawn
  released          | –          | –              | –        | withdrawn
  withdrawn         | –          | –              | released | –`

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
