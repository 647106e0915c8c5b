/** What developer and government decide about a model on the command line, and how it reads. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { run } from '../../../client/cli/program.ts'
import type { Call, FakeGateway } from './fake-gateway.ts'
import type { RecordedTerminal } from './recorded-terminal.ts'
import { signedIn } from './signed-in.ts'

let gateway: FakeGateway
let terminal: RecordedTerminal
beforeEach(async () => {
  ;({ gateway, terminal } = await signedIn())
})
afterEach(() => gateway.stop())

const cli = (...argv: string[]): Promise<number> => run(['--endpoint', gateway.issuer, ...argv], terminal)
const why = ['--reason', 'request', '--text', 'as agreed'] as const
const decided = {
  step: 'applied',
  subject: { kind: 'model', id: 'aurora', name: 'Aurora', model: 'aurora' },
  entry: 'entry_1',
  proposals: [],
  difference: [],
  effects: {},
}
const limits = ['--total', '20,000', '--rpm', '60', '--burst', '10', '--streams', '2'] as const
const window = ['window', 'aurora', '--ends', '2026-12-24T00:00:00Z', '--clients', 'client_1', 'client_2']

const reply =
  (record: object) =>
  ({ method }: Call) =>
    method === 'GET' ? { headers: { etag: '"7"' }, body: record } : { body: decided }
const changes = () =>
  gateway.calls
    .filter(({ method, proof }) => method !== 'GET' && proof.nonce === gateway.nonce)
    .map(({ path, body, headers }) => ({
      path: path.replace('/api/v1/models/', ''),
      body: JSON.parse(body),
      version: headers['if-match'],
    }))

describe('is asked for', () => {
  test.each<[readonly string[], string, object, string | undefined]>([
    [['assess', 'aurora'], 'assess', {}, '"7"'],
    [['assess', 'aurora', '--days', '20'], 'assess', { days: 20 }, '"7"'],
    [
      ['not-designate', 'aurora', '--determination', 'OFR-2026-0002', '--signer', 'The director'],
      'not_designate',
      { determination: 'OFR-2026-0002', signer: 'The director' },
      '"7"',
    ],
    [
      [...window, ...limits],
      'window',
      {
        ends_at: '2026-12-24T00:00:00Z',
        clients: ['client_1', 'client_2'],
        limits: { total: 20_000, rpm: 60, burst: 10, streams: 2 },
      },
      '"7"',
    ],
    [
      [...window, ...limits, '--opens', '2026-12-01T00:00:00Z', '--becomes', 'designated', '--per-day', '9'],
      'window',
      {
        opens_at: '2026-12-01T00:00:00Z',
        ends_at: '2026-12-24T00:00:00Z',
        becomes: 'designated',
        clients: ['client_1', 'client_2'],
        limits: { total: 20_000, per_day: 9, rpm: 60, burst: 10, streams: 2 },
      },
      '"7"',
    ],
    [['close-window', 'aurora'], 'close_window', {}, undefined],
    [['share', 'aurora', 'census'], 'share', { organisation: 'census', shared: true }, '"7"'],
    [['share', 'aurora', 'census', 'off'], 'share', { organisation: 'census', shared: false }, '"7"'],
  ])('%j', async (argv, path, params, version) => {
    gateway.reply = reply({ id: 'aurora' })
    expect(await cli('model', ...argv, ...why)).toBe(0)
    const reason = { code: 'request', text: 'as agreed' }
    expect(changes()).toEqual([{ path: `aurora/${path}`, body: { ...params, reason }, version }])
  })

  test.each([
    ['no client', ['window', 'aurora', '--ends', '2026-12-24T00:00:00Z', ...limits]],
    ['no end', ['window', 'aurora', '--clients', 'client_1', ...limits]],
    ['an end that is no time', ['window', 'aurora', '--ends', 'soon', '--clients', 'client_1', ...limits]],
    ['no limits', window],
    ['a designation without its signer', ['designate', 'aurora', '--determination', 'OFR-1']],
    ['sharing that is neither on nor off', ['share', 'aurora', 'census', 'maybe']],
    [
      'an engagement without its agreement',
      ['engage', 'a1', '--name', 'A', '--government', 'ofr', '--from', '-'],
    ],
  ])('not with %s', async (_, argv) => {
    expect(await cli('model', ...argv, ...why)).toBe(2)
    expect(changes()).toEqual([])
  })
})

describe('is read', () => {
  test('a model with what was determined, and its window', async () => {
    gateway.reply = reply({
      id: 'aurora',
      state: 'designated',
      agreement: 'agreement_1',
      assessment: null,
      designation: {
        outcome: 'not_designated',
        at: '2026-11-27T00:00:00Z',
        signer: 'The director',
        determination: 'OFR-2026-0001',
        entry: 'entry_5',
      },
      window: {
        government: 'ofr',
        opens_at: '2026-12-01T00:00:00Z',
        ends_at: '2026-12-24T00:00:00Z',
        becomes: 'partner_access',
        grant: 'grant_7',
      },
      shared_with: ['census'],
    })
    expect(await cli('model', 'get', 'aurora')).toBe(0)
    for (const told of [
      'agreement  agreement_1',
      'determined not designated, 2026-11-27 00:00 UTC, signed by The director',
      'reference  OFR-2026-0001',
      'window     of ofr, 2026-12-01 00:00 UTC to 2026-12-24 00:00 UTC; then partner',
      'its grant  grant_7',
      'shared     census',
    ])
      expect(terminal.stdout).toContain(told)
  })

  test('the ledger, a paragraph for each line', async () => {
    const line = { at: '2026-11-27T00:00:00Z', entry: 'entry_1', agreement: null, state: 'engaged' }
    const items = [
      {
        ...line,
        action: 'model.engage',
        text: 'Aurora is engaged.',
        by: { name: 'Ada Lind', role: 'developer-admin', organisation: 'halcyon' },
      },
      { ...line, action: 'model.assess', text: 'It has lapsed.', by: null },
      {
        ...line,
        action: 'model.kill',
        text: 'It is stopped.',
        by: { name: null, role: 'r', organisation: 'o' },
      },
    ]
    gateway.reply = reply({ items, next: null })
    expect(await cli('model', 'ledger', 'aurora')).toBe(0)
    expect(terminal.stdout).toBe(
      [
        '2026-11-27 00:00 UTC  model.engage\n  Aurora is engaged.\n  by Ada Lind (developer-admin of halcyon)\n  entry entry_1\n',
        '2026-11-27 00:00 UTC  model.assess\n  It has lapsed.\n  by time\n  entry entry_1\n',
        '2026-11-27 00:00 UTC  model.kill\n  It is stopped.\n  by r of o\n  entry entry_1\n',
      ].join(''),
    )
    expect(gateway.calls.at(-1)?.path).toContain('/models/aurora/ledger')
  })
})
