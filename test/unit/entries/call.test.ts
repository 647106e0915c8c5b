import { createHash } from 'node:crypto'
import canonicalize from 'canonicalize'
import { describe, expect, test } from 'vitest'
import { refuse } from '../../../shared/domain/refusal.ts'
import {
  announcedReserve,
  type CallFacts,
  intentEntry,
  outcomeEntry,
  refusalEntry,
} from '../../../shared/entries/call.ts'
import type { Entry } from '../../../shared/entries/entry.ts'

const now = 1_795_573_247_123.5
const random = new Uint8Array(16).fill(7)
const call: CallFacts = {
  request: 'r-1',
  address: '127.0.0.1',
  protocol: 'openai',
  operation: 'chat.completions',
  organisation: 'cedar',
  client: 'client_1',
  clientName: 'workload',
  tokenId: 'token_1',
  key: 'thumb',
  model: 'aurora',
  developer: 'halcyon',
  grant: 'grant_1',
  agreement: { id: 'agreement_1', digest: 'd' },
  purpose: 'research',
  clauses: ['quota-1'],
}
const body = (entry: Entry) => JSON.parse(entry.body)

describe('an entry', () => {
  const { eid, entry } = intentEntry(call, { reserve: 100, meters: ['m'] }, now, random)

  test('is canonical JSON with its digest', () => {
    expect(entry.body).toBe(canonicalize(body(entry)))
    expect(entry.digest).toBe(createHash('sha256').update(entry.body).digest('base64url'))
  })

  test('has floored times inside, and exact ones in microseconds beside it', () => {
    expect(body(entry).time).toBe(1_795_573_240_000)
    expect(entry.exact.time).toBe('1795573247123500')
  })

  test('of an intent is open, names its meters, and announces what is reserved', () => {
    expect(entry).toMatchObject({
      organisation: 'cedar',
      meters: ['m'],
      open: expect.stringMatching(/^open#\d+$/),
    })
    expect(announcedReserve(entry)).toBe(100)
  })

  test('of an outcome repeats who and what, and carries the charge', () => {
    const meters = [{ meter: 'm', seq: 3, reserved: 100, remaining: 900 }]
    const outcome = outcomeEntry(
      eid,
      entry,
      { ending: 'completed', charge: 12, meters, usage: { input: 5, output: 7 } },
      now + 20_000,
    )
    expect(outcome.eid).toBe(`${eid}.outcome`)
    expect(outcome.entry).toMatchObject({
      charge: 12,
      organisation: 'cedar',
      exact: { start: '1795573247123500' },
    })
    expect(outcome.entry.open).toBeUndefined()
    expect(body(outcome.entry)).toMatchObject({
      start_time: 1_795_573_240_000,
      time: 1_795_573_260_000,
      status_id: 1,
      actor: body(entry).actor,
      message_context: { total_tokens: 12 },
      unmapped: { kind: 'outcome', ending: 'completed', charge: 12, meters, grant: 'grant_1', reserve: 100 },
    })
  })
})

describe('the entry of a refusal', () => {
  const refusalAt = (at: number, byte: number, code: 'rate_limited' | 'hold_active' = 'rate_limited') =>
    refusalEntry(
      call,
      refuse(code, 'why', { meter: 'm', clause: 'quota-1' }),
      at,
      new Uint8Array(16).fill(byte),
    ).eid

  test('tells code, clause and meter', () => {
    const { entry } = refusalEntry(call, refuse('hold_active', 'why', { clause: 'c' }), now, random)
    expect(body(entry)).toMatchObject({
      status_id: 2,
      action_id: 2,
      status_code: 'hold_active',
      unmapped: { kind: 'refusal', decision: 'refuse', code: 'hold_active', clause: 'c' },
    })
  })

  test('tells the rules in force, and the version that the clause stands in beside the one of the token', () => {
    const inForce = { rules: 3, agreement: { id: 'agreement_1', digest: 'newer' } }
    const refusal = refuse('capability_withheld', 'why', { clause: 'capabilities-2' }).under(inForce)
    expect(body(refusalEntry(call, refusal, now, random).entry).unmapped).toMatchObject({
      clause: 'capabilities-2',
      clause_version: 'newer',
      agreement: call.agreement,
      rules: 3,
    })
  })

  test('that came after the intent tells the same in the outcome', () => {
    const { eid, entry } = intentEntry(call, { reserve: 100, meters: ['m'] }, now, random)
    const refusal = refuse('streams_exhausted', 'why', { clause: 'quota-1', meter: 'm' }).under({
      rules: 3,
      agreement: call.agreement,
    })
    const outcome = outcomeEntry(eid, entry, { ending: 'refused', charge: 0, meters: [], refusal }, now)
    expect(body(outcome.entry)).toMatchObject({
      status_code: 'streams_exhausted',
      unmapped: {
        decision: 'refuse',
        code: 'streams_exhausted',
        clause: 'quota-1',
        clause_version: 'd',
        meter: 'm',
        rules: 3,
      },
    })
  })

  test('that repeats by one meter within a minute is one entry; others are one each', () => {
    expect(refusalAt(now, 1)).toBe(refusalAt(now + 5_000, 2))
    expect(refusalAt(now, 1)).not.toBe(refusalAt(now + 60_000, 1))
    expect(refusalAt(now, 1, 'hold_active')).not.toBe(refusalAt(now, 2, 'hold_active'))
  })
})
