/** `agreement effects`, against a gateway that says what the test wants. */
import { afterEach, beforeEach, expect, test } from 'vitest'
import { run } from '../../../client/cli/program.ts'
import type { FakeGateway } from './fake-gateway.ts'
import type { RecordedTerminal } from './recorded-terminal.ts'
import { signedIn } from './signed-in.ts'

const limits = { total: 5_000, per_day: null, rpm: 60, burst: 10, streams: 4 }
const none = { count: 0, latest: [] }
const effects = {
  agreement: 'agreement_1',
  clause: {
    id: 'quota-1',
    kind: 'quota',
    title: 'Quota',
    text: 'no more than\nthis',
    terms: {},
    enforcement: 'enforced',
    by: 'Meters.',
    shows: null,
  },
  versions: ['digest-2', 'digest-1'],
  pool: { meter: 'meter_9', limits: { ...limits, total: 9_000 } },
  grants: [{ id: 'grant_1', organisation: 'cedar', model: 'aurora', state: 'active', limits }],
  tokens: none,
  admissions: { count: 1_204, latest: ['entry_b', 'entry_a'] },
  refusals: { count: 3, latest: ['entry_c'], by_code: { budget_exhausted: 2, rate_limited: 1 } },
  decisions: { count: 1, latest: ['entry_d'] },
  findings: none,
  since: '2026-11-26T09:00:00Z',
  at_least: true,
}

let gateway: FakeGateway
let terminal: RecordedTerminal
const path = '/api/v1/agreements/agreement_1/clauses/quota-1/effects'
beforeEach(async () => {
  ;({ gateway, terminal } = await signedIn())
  gateway.reply = () => ({ body: effects })
})
afterEach(() => gateway.stop())

const cli = (...argv: string[]): Promise<number> => run(['--endpoint', gateway.issuer, ...argv], terminal)
const asked = () => gateway.calls.map(call => call.path)

test('the whole chain is told, from the clause to the entries to look at', async () => {
  expect(await cli('agreement', 'effects', 'agreement_1', 'quota-1')).toBe(0)
  expect(new Set(asked())).toEqual(new Set([path]))
  for (const words of [
    'quota-1, Quota: enforced',
    '“no more than / this”',
    'digest-2 digest-1',
    'grant_1, aurora for cedar, active: 5,000 tokens',
    '1,204 calls; the latest: entry_b entry_a',
    '3 times; the latest: entry_c',
    'budget_exhausted 2, rate_limited 1',
    '1 decision; the latest: entry_d',
  ])
    expect(terminal.stdout.replace(/\s+/g, ' ')).toContain(words)
  expect(terminal.stderr).toContain('the least figures')
})

test('a time goes with the request, and JSON comes as the gateway says it', async () => {
  const since = '2026-11-01T00:00:00Z'
  expect(await cli('agreement', 'effects', 'agreement_1', 'quota-1', '--since', since, '--json')).toBe(0)
  expect(asked().at(-1)).toBe(`${path}?since=2026-11-01T00%3A00%3A00Z`)
  expect(JSON.parse(terminal.stdout)).toEqual(effects)
})

test.each([
  ['no id of an agreement', ['a/b', 'quota-1']],
  ['no id of a clause', ['agreement_1', '../x']],
  ['no path to somewhere else', ['agreement_1', '..']],
  ['no time', ['agreement_1', 'quota-1', '--since', 'yesterday']],
])('%s is refused before anything is asked', async (_, argv) => {
  expect(await cli('agreement', 'effects', ...argv)).toBe(2)
  expect(asked()).toEqual([])
})
