import { describe, expect, test } from 'vitest'
import { effectFacts } from '../../../client/cli/decision-lines.ts'
import { signatureText } from '../../../client/cli/facts.ts'

const effects = {
  clients: [],
  client_count: 0,
  people: 0,
  sessions: 0,
  streams: 0,
  requests_per_day: 0,
  at_least: false,
  continues: [],
  unattested: [],
}
const line = (name: string, change: object) =>
  effectFacts({ effects: { ...effects, ...change } }).find(([label]) => label === name)?.[1]

describe('what a stop hits', () => {
  test('are people too, counted with their sessions, where it hits any', () => {
    expect(line('hits', { people: 1 })).toMatch(/^0 clients, 1 person, ends/)
    expect(line('hits', { client_count: 2, people: 1200, sessions: 1 })).toMatch(
      /^2 clients, 1,200 people with 1 session, ends/,
    )
    expect(line('hits', { client_count: 2 })).toMatch(/^2 clients, ends/)
    expect(line('hits', {})).toBeUndefined()
  })

  test('are grants on which a mission hangs too, each on a line of its own', () => {
    const missions = [{ id: 'grant_1', name: 'aurora' }]
    expect(line('mission', { missions })).toBe('hangs on grant_1 (aurora): it stops too')
    expect(line('mission', { missions: [] })).toBeUndefined()
  })

  test('and who is not, because nobody vouches for what the scope names', () => {
    const unattested = [
      { id: 'client_1', name: 'batch', expired_at: null },
      { id: 'client_2', name: 'reports', expired_at: '2026-11-01T00:00:00.000Z' },
    ]
    const told = { effects: { ...effects, unattested } }
    const notHit = (scope?: object) =>
      effectFacts(told, scope).flatMap(([label, text]) => (label === 'not hit' ? [text] : []))
    expect(notHit({ nationality: 'FR', model: 'aurora' })).toEqual([
      'client_1 (batch): nobody vouches for their nationality',
      'client_2 (reports): nobody vouches for their nationality since 2026-11-01 00:00 UTC',
    ])
    expect(notHit()[0]).toBe('client_1 (batch): nobody vouches for their nationality or region')
  })
})

test('an operator has no role of an organisation', () => {
  const at = '2026-11-01T00:00:00.000Z'
  const signed = { name: 'root', role: 'operator', organisation: 'operator', at }
  expect(signatureText(signed)).toBe('an operator (root), 2026-11-01 00:00 UTC')
  expect(signatureText({ ...signed, role: 'nsa-admin', organisation: 'ofr' })).toBe(
    'root (nsa-admin of ofr), 2026-11-01 00:00 UTC',
  )
})
