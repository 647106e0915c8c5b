/** What is kept, handed over and deleted of the log on the command line, against a gateway that says what the test wants. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { run } from '../../../client/cli/program.ts'
import { type FakeGateway, recordsOf } from './fake-gateway.ts'
import type { RecordedTerminal } from './recorded-terminal.ts'
import { signedIn } from './signed-in.ts'

let gateway: FakeGateway
let terminal: RecordedTerminal
const cli = (...argv: string[]): Promise<number> => run(['--endpoint', gateway.issuer, ...argv], terminal)
beforeEach(async () => {
  ;({ gateway, terminal } = await signedIn())
})
afterEach(() => gateway.stop())

const changes = () =>
  gateway.calls
    .filter(({ method, proof }) => method !== 'GET' && proof.nonce === gateway.nonce)
    .map(({ method, path, body, headers }) => ({
      to: `${method} ${path.replace('/api/v1', '')}`,
      body: JSON.parse(body || 'null'),
      version: headers['if-match'],
    }))

const decided = {
  step: 'applied',
  subject: { kind: 'preservation', id: 'preservation_1', name: 'the preservation order', model: null },
  entry: 'entry_1',
  difference: [],
  effects: {},
  proposals: [],
}
const why = ['--reason', 'legal_order', '--text', 'A court asks', '--reference', 'order 12'] as const
const reason = { code: 'legal_order', text: 'A court asks', reference: 'order 12' }
const by = { name: 'Ada', organisation: 'halcyon', role: 'developer-admin', at: '2026-11-27T09:00:00Z' }
const order = {
  id: 'preservation_1',
  state: 'active',
  organisation: 'halcyon',
  query: 'partner:cedar',
  reason: { ...reason, sealed: false },
  placed_by: by,
  placed_at: '2026-11-27T09:00:00Z',
  kept_until: null,
  lifted: null,
  freed_at: null,
  entry: 'entry_1',
}

describe('preservation', () => {
  test('place sends the query; a wrong one is refused here, and one without a reference', async () => {
    gateway.reply = recordsOf(decided, {})
    expect(await cli('preservation', 'place', '--query', 'partner:cedar', ...why)).toBe(0)
    expect(changes()).toMatchObject([{ to: 'POST /preservations', body: { query: 'partner:cedar', reason } }])
    expect(await cli('preservation', 'place', '--query', 'colour:red', ...why)).toBe(2)
    expect(terminal.stderr).toContain('The query is wrong')
    expect(await cli('preservation', 'place', '--query', 'partner:cedar', ...why.slice(0, 4))).toBe(2)
    expect(changes()).toHaveLength(1)
  })

  test('get says up to when it has been carried out', async () => {
    gateway.reply = recordsOf(decided, { '/preservations/preservation_1': order })
    expect(await cli('preservation', 'get', 'preservation_1')).toBe(0)
    expect(terminal.stdout).toContain('preservation_1, active')
    expect(terminal.stdout).toContain('not yet: nothing that it covers is deleted meanwhile')
    gateway.reply = recordsOf(decided, {
      '/preservations/preservation_1': { ...order, kept_until: '2026-11-27T10:00:00Z' },
    })
    expect(await cli('preservation', 'get', 'preservation_1')).toBe(0)
    expect(terminal.stdout).toContain('for all entries up to 2026-11-27 10:00')
  })

  test('lift asks for the id once more', async () => {
    gateway.reply = recordsOf(decided, { '/preservations/preservation_1': order })
    expect(await cli('preservation', 'lift', 'preservation_1', ...why, '--confirm', 'preservation_2')).toBe(2)
    expect(changes()).toEqual([])
    expect(await cli('preservation', 'lift', 'preservation_1', ...why, '--confirm', 'preservation_1')).toBe(0)
    expect(changes()).toMatchObject([{ to: 'POST /preservations/preservation_1/lift', body: { reason } }])
  })
})

describe('log delete', () => {
  test('names a month, which is typed once more', async () => {
    gateway.reply = recordsOf(decided, {})
    expect(await cli('log', 'delete', '--month', '2026-13', ...why)).toBe(2)
    expect(await cli('log', 'delete', '--month', '2026-01', ...why, '--confirm', '2026-02')).toBe(2)
    expect(changes()).toEqual([])
    expect(await cli('log', 'delete', '--month', '2026-01', ...why, '--confirm', '2026-01')).toBe(0)
    expect(changes()).toMatchObject([{ to: 'POST /log/deletions', body: { month: '2026-01', reason } }])
  })

  test('deletions tell what was kept, where one is told', async () => {
    const of = { month: '2026-01', decided_at: '2026-11-27T09:00:00Z', entry: 'entry_7' }
    const work = {
      state: 'deleting',
      removed: { entries: 40, archives: 12 },
      kept: { entries: 3, archives: 1 },
      next_at: '2026-11-28T09:00:00Z',
    }
    gateway.reply = recordsOf(decided, {
      '/log/deletions': {
        items: [
          { ...of, work },
          { ...of, month: '2025-12', work: null },
        ],
        next: null,
      },
    })
    expect(await cli('log', 'deletions')).toBe(0)
    expect(terminal.stdout).toContain('40 entries and 12 archives removed, 3 entries and 1 archives kept')
    expect(terminal.stdout).toContain('2025-12')
  })
})

describe('export create --evidence', () => {
  const asked = [
    ...['--evidence', '--client', 'client_1', '--incident', 'finding_1', '--purpose', 'An intrusion'],
    ...['--from', '2026-11-01T00:00:00Z', '--to', '2026-11-20T00:00:00Z', '--statute', '1030'],
    ...['--statute', '18 U.S.C. 1343', '--officer', 'Agent Doe', '--agency', 'FBI'],
  ]

  test('asks for what is selected, under the statutes, and waits for the other organisation', async () => {
    gateway.reply = recordsOf({ ...decided, step: 'proposed', proposal: { id: 'proposal_1' } }, {})
    expect(await cli('export', 'create', ...asked, ...why)).toBe(3)
    expect(changes()).toMatchObject([
      {
        to: 'POST /evidence',
        body: {
          selection: { client: 'client_1', incident: 'finding_1' },
          statutes: ['18 U.S.C. 1030', '18 U.S.C. 1343'],
          officer: 'Agent Doe',
          agency: 'FBI',
          purpose: 'An intrusion',
          reason,
        },
      },
    ])
  })

  test('is of somebody and of no query, names who asks, and its reason', async () => {
    gateway.reply = recordsOf(decided, {})
    const without = (...names: readonly string[]) =>
      asked.filter((one, n) => !names.includes(one) && !names.includes(asked[n - 1] ?? ''))
    expect(await cli('export', 'create', ...without('--client', '--incident'), ...why)).toBe(2)
    expect(await cli('export', 'create', 'partner:cedar', ...asked, ...why)).toBe(2)
    expect(await cli('export', 'create', ...without('--officer'), ...why)).toBe(2)
    expect(terminal.stderr).toContain('--officer')
    expect(await cli('export', 'create', ...asked)).toBe(2)
    expect(changes()).toEqual([])
  })

  test('receipt names the digest of the file that the officer took', async () => {
    const evidence = { id: 'evidence_1', export: { id: 'export_1', state: 'done' } }
    gateway.reply = recordsOf(decided, { '/evidence/evidence_1': evidence })
    const given = ['--receipt', 'FD-597', '--received', '2026-11-27T09:00:00Z']
    expect(await cli('export', 'receipt', 'evidence_1', ...given, '--sha256', 'abc', ...why)).toBe(2)
    expect(changes()).toEqual([])
    const sha256 = 'A1'.repeat(32)
    expect(await cli('export', 'receipt', 'evidence_1', ...given, '--sha256', sha256, ...why)).toBe(0)
    expect(changes()).toMatchObject([
      { to: 'POST /evidence/evidence_1/receipt', body: { reference: 'FD-597', sha256: 'a1'.repeat(32) } },
    ])
  })
})
