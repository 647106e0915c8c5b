/** What the commands of the log say to people, against a gateway that says what the test wants. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { run } from '../../../client/cli/program.ts'
import { type FakeGateway, recordsOf } from './fake-gateway.ts'
import type { RecordedTerminal } from './recorded-terminal.ts'
import { signedIn } from './signed-in.ts'

let gateway: FakeGateway
let terminal: RecordedTerminal
const cli = (...argv: string[]): Promise<number> => run(['--endpoint', gateway.issuer, ...argv], terminal)
const plain = (text: string): string => text.replaceAll(/\s+/g, ' ')
beforeEach(async () => {
  ;({ gateway, terminal } = await signedIn())
})
afterEach(() => gateway.stop())

const at = '2026-11-27T09:00:00.000Z'
const by = { name: 'Uma Ray', role: 'auditor', organisation: 'ledger', at }
const found = {
  ...{ items: [], next: null, looked_until: at, pin: { from: at, to: at, size: 3 } },
  facets: [{ key: 'decision', values: [{ value: 'refuse', count: 2 }] }],
}

describe('log search', () => {
  test('answers --facets where entries are answered: --quiet leaves remarks out, and no answer', async () => {
    gateway.reply = recordsOf({}, { '/entries': found })
    expect(await cli('--quiet', 'log', 'search', '--facets')).toBe(0)
    expect(terminal.stdout).toContain('decision: refuse 2')
  })

  test('keeps the counts out of a list that a program reads', async () => {
    gateway.reply = recordsOf({}, { '/entries': found })
    expect(await cli('log', 'search', '--facets', '--json')).toBe(0)
    expect(JSON.parse(terminal.stdout)).toEqual([])
    expect(terminal.stderr).toContain('decision: refuse 2')
  })

  test('that ends with its limit says up to when it has looked, and not that there is more', async () => {
    const one = { eid: 'entry_1', body: { time: Date.parse(at), unmapped: {} }, sentence: 'A call.' }
    gateway.reply = recordsOf({}, { '/entries': { ...found, items: [one], next: 'further' } })
    expect(await cli('log', 'search', '-n', '1', '--json')).toBe(0)
    const told = plain(terminal.stderr)
    expect(told).toContain(
      'It ends with the --limit of 1: nobody has looked further back than 2026-11-27 09:00',
    )
    expect(told).not.toContain('more')
    terminal.stderr = ''
    gateway.reply = recordsOf({}, { '/entries': { ...found, items: [one] } })
    expect(await cli('log', 'search', '-n', '1', '--json')).toBe(0)
    expect(terminal.stderr).not.toContain('--limit')
  })

  test('says of an option that is none that it is none, and does not take it for a word', async () => {
    for (const words of [['--facet'], ['decision:refuse', '--nosuch=1']]) {
      expect(await cli('log', 'search', ...words)).toBe(2)
      expect(terminal.stderr).toContain('option_unknown')
      terminal.stderr = ''
    }
    expect(gateway.calls).toEqual([])
  })

  test('that named one entry looked from the beginning, and not from 1970', async () => {
    const pin = { from: '1970-01-01T00:00:00.000Z', to: at, size: 3 }
    gateway.reply = recordsOf({}, { '/entries': { ...found, pin } })
    expect(await cli('log', 'search', 'request:r-1')).toBe(0)
    expect(plain(terminal.stderr)).toContain('0 entries up to 2026-11-27 09:00:00 UTC')
    expect(terminal.stderr).not.toContain('1970')
  })
})

test('as CSV an entry tells who did what, and a person is no client', async () => {
  const unmapped = { kind: 'notice', action: 'person.add', decision: 'applied' }
  const user = { name: 'Uma Ray', uid: 'person_1', org: { uid: 'ledger' } }
  const row = (body: object) => ({
    ...{ eid: 'entry_1', digest: 'd', sentence: 'It was done.', view: {} },
    body: { time: Date.parse(at), unmapped, ...body },
  })
  const machine = { name: 'triage', uid: 'client_1', type: 'workload', org: { uid: 'cedar' } }
  const items = [row({ actor: { user } }), row({ user }), row({ user: machine })]
  gateway.reply = recordsOf({}, { '/entries': { ...found, items } })
  expect(await cli('--output', 'csv', 'log', 'search')).toBe(0)
  const [header = '', ...rows] = terminal.stdout.trim().split('\r\n')
  const cells = rows.map(one => {
    const values = one.split(',')
    return Object.fromEntries(header.split(',').map((title, i) => [title, values[i]]))
  })
  const told = { sentence: 'It was done.', action: 'person.add', organisation: 'ledger', person: 'Uma Ray' }
  expect(cells[0]).toMatchObject({ ...told, client: '' })
  expect(cells[1]).toMatchObject({ ...told, client: '' })
  expect(cells[2]).toMatchObject({ organisation: 'cedar', person: '', client: 'client_1' })
})

const job = {
  ...{ id: 'export_1', kind: 'bundle', state: 'queued', query: 'partner:cedar', from: at, to: at },
  ...{ purpose: 'Review', requested_at: at, records: 0, entry: 'entry_1' },
}

test('an export that is not made yet has no number of records', async () => {
  gateway.reply = recordsOf(job, { '/exports': { items: [job], next: null } })
  expect(await cli('export', 'create', '--purpose', 'Review', 'partner:cedar')).toBe(0)
  expect(await cli('export', 'list')).toBe(0)
  expect(terminal.stdout).not.toContain('0 records')
})

test('an export that cannot be written is fetched again, and not asked for again', async () => {
  const made = { ...job, state: 'done', sha256: '0'.repeat(64), bytes: 5, records: 1 }
  gateway.reply = recordsOf(made, { '/exports/export_1': made })
  expect(await cli('export', 'create', '--purpose', 'Review', '--out', '/nowhere/a.zip')).toBe(1)
  expect(plain(terminal.stderr)).toContain('next sallyport export download export_1 --out <another file>')
})

test('a case tells once when it was opened', async () => {
  const one = {
    ...{ id: 'case_1', title: 'Calls', organisation: 'ledger', state: 'open', version: 1 },
    ...{ entry_count: 0, note_count: 0, opened_by: by, opened_at: at, closed_by: null, closed_at: null },
    ...{ entry: 'entry_1', entries: [], notes: [] },
  }
  gateway.reply = recordsOf({}, { '/cases/case_1': one })
  expect(await cli('case', 'get', 'case_1')).toBe(0)
  expect(plain(terminal.stdout)).toContain('opened by Uma Ray (auditor of ledger), 2026-11-27 09:00 UTC')
  expect(terminal.stdout.match(/09:00 UTC/g)).toHaveLength(1)
})

test('a record without a name of its own is not named twice', async () => {
  const id = 'preservation_1'
  gateway.reply = recordsOf(
    {
      ...{ step: 'applied', entry: 'entry_9', difference: [], effects: {}, proposals: [] },
      subject: { kind: 'preservation', id, name: `the preservation order ${id}`, model: null },
    },
    {},
  )
  const why = ['--reason', 'legal_order', '--text', 'Order 7', '--reference', 'O-7']
  expect(await cli('preservation', 'place', '--query', 'partner:cedar', ...why)).toBe(0)
  expect(terminal.stdout.match(/preservation_1/g)).toHaveLength(1)
})

test('what nobody reads any more does not end as if it had gone well', async () => {
  const child = spawn(process.execPath, ['client/cli/main.ts', 'help'], {
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  child.stdout.destroy()
  const [code] = await once(child, 'exit')
  expect(code).toBe(141)
})
