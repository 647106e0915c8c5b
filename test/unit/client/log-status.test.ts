/** `sallyport log status`: what it says of the log in plain words, and by which exit code. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { duration } from '../../../client/cli/log-status.ts'
import { run } from '../../../client/cli/program.ts'
import { integrityShown } from '../../../functions/api/shapes/integrity.ts'
import type { FakeGateway } from './fake-gateway.ts'
import type { RecordedTerminal } from './recorded-terminal.ts'
import { signedIn } from './signed-in.ts'

let gateway: FakeGateway
let terminal: RecordedTerminal
beforeEach(async () => {
  ;({ gateway, terminal } = await signedIn())
})
afterEach(() => gateway.stop())

const whole = {
  log: 'gate.example/log',
  verifier_key: 'gate.example/log+8a1b2c3d+AQID',
  checkpoint: {
    ...{ size: 12_345, root: 'AAAA', note: 'gate.example/log\n12345\nAAAA\n' },
    ...{ made_at: '2026-11-27T09:00:00Z', age_s: 75.2 },
  },
  pending: { entries: 0, at_least: false, oldest_s: null },
  halted: null,
  gaps: { unfinished: 0, late: 0 },
  clock_skew_s: 0,
  witnesses: [
    { name: 'one', cosigned: true, size: 12_345, cosigned_at: '2026-11-27T09:00:01Z', refused: null },
  ],
}

async function status(change: object, ...options: string[]): Promise<[exit: number, told: string]> {
  const body = { ...whole, ...change }
  // What is made up here is what the API can say.
  integrityShown.parse(body)
  gateway.reply = ({ path }) => (path === '/api/v1/integrity' ? { body } : { status: 404, body: {} })
  terminal.stdout = ''
  const code = await run(['--endpoint', gateway.issuer, ...options, 'log', 'status'], terminal)
  return [code, terminal.stdout]
}
const plain = (text: string): string => text.replaceAll(/\s+/g, ' ')

describe('a log that is whole', () => {
  test('is told with its checkpoint and its age, and ends with 0', async () => {
    const [code, told] = await status({})
    expect(code).toBe(0)
    expect(told).toBe(
      [
        'log        gate.example/log\n',
        'key        gate.example/log+8a1b2c3d+AQID\n',
        'checkpoint 12,345 entries, made 1 min 15 s ago, at 2026-11-27 09:00:00 UTC\n',
        'pending    nothing waits for its place\n',
        'gaps       none: what is appended is published\n',
        'clocks     agree\n',
        'witness    one has cosigned the checkpoint\n',
      ].join(''),
    )
  })

  test('may have entries that wait for a moment, an append under way, and clocks apart', async () => {
    const [code, told] = await status({
      pending: { entries: 1, at_least: false, oldest_s: 1.4 },
      gaps: { unfinished: 2, late: 0 },
      clock_skew_s: 12,
      witnesses: [],
    })
    expect(code).toBe(0)
    for (const text of [
      'pending    1 entry, the oldest for 1 s\n',
      'gaps       2 entries appended and not published yet\n',
      'clocks     whoever recorded the newest entry is 12 s ahead\n',
      'witnesses  none is asked to cosign\n',
    ])
      expect(told).toContain(text)
  })

  test('may have nothing in it yet', async () => {
    const [code, told] = await status({ checkpoint: null, verifier_key: null })
    expect(code).toBe(0)
    expect(told).toContain('checkpoint none is published yet\n')
  })
})

describe('a log that is not', () => {
  test.each([
    ['behind', 'what is kept is behind what was published'],
    ['contradiction', 'what is kept contradicts what was published'],
    ['missing', 'a part of what was to be published is missing'],
  ])('because it is halted says so first, and ends with 1: %s', async (why, words) => {
    const halted = { why, detail: 'state 5,\ncheckpoint 9\u001b[2K', at: '2026-11-27T08:00:00Z' }
    const [code, told] = await status({ halted })
    expect(code).toBe(1)
    expect(told).toMatch(/^HALTED {5}since 2026-11-27 08:00:00 UTC: /)
    expect(plain(told)).toContain(`UTC: ${words} `)
    expect(plain(told)).toContain('until an operator has looked.')
    expect(told).not.toContain('\u001b')
  })

  test('because entries wait for too long ends with 1', async () => {
    const [code, told] = await status({
      pending: { entries: 400, at_least: true, oldest_s: 7_260 },
      gaps: { unfinished: 0, late: 3 },
    })
    expect(code).toBe(1)
    expect(told).toContain('pending    at least 400 entries, the oldest for 2 h 1 min\n')
    expect(told).toContain('LATE       3 entries waited for a minute or longer\n')
  })

  test('tells of a witness that refused, and of one that lags; which alone is no failure here', async () => {
    const lags = { size: 9, cosigned_at: '2026-11-26T09:00:00Z' }
    const refused = { status: 409, detail: 'another tree', at: '2026-11-27T08:00:00Z' }
    const [code, told] = await status({
      witnesses: [
        { name: 'two', cosigned: false, ...lags, refused: null },
        { name: 'three', cosigned: false, size: 0, cosigned_at: null, refused },
      ],
    })
    expect(code).toBe(0)
    expect(plain(told)).toContain('witness two has not cosigned it; the last, of 9, 2026-11-26 09:00:00 UTC')
    expect(plain(told)).toContain('witness three has not cosigned it; REFUSED (409): “another tree”')
  })
})

test('--json prints what the gateway said, and ends by the same code', async () => {
  const halted = { why: 'behind', detail: 'x', at: '2026-11-27T08:00:00Z' }
  const [code, told] = await status({ halted }, '--json')
  expect([code, JSON.parse(told)]).toEqual([1, { ...whole, halted }])
})

test.each([
  [0.2, '0 s'],
  [59.4, '59 s'],
  [59.9, '59 s'],
  [60, '1 min 0 s'],
  [3_600, '1 h 0 min'],
  [48 * 3_600, '2 days'],
])('%d seconds are %s', (seconds, text) => {
  expect(duration(seconds)).toBe(text)
})
