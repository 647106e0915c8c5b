import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { decisionEntry } from '../../../shared/entries/decision.ts'
import { entryId } from '../../../shared/entries/id.ts'
import { wireDifference, wireFields, wireWords } from '../../../shared/entries/wire-words.ts'

const at = 1_796_961_287_815
const said = '2026-12-11T03:54:47.815Z'

describe('what leaves is in the words of the API', () => {
  test.each([
    [
      'a provider',
      { clientId: 'a', phishingResistant: { acr: ['phr'] } },
      { client_id: 'a', phishing_resistant: { acr: ['phr'] } },
    ],
    ['a ticket', { for: { kind: 'enrol', expiresAt: at } }, { for: { kind: 'enrol', expires_at: said } }],
    [
      'what is attested',
      { nationality: { value: 'FR', expiresAt: at } },
      { nationality: { value: 'FR', expires_at: said } },
    ],
    ['rules', { proposalHours: 48 }, { proposal_hours: 48 }],
    ['the end of a hold', { until: at }, { until: said }],
    ['a list', { moves: [{ confirmedUntil: at }] }, { moves: [{ confirmed_until: said }] }],
  ])('%s', (_, inside, outside) => {
    expect(wireFields(inside)).toEqual(outside)
  })

  test('a count is no moment, and null stays null', () => {
    const fields = { total: 5_000_000_000_000, version: null, expires_at: null, at: said }
    expect(wireFields(fields)).toEqual(fields)
  })

  test('of a difference the values, and not the id in the name of the field', () => {
    expect(
      wireDifference({ field: 'people.person_Ab.subject', from: { expiresAt: at }, to: undefined }),
    ).toEqual({ field: 'people.person_Ab.subject', from: { expires_at: said }, to: undefined })
  })

  test('whatever it is: no name in camel case is left, and what is turned once stays as it is', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.constantFrom('expiresAt', 'clientId', 'until'), (value, name) => {
        const turned = wireWords({ [name]: value, list: [{ [name]: at }] })
        expect(namesIn(turned).filter(one => /[A-Z]/.test(one))).toEqual([])
        expect(wireWords(turned)).toEqual(turned)
      }),
    )
  })

  test('an entry has parameters, difference and effects in them', () => {
    const { entry } = decisionEntry({
      eid: entryId(at, new Uint8Array(16)),
      now: at,
      step: 'applied',
      action: { name: 'rules.change', params: { proposalHours: 48 } },
      subject: {
        kind: 'rules',
        id: 'rules',
        name: 'rules',
        rev: 1,
        organisation: 'o',
        developers: [],
        governments: [],
      },
      difference: [{ field: 'provider', from: null, to: { clientId: 'a' } }],
      effects: {
        clients: [],
        clientCount: 1,
        people: 0,
        sessions: 0,
        streams: 0,
        requestsPerDay: 2,
        continues: [],
        unattested: [{ id: 'c', name: 'c', expiredAt: at }],
      },
      rules: 1,
    })
    expect(JSON.parse(entry.body).unmapped).toMatchObject({
      params: { proposal_hours: 48 },
      difference: [{ field: 'provider', from: null, to: { client_id: 'a' } }],
      effects: { client_count: 1, requests_per_day: 2, unattested: [{ expired_at: said }] },
    })
  })
})

function namesIn(value: unknown): readonly string[] {
  if (typeof value !== 'object' || value === null) return []
  if (Array.isArray(value)) return value.flatMap(namesIn)
  return Object.entries(value).flatMap(([name, inner]) => [name, ...namesIn(inner)])
}
