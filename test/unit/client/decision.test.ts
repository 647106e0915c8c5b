import { stat } from 'node:fs/promises'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { run } from '../../../client/cli/program.ts'
import type { Call, FakeGateway } from './fake-gateway.ts'
import { RecordedTerminal } from './recorded-terminal.ts'
import { signedIn } from './signed-in.ts'

let gateway: FakeGateway
let terminal: RecordedTerminal
beforeEach(async () => {
  ;({ gateway, terminal } = await signedIn())
})
afterEach(() => gateway.stop())

const cli = (...argv: string[]): Promise<number> => run(['--endpoint', gateway.issuer, ...argv], terminal)
/** Without those that were only told the nonce: a token that was kept comes without one. */
const answered = () => gateway.calls.filter(({ proof }) => proof.nonce === gateway.nonce)
const why = ['--reason', 'security_incident', '--text', 'a key was seen elsewhere'] as const
const reason = { code: 'security_incident', text: 'a key was seen elsewhere' }

const told = {
  step: 'applied',
  subject: { kind: 'client', id: 'client_1', name: 'batch', model: null },
  needs: 'nsa-admin of the government',
  entry: 'entry_1',
  ratify_by: '2027-01-02T00:00:00.000Z',
  proposal: null,
  proposals: [],
  difference: [{ field: 'state', from: 'active', to: 'suspended' }],
  effects: {
    clients: [{ id: 'client_1', name: 'batch' }],
    client_count: 1,
    streams: 2,
    requests_per_day: 41,
    at_least: true,
    continues: [{ id: 'grant_1', name: 'aurora' }],
    unattested: [],
  },
  shown: 'digest',
}
/** The record has version 7; every change is answered by `body`. */
const answering =
  (body: object, status = 200) =>
  ({ method }: Call) =>
    method === 'GET' ? { headers: { etag: '"7"' }, body: { id: 'client_1' } } : { status, body }
const posted = () => answered().filter(({ method }) => method === 'POST')

describe('a decision on the command line', () => {
  test('is made on the version that was seen, with its reason, and shows what it does', async () => {
    gateway.reply = answering(told)
    expect(await cli('client', 'suspend', 'client_1', ...why, '--reference', 'case 7', '--sealed')).toBe(0)
    const [call] = posted()
    expect(call).toMatchObject({ path: '/api/v1/clients/client_1/suspend', headers: { 'if-match': '"7"' } })
    expect(JSON.parse(call?.body ?? '')).toEqual({ reason: { ...reason, reference: 'case 7', sealed: true } })
    expect(terminal.stdout).toBe(
      [
        'done       client client_1 (batch)',
        'changes    state: active → suspended',
        'hits       1 client, ends 2 live streams, refuses at least 41 requests a day',
        'namely     batch',
        'goes on    grant_1 (aurora)',
        'ratify by  2027-01-02 00:00 UTC, by a second person',
        'they run   sallyport client ratify client_1',
        'entry      entry_1',
        '',
      ].join('\n'),
    )
  })

  test('that waits for another person ends with 3 and says who is missing', async () => {
    const proposal = { id: 'proposal_1', waits_on: 'nsa-admin of the government', expires_at: 'soon' }
    gateway.reply = answering({ ...told, step: 'proposed', ratify_by: null, proposal }, 202)
    expect(await cli('client', 'reinstate', 'client_1', ...why)).toBe(3)
    expect(terminal.stdout).toContain('proposal   proposal_1')
    expect(terminal.stdout).toContain('waits on   nsa-admin of the government')
  })

  test('prints what the gateway said as JSON', async () => {
    gateway.reply = answering(told)
    expect(await cli('--json', 'client', 'suspend', 'client_1', ...why)).toBe(0)
    expect(JSON.parse(terminal.stdout)).toEqual(told)
  })

  test('is only shown by a dry run', async () => {
    gateway.reply = answering({ ...told, step: 'dry_run', entry: null, ratify_by: null })
    expect(await cli('client', 'suspend', 'client_1', ...why, '--dry-run')).toBe(0)
    expect(JSON.parse(posted()[0]?.body ?? '')).toMatchObject({ dry_run: true })
    expect(terminal.stdout).toContain('dry run')
    expect(terminal.stdout).toContain('takes      nsa-admin')
  })

  test('that is severe is shown, and made with the id alone', async () => {
    gateway.reply = answering({ ...told, step: 'dry_run' })
    expect(await cli('client', 'revoke', 'client_1', ...why)).toBe(2)
    expect(posted().map(({ body }) => JSON.parse(body).dry_run)).toEqual([true])
    expect(terminal.stderr).toContain('dry run')
    expect(terminal.stderr).toContain('--confirm=client_1')
    expect(await cli('client', 'revoke', 'client_1', ...why, '--confirm=client_2')).toBe(2)
    expect(posted()).toHaveLength(1)
    gateway.reply = answering(told)
    expect(await cli('client', 'revoke', 'client_1', ...why, '--confirm=client_1')).toBe(0)
    expect(JSON.parse(posted()[1]?.body ?? '')).toEqual({ reason })
  })

  test('takes its words from stdin, where no other process reads them', async () => {
    gateway.reply = answering(told)
    terminal.input = 'words for us\n'
    expect(await cli('client', 'suspend', 'client_1', '--reason', 'other', '--text', '-', '--sealed')).toBe(0)
    const { reason } = JSON.parse(posted()[0]?.body ?? '')
    expect(reason).toEqual({ code: 'other', text: 'words for us', sealed: true })
  })

  test('has a reason', async () => {
    expect(await cli('client', 'suspend', 'client_1')).toBe(2)
    expect(await cli('client', 'suspend', 'client_1', '--reason', 'other')).toBe(2)
    expect(terminal.stderr).toContain('error: Missing: --reason <code>, --text <words>.\n')
    expect(terminal.stderr).toContain('error: Missing: --text <words>.\n')
    expect(answered()).toEqual([])
  })

  test.each([
    [401, 'fresh_sign_in_required', 4],
    [401, 'session_ended', 4],
    [403, 'role_missing', 5],
    [404, 'record_unknown', 7],
    [409, 'state_forbids', 1],
    [412, 'version_stale', 1],
  ] as const)('%i %s ends with %i', async (status, code, ending) => {
    const problem = { title: 'No', detail: 'It is so.', code, next: 'Do something else.', request_id: 'r1' }
    gateway.reply = answering(problem, status)
    expect(await cli('client', 'suspend', 'client_1', ...why)).toBe(ending)
    if (code !== 'session_ended') expect(terminal.stderr).toContain(`code     ${code}`)
  })

  test('shows no control character that a name brings', async () => {
    gateway.reply = answering({ ...told, subject: { ...told.subject, name: 'b\u001b[31mad\u202e' } })
    await cli('client', 'suspend', 'client_1', ...why)
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
    expect(terminal.stdout).not.toMatch(/[\u001b\u202e]/)
  })

  test('needs somebody who is signed in', async () => {
    terminal = new RecordedTerminal()
    expect(await cli('client', 'suspend', 'client_1', ...why)).toBe(4)
    expect(terminal.stderr).toContain('sallyport auth login')
  })
})

describe('sallyport client', () => {
  test('ratify stands by a stop on the version that was seen', async () => {
    gateway.reply = answering({ entry: 'entry_2' })
    expect(await cli('client', 'ratify', 'client_1')).toBe(0)
    expect(posted()[0]).toMatchObject({
      path: '/api/v1/clients/client_1/ratify',
      headers: { 'if-match': '"7"' },
      body: '',
    })
    expect(terminal.stdout).toContain('entry_2')
  })

  test('list follows the pages', async () => {
    const pages = [
      { items: [{ id: 'client_1', name: 'a' }], next: 'more' },
      { items: [{ id: 'client_2', name: 'b' }], next: null },
    ]
    gateway.answers.push({ body: pages[0] }, { body: pages[1] }, { body: pages[0] }, { body: pages[1] })
    expect(await cli('client', 'list', '--organisation', 'cedar')).toBe(0)
    expect(answered().map(({ path }) => path)).toEqual([
      '/api/v1/clients?organisation=cedar&limit=100',
      '/api/v1/clients?organisation=cedar&limit=100&after=more',
    ])
    expect(terminal.stdout.trim().split('\n')).toHaveLength(3)
    terminal.stdout = ''
    expect(await cli('--json', 'client', 'list')).toBe(0)
    expect(JSON.parse(terminal.stdout).map((one: { id: string }) => one.id)).toEqual(['client_1', 'client_2'])
  })

  const made = { ...told, ticket: 'T'.repeat(43), ticket_expires_at: 'in a while', ratify_by: null }

  test('ticket prints the secret alone, or writes it where only its owner reads', async () => {
    gateway.reply = answering(made, 201)
    expect(await cli('client', 'ticket', '--name', 'batch', '--operator', 'person_1', ...why)).toBe(0)
    expect(terminal.stdout).toBe(`${made.ticket}\n`)
    expect(JSON.parse(posted()[0]?.body ?? '')).toEqual({
      kind: 'enrol',
      name: 'batch',
      client: 'agent',
      operator: 'person_1',
      reason,
    })
    terminal.stdout = ''
    const out = `${terminal.home}/ticket`
    expect(
      await cli('client', 'ticket', '--rotate', 'client_1', '--overlap-hours', '2', '--out', out, ...why),
    ).toBe(0)
    expect(terminal.stdout + terminal.stderr).not.toContain(made.ticket.repeat(2))
    expect(terminal.stdout).toBe('')
    expect(JSON.parse(posted()[1]?.body ?? '')).toMatchObject({
      kind: 'rotate',
      client: 'client_1',
      overlap_hours: 2,
    })
    const { mode } = await stat(out)
    expect(mode & 0o777).toBe(0o600)
  })

  test('ticket names a new client or one that is there', async () => {
    expect(await cli('client', 'ticket', ...why)).toBe(2)
    expect(await cli('client', 'ticket', '--name', 'a', '--rotate', 'client_1', ...why)).toBe(2)
    expect(answered()).toEqual([])
  })
})
