import { describe, expect, test } from 'vitest'
import {
  type AgreementEvent,
  agreementMachine,
  agreementStep,
} from '../../../shared/domain/agreement-step.ts'
import type { Agreement } from '../../../shared/domain/records.ts'
import { Refusal } from '../../../shared/domain/refusal.ts'

/** Every state × every event: where it leads, or `–` where the state forbids it. */
const table = `
  state       | offer   | discard   | return | sign   | take_effect | suspend   | reinstate | expire  | terminate  | attest      | close
  draft       | offered | discarded | –      | –      | –           | –         | –         | –       | –          | –           | –
  offered     | –       | –         | draft  | signed | –           | –         | –         | –       | –          | –           | –
  signed      | –       | –         | –      | –      | effective   | –         | –         | expired | terminated | –           | –
  effective   | –       | –         | –      | –      | –           | suspended | –         | expired | terminated | –           | –
  suspended   | –       | –         | –      | –      | –           | –         | effective | expired | terminated | –           | –
  expired     | –       | –         | –      | –      | –           | –         | –         | –       | –          | closing_out | closed
  terminated  | –       | –         | –      | –      | –           | –         | –         | –       | –          | closing_out | closed
  closing_out | –       | –         | –      | –      | –           | –         | –         | –       | –          | –           | closed
  closed      | –       | –         | –      | –      | –           | –         | –         | –       | –          | –           | –
  discarded   | –       | –         | –      | –      | –           | –         | –         | –       | –          | –           | –`

const rows = table
  .trim()
  .split('\n')
  .map(line => line.split('|').map(cell => cell.trim()))
const [, ...events] = rows[0] ?? []

describe('the agreement machine', () => {
  test('the table names every state and every event', () => {
    expect(rows.slice(1).map(([state]) => state)).toEqual(agreementMachine.states)
    expect(events).toEqual(Object.keys(agreementMachine.events))
  })

  test.each(
    rows.slice(1).flatMap(([state, ...cells]) => events.map((event, i) => [state, event, cells[i]] as const)),
  )('%s, %s: %s', (state, event, expected) => {
    const next = agreementStep(state as Agreement['state'], event as AgreementEvent)
    expect(next instanceof Refusal ? '–' : next).toBe(expected)
    if (next instanceof Refusal) expect(next.code).toBe('state_forbids')
  })

  test('a refusal lists commands that people have, and nothing that time does', () => {
    const said = (state: Agreement['state'], event: AgreementEvent): unknown => {
      const next = agreementStep(state, event)
      return next instanceof Refusal ? next.facts.detail : next
    }
    expect(said('suspended', 'close')).toBe(
      'The agreement is suspended. Possible from there: reinstate, resume, terminate, leave, draft (a new version).',
    )
    expect(said('draft', 'close')).toBe('The agreement is draft. Possible from there: draft, offer, discard.')
    expect(said('closed', 'attest')).toBe('The agreement is closed. That is final.')
    for (const state of agreementMachine.states)
      expect(`${said(state, 'return')} ${said(state, 'close')}`).not.toMatch(/expire\b|take effect/)
  })
})
