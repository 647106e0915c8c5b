/** Cases and saved searches on the command line, against a gateway that says what the test wants. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { run } from '../../../client/cli/program.ts'
import { exportBody } from '../../../functions/api/shapes/export.ts'
import { maxCaseEntries } from '../../../shared/domain/cases.ts'
import { maxOpenExports } from '../../../shared/domain/exports.ts'
import { parseQuery } from '../../../shared/search/grammar.ts'
import { isQueryFault } from '../../../shared/search/query.ts'
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
      ...(headers['if-match'] && { version: headers['if-match'] }),
    }))
const searches = () =>
  gateway.calls
    .filter(({ proof }) => proof.nonce === gateway.nonce)
    .map(({ path }) => new URL(path, gateway.issuer))
    .filter(({ pathname }) => pathname === '/api/v1/entries')
    .map(({ searchParams }) => Object.fromEntries(searchParams))

const decidedOn = (kind: string, id: string) => ({
  ...{ step: 'applied', subject: { kind, id, name: id, model: null }, entry: 'entry_9' },
  ...{ difference: [], effects: {}, proposals: [] },
})
const decided = decidedOn('case', 'case_1')
const by = { name: 'Uma Ray', role: 'partner-user', organisation: 'cedar', at: '2026-11-27T09:00:00Z' }
const eid = 'entry_01mcc5rm00gfssge2rf2cbhp7r'
const open = {
  ...{ id: 'case_1', title: 'Calls\nat night', organisation: 'cedar', state: 'open', version: 3 },
  ...{ entry_count: 2, note_count: 1, opened_by: by, opened_at: '2026-11-27T09:00:00Z' },
  ...{ closed_by: null, closed_at: null, entry: 'entry_8' },
  entries: [
    { eid, sentence: 'The call was refused.\u001b[2K', note: '“Look”\nhere', by, at: by.at },
    { eid: `${eid}.outcome`, sentence: null, note: null, by, at: by.at },
  ],
  notes: [{ number: 1, text: 'They began\nat ten.', by, at: by.at, entry: 'entry_7' }],
}

describe('case', () => {
  test('open, add and note send what is given, and invent no reason', async () => {
    gateway.reply = recordsOf(decided, {})
    const file = join(terminal.home, 'note.txt')
    writeFileSync(file, 'from a file\n')
    expect(await cli('case', 'open', 'Calls at night')).toBe(0)
    expect(await cli('case', 'add', 'case_1', eid, '--note', 'look here')).toBe(0)
    expect(await cli('case', 'add', 'case_1', eid, '--dry-run')).toBe(0)
    expect(await cli('case', 'note', 'case_1', '--text', 'in words')).toBe(0)
    expect(await cli('case', 'note', 'case_1', '--from', file)).toBe(0)
    expect(changes()).toEqual([
      { to: 'POST /cases', body: { title: 'Calls at night' } },
      { to: 'POST /cases/case_1/entries', body: { entry: eid, note: 'look here' } },
      { to: 'POST /cases/case_1/entries', body: { entry: eid, dry_run: true } },
      { to: 'POST /cases/case_1/notes', body: { text: 'in words' } },
      { to: 'POST /cases/case_1/notes', body: { text: 'from a file\n' } },
    ])
    expect(terminal.stdout).toContain('case_1')
  })

  test('close and reopen name the version that was seen, and say why', async () => {
    gateway.reply = recordsOf(decided, { '/cases/case_1': open })
    const why = ['--reason', 'operational', '--text', 'It is done.']
    for (const verb of ['close', 'reopen']) expect(await cli('case', verb, 'case_1', ...why)).toBe(0)
    const body = { reason: { code: 'operational', text: 'It is done.' } }
    expect(changes()).toEqual([
      { to: 'POST /cases/case_1/close', body, version: '"7"' },
      { to: 'POST /cases/case_1/reopen', body, version: '"7"' },
    ])
    expect(await cli('case', 'close', 'case_1')).toBe(2)
    expect(changes()).toHaveLength(2)
  })

  test('get tells its entries and notes, each in words that cannot pass for others', async () => {
    gateway.reply = recordsOf(decided, { '/cases/case_1': open })
    expect(await cli('case', 'get', 'case_1')).toBe(0)
    expect(terminal.stdout).not.toContain('\u001b')
    for (const told of [
      'case       case_1, open\n',
      'title      “Calls / at night”\n',
      'holds      2 entries, 1 note\n',
      `\n${eid}\n  The call was refused.`,
      'added 2026-11-27 09:00 UTC by Uma Ray: “"Look" / here”\n',
      `\n${eid}.outcome\n  it is not there for you\n  added 2026-11-27 09:00 UTC by Uma Ray\n`,
      '\nnote 1, 2026-11-27 09:00 UTC by Uma Ray\n  “They began / at ten.”\n',
    ])
      expect(terminal.stdout).toContain(told)
    terminal.stdout = ''
    expect(await cli('--json', 'case', 'get', 'case_1')).toBe(0)
    expect(JSON.parse(terminal.stdout)).toEqual(open)
  })

  test('list asks for a state, and shows what each holds', async () => {
    gateway.reply = recordsOf(decided, { '/cases': { items: [open], next: null } })
    expect(await cli('case', 'list', '--state', 'open')).toBe(0)
    expect(gateway.calls.at(-1)?.path).toContain('state=open')
    expect(terminal.stdout).toContain('case_1  open  “Calls / at night”\n  2 entries, 1 note, opened')
    expect(await cli('case', 'list', '--state', 'lost')).toBe(2)
  })

  test('export asks for what is there for its reader, in as few files as queries can name it', async () => {
    const eids = Array.from(
      { length: maxCaseEntries },
      (_, n) => `entry_7${String(n).padStart(25, '0')}.outcome`,
    )
    const entries = [
      ...eids.map(one => ({ ...open.entries[0], eid: one })),
      { ...open.entries[1], eid: 'entry_not_for_me' },
    ]
    const job = { id: 'export_1', state: 'queued', query: 'entry:a,b' }
    gateway.reply = recordsOf(job, { '/cases/case_1': { ...open, entries } })
    expect(await cli('case', 'export', 'case_1', '--purpose', 'For the file.')).toBe(0)
    const asked = changes()
    for (const { to, body } of asked) {
      expect([to, body.purpose]).toEqual(['POST /exports', 'For the file.'])
      expect(isQueryFault(parseQuery(body.q))).toBe(false)
      exportBody.parse(body)
    }
    // More are not asked for at once by one organisation.
    expect(asked.length).toBeLessThanOrEqual(maxOpenExports)
    const named = asked.flatMap(({ body }) => body.q.replace('entry:', '').split(','))
    expect(named).toEqual(eids)
    expect(terminal.stdout).toContain('export_1  is to be made\n  of 2 entries\n')
    expect(terminal.stderr).toContain('1 entry of the case is not there for you.')
  })

  test('export asks for nothing where nothing is there, or nobody says what for', async () => {
    gateway.reply = recordsOf(decided, { '/cases/case_1': { ...open, entries: [open.entries[1]] } })
    expect(await cli('case', 'export', 'case_1', '--purpose', 'x')).toBe(1)
    expect(await cli('case', 'export', 'case_1')).toBe(2)
    expect(changes()).toEqual([])
  })

  test('an id that can be none, and a note without words, are refused before anything is asked', async () => {
    expect(await cli('case', 'get', '../models')).toBe(2)
    expect(await cli('case', 'note', 'case_1')).toBe(2)
    expect(await cli('case', 'note', 'case_1', '--text', ' ')).toBe(2)
    expect(gateway.calls).toEqual([])
  })
})

const view = (id: string, name: string, further: object = {}) => ({
  ...{ id, name, q: 'decision:refuse time:-7d..now', by: null, shared: false, yours: true },
  ...{ organisation: 'cedar', saved_by: by, saved_at: by.at, entry: 'entry_1', version: 1 },
  ...further,
})
const shared = { shared: true, yours: false }
const found = {
  ...{ items: [], next: null, facets: [], looked_until: by.at },
  pin: { from: by.at, to: by.at, size: 3 },
}
const withViews = (...items: readonly { readonly id: string }[]) =>
  recordsOf(decidedOn('view', 'view_1'), {
    '/entries': found,
    '/views': { items, next: null },
    ...Object.fromEntries(items.map(one => [`/views/${one.id}`, one])),
  })

describe('saved searches', () => {
  test('log search --save keeps what was asked once it is answered', async () => {
    gateway.reply = withViews()
    expect(await cli('log', 'search', '--save', 'Refusals', 'decision:refuse', '-code:rate_limited')).toBe(0)
    expect(await cli('log', 'search', '--decided', '--save', 'Ours', '--shared', 'time:-7d..now')).toBe(0)
    expect(changes()).toEqual([
      { to: 'POST /views', body: { name: 'Refusals', q: 'decision:refuse -code:rate_limited' } },
      { to: 'POST /views', body: { name: 'Ours', q: 'time:-7d..now', by: 'us', shared: true } },
    ])
    expect(terminal.stdout).toBe('')
    expect(terminal.stderr.replaceAll(/\s+/g, ' ')).toContain(
      'The search is saved as “Refusals”: sallyport log search --view view_1',
    )
  })

  test('log search --save keeps nothing that was refused', async () => {
    const problem = { code: 'query_malformed', title: 'The query is not one', detail: 'x is not a key.' }
    gateway.reply = ({ method }) => (method === 'GET' ? { status: 400, body: problem } : { body: decided })
    expect(await cli('log', 'search', '--save', 'x', 'code:hold_active')).toBe(1)
    expect(await cli('log', 'search', '--shared', 'code:hold_active')).toBe(2)
    expect(changes()).toEqual([])
  })

  test('log search says where a query is wrong, and asks nothing', async () => {
    gateway.reply = withViews(view('view_1', 'Calls', { q: 'modle:aurora' }))
    expect(await cli('log', 'search', '--save', 'x', 'decision:refuse', 'modle:aurora')).toBe(2)
    expect(terminal.stderr.replaceAll(/\s+/g, ' ')).toContain('wrong at character 17, “modle”')
    expect(terminal.stderr).toContain('model')
    for (const words of [['--explain', 'charge:>='], ['time:-1d']])
      expect(await cli('log', 'search', ...words)).toBe(2)
    expect(gateway.calls).toEqual([])
    // What was saved may be older than the words of today.
    terminal.stderr = ''
    expect(await cli('log', 'search', '--view', 'Calls', 'code:hold_active')).toBe(2)
    expect(terminal.stderr).toContain('The query is modle:aurora code:hold_active')
    expect(terminal.stderr.replaceAll(/\s+/g, ' ')).toContain('wrong at character 1, “modle”')
    expect(searches()).toEqual([])
    expect(changes()).toEqual([])
  })

  test('log search --view asks the saved query, narrowed by what is typed', async () => {
    gateway.reply = withViews(
      view('view_1', 'Refusals', shared),
      view('view_2', 'Refusals', { q: 'code:day_exhausted', by: 'us' }),
      view('view_3', 'Calls', shared),
      view('view_4', 'Calls', shared),
    )
    expect(await cli('log', 'search', '--view', 'Refusals', 'model:aurora')).toBe(0)
    expect(await cli('log', 'search', '--view', 'view_1')).toBe(0)
    expect(searches()).toMatchObject([
      // One's own comes before that of another.
      { q: 'code:day_exhausted model:aurora', by: 'us' },
      { q: 'decision:refuse time:-7d..now' },
    ])
    expect(searches()[1]).not.toHaveProperty('by')
    expect(terminal.stderr).toContain('The query is code:day_exhausted model:aurora\n')
    expect(await cli('log', 'search', '--view', 'Calls')).toBe(2)
    expect(await cli('log', 'search', '--view', 'None')).toBe(7)
    expect(searches()).toHaveLength(2)
  })

  test('what a colleague has shared cannot write on the terminal of whoever uses it', async () => {
    gateway.reply = withViews(view('view_1', 'Calls', { ...shared, q: 'person:"a\u001b[2Jb"' }))
    expect(await cli('log', 'search', '--view', 'Calls')).toBe(0)
    expect(terminal.stderr).toContain('The query is person:"a')
    expect(terminal.stderr).not.toContain('\u001b')
  })

  test('log views lists them, and remove takes one by its name as it was seen', async () => {
    gateway.reply = withViews(
      view('view_1', 'Re\nfusals\u001b[2K', shared),
      view('view_2', 'Mine', { by: 'us' }),
      view('view_3', 'Everybody’s', { shared: true }),
    )
    expect(await cli('log', 'views')).toBe(0)
    expect(terminal.stdout).not.toContain('\u001b')
    expect(terminal.stdout).toContain(
      '  decision:refuse time:-7d..now\n  shared by Uma Ray\n“Mine”  view_2\n',
    )
    expect(terminal.stdout).toContain('--decided\n')
    expect(terminal.stdout).toContain('yours, shared with your organisation\n')
    expect(await cli('log', 'views', 'remove', 'Mine')).toBe(0)
    expect(await cli('log', 'views', 'remove', 'view_3', '--dry-run')).toBe(0)
    expect(changes()).toEqual([
      { to: 'POST /views/view_2/remove', body: {}, version: '"7"' },
      { to: 'POST /views/view_3/remove', body: { dry_run: true }, version: '"7"' },
    ])
  })
})
