/** What people decide on the command line, against a gateway that says what the test wants. */
import { readFileSync, writeFileSync } from 'node:fs'
import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createProgram, run } from '../../../client/cli/program.ts'
import { type ActionName, ruleOf, whoDecides } from '../../../shared/domain/who-decides.ts'
import type { Answer, Call, FakeGateway } from './fake-gateway.ts'
import type { RecordedTerminal } from './recorded-terminal.ts'
import { signedIn } from './signed-in.ts'

let gateway: FakeGateway
let terminal: RecordedTerminal
beforeEach(async () => {
  ;({ gateway, terminal } = await signedIn())
})
afterEach(() => gateway.stop())

const cli = (...argv: string[]): Promise<number> => run(['--endpoint', gateway.issuer, ...argv], terminal)
function clear(): void {
  gateway.calls.length = 0
  terminal.stdout = ''
  terminal.stderr = ''
}
/** Without those that were only told the nonce: a token that was kept comes without one. */
const answered = () => gateway.calls.filter(({ proof }) => proof.nonce === gateway.nonce)
const why = ['--reason', 'request', '--text', 'as agreed'] as const
const reason = { code: 'request', text: 'as agreed' }
const effects = {
  clients: [],
  client_count: 0,
  streams: 0,
  requests_per_day: 0,
  at_least: false,
  continues: [],
  unattested: [],
}
const decided = {
  step: 'applied',
  subject: { kind: 'organisation', id: 'cedar', name: 'Cedar County Hospital', model: null },
  needs: '',
  entry: 'entry_1',
  ratify_by: null,
  proposal: null,
  proposals: [],
  difference: [],
  effects,
  shown: 'digest',
}
const proposal = {
  id: 'proposal_1',
  state: 'open',
  action: 'partner.revoke',
  subject: { kind: 'organisation', id: 'cedar', name: 'Cedar County Hospital', model: null },
  reason: { code: 'agreement_breach', text: 'it was shared', reference: null, sealed: false },
  proposed_by: {
    name: 'Ada Lind',
    organisation: 'halcyon',
    role: 'developer-admin',
    at: '2026-11-27T00:05:00Z',
  },
  signatures: [],
  waits_on: 'nsa-admin of the government',
  difference: [{ field: 'state', from: 'active', to: 'revoked' }],
  effects: { ...effects, client_count: 7, clients: [{ id: 'client_1', name: 'batch' }], streams: 3 },
  effects_at: '2026-11-27T00:05:00Z',
  severe: false,
  expires_at: '2026-11-30T00:05:00Z',
  ended: null,
  entry: 'entry_9',
}

/** Records by path, each of version 7; what is changed is answered by `changed`. */
const serving =
  (records: Readonly<Record<string, unknown>>, changed: Answer = { body: decided }) =>
  ({ method, path }: Call): Answer => {
    if (method !== 'GET') return changed
    const found = records[path.replace('/api/v1', '').replace(/\?.*/, '')]
    return found === undefined ? { status: 404, body: {} } : { headers: { etag: '"7"' }, body: found }
  }
const changes = () =>
  answered()
    .filter(({ method }) => method !== 'GET')
    .map(({ method, path, body, headers }) => ({
      to: `${method} ${path.replace('/api/v1', '')}`,
      body: body === '' ? undefined : JSON.parse(body),
      version: headers['if-match'],
    }))

describe('a decision on a record', () => {
  const records = {
    '/partners/cedar': { id: 'cedar' },
    '/grants/grant_1': {
      id: 'grant_1',
      quota: [
        { shared: 'pool', limits: { total: 9, per_day: 9, rpm: 9, burst: 9, streams: 9 } },
        { shared: null, limits: { total: 100, per_day: 10, rpm: 6, burst: 2, streams: 4 } },
      ],
    },
    '/people/person_1': { id: 'person_1' },
    '/holds/hold_1': { id: 'hold_1' },
    '/models/aurora': { id: 'aurora' },
    '/appeals/appeal_1': { id: 'appeal_1' },
    '/organisations/cedar': { id: 'cedar' },
    '/agreements/agreement_1': { id: 'agreement_1' },
    '/rules': { version: 7 },
  }

  test.each([
    [['partner', 'vet', 'cedar'], 'POST /partners/cedar/vet', {}],
    [['partner', 'select', 'cedar'], 'POST /partners/cedar/select', {}],
    [['partner', 'activate', 'cedar'], 'POST /partners/cedar/activate', {}],
    [['partner', 'suspend', 'cedar', '--break-glass'], 'POST /partners/cedar/suspend', { break_glass: true }],
    [['partner', 'reinstate', 'cedar'], 'POST /partners/cedar/reinstate', {}],
    [['partner', 'revoke', 'cedar', '--confirm=cedar'], 'POST /partners/cedar/revoke', {}],
    [['partner', 'close', 'cedar', '--confirm=cedar'], 'POST /partners/cedar/close', {}],
    [
      ['grant', 'quota', 'grant_1', '--rpm', '3', '--per-day', 'none'],
      'POST /grants/grant_1/quota',
      { limits: { total: 100, rpm: 3, burst: 2, streams: 4 } },
    ],
    [
      ['grant', 'quota', 'grant_1', '--total', '2_000,000'],
      'POST /grants/grant_1/quota',
      { limits: { total: 2_000_000, per_day: 10, rpm: 6, burst: 2, streams: 4 } },
    ],
    [
      ['grant', 'continuity', 'grant_1', 'off'],
      'POST /grants/grant_1/continuity',
      { mission_continuity: false },
    ],
    [['grant', 'suspend', 'grant_1'], 'POST /grants/grant_1/suspend', {}],
    [['grant', 'revoke', 'grant_1', '--confirm=grant_1'], 'POST /grants/grant_1/revoke', {}],
    [['hold', 'lift', 'hold_1'], 'POST /holds/hold_1/lift', {}],
    [['hold', 'concur', 'hold_1'], 'POST /holds/hold_1/concur', {}],
    [
      ['person', 'roles', 'person_1', 'counsel', 'consultant'],
      'POST /people/person_1/roles',
      { roles: ['counsel', 'consultant'] },
    ],
    [['person', 'roles', 'person_1', '--none'], 'POST /people/person_1/roles', { roles: [] }],
    [['person', 'first-admin', 'person_1'], 'POST /people/person_1/first_admin', {}],
    [
      ['person', 'attributes', 'person_1', '--region', 'US-MD', '--until', '2027-01-01T00:00:00Z'],
      'POST /people/person_1/attributes',
      { region: { value: 'US-MD', expires_at: '2027-01-01T00:00:00Z' } },
    ],
    [
      ['person', 'confirm', 'person_1', '--sponsor', 'person_2'],
      'POST /people/person_1/confirm',
      { sponsor: 'person_2' },
    ],
    [['person', 'remove', 'person_1', '--confirm=person_1'], 'POST /people/person_1/remove', {}],
    [
      ['model', 'designate', 'aurora', '--determination', 'OFR-1', '--signer', 'The director'],
      'POST /models/aurora/designate',
      { determination: 'OFR-1', signer: 'The director' },
    ],
    [['model', 'open', 'aurora'], 'POST /models/aurora/open', {}],
    [['model', 'resume', 'aurora'], 'POST /models/aurora/resume', {}],
    [['model', 'change', 'aurora', '--name', 'A'], 'PATCH /models/aurora', { name: 'A' }],
    ...['offer', 'return', 'suspend', 'reinstate', 'resume', 'close'].map(
      verb =>
        [['agreement', verb, 'agreement_1'], `POST /agreements/agreement_1/${verb}`, {}] as [
          string[],
          string,
          object,
        ],
    ),
    [
      ['agreement', 'terminate', 'agreement_1', '--confirm=agreement_1'],
      'POST /agreements/agreement_1/terminate',
      {},
    ],
    [
      ['agreement', 'leave', 'agreement_1', '--confirm=agreement_1'],
      'POST /agreements/agreement_1/leave',
      {},
    ],
    [
      ['agreement', 'attest', 'agreement_1', '--attestation', 'All of it is shredded.'],
      'POST /agreements/agreement_1/attest',
      { text: 'All of it is shredded.' },
    ],
    [['appeal', 'uphold', 'appeal_1'], 'POST /appeals/appeal_1/uphold', {}],
    [['appeal', 'dismiss', 'appeal_1'], 'POST /appeals/appeal_1/dismiss', {}],
    [
      ['rules', 'change', '--proposal-hours', '48', '--fresh-minutes', '3'],
      'POST /rules/change',
      { rules: { proposal_hours: 48, fresh_minutes: 3 } },
    ],
    [
      [
        ...['org', 'provider', 'cedar', '--confirm=cedar', '--issuer', 'https://id.example'],
        ...['--client-id', 's', '--acr', 'phr', '--move', 'person_1=a=b', '--move', 'person_2=c'],
      ],
      'POST /organisations/cedar/provider',
      {
        provider: {
          issuer: 'https://id.example',
          client_id: 's',
          authentication: 'private_key_jwt',
          phishing_resistant: { acr: ['phr'], amr: [] },
        },
        moves: [
          { person: 'person_1', subject: 'a=b' },
          { person: 'person_2', subject: 'c' },
        ],
      },
    ],
  ])('%j is asked for on the version that was read', async (argv, to, params) => {
    gateway.reply = serving(records)
    expect(await cli(...argv, ...why)).toBe(0)
    expect(changes()).toEqual([{ to, body: { ...params, reason }, version: '"7"' }])
    expect(terminal.stdout).toContain('done       organisation cedar (Cedar County Hospital)')
  })

  test.each(['kill', 'release', 'withdraw'])('model %s waits for no version', async verb => {
    gateway.reply = serving({})
    const confirmed = verb === 'kill' ? [] : ['--confirm=aurora']
    expect(await cli('model', verb, 'aurora', ...confirmed, ...why)).toBe(0)
    expect(changes()).toEqual([{ to: `POST /models/aurora/${verb}`, body: { reason }, version: undefined }])
    expect(answered()).toHaveLength(1)
  })

  test('says what changed where somebody else was faster', async () => {
    gateway.answers.push(
      { headers: { etag: '"7"' }, body: { id: 'cedar', state: 'active', stop: null, version: 7 } },
      { status: 412, body: { code: 'version_stale', title: 'It has changed' } },
      { headers: { etag: '"8"' }, body: { id: 'cedar', state: 'suspended', stop: {}, version: 8 } },
    )
    expect(await cli('partner', 'close', 'cedar', '--confirm=cedar', ...why)).toBe(1)
    expect(terminal.stderr).toContain('state: active → suspended; stop; version: 7 → 8')
    expect(terminal.stderr).toContain('code     version_stale')
  })

  test('names whom it hits, counts the rest, and says what two people have to decide', async () => {
    const clients = Array.from({ length: 8 }, (_, i) => ({ id: `client_${i}`, name: `c${i}` }))
    gateway.reply = serving(records, {
      body: {
        ...decided,
        effects: { ...effects, clients, client_count: 1200, streams: 1, requests_per_day: 5000 },
        proposals: [{ id: 'proposal_1', action: 'grant.suspend', subject: { id: 'grant_1', name: 'A' } }],
        ratify_by: '2026-11-28T00:05:00.000Z',
      },
    })
    expect(await cli('partner', 'suspend', 'cedar', ...why)).toBe(0)
    expect(terminal.stdout).toContain('1,200 clients, ends 1 live stream, refuses 5,000 requests a day')
    expect(terminal.stdout).toContain('namely     c0, c1, c2, c3, c4, and 1,195 more')
    expect(terminal.stdout).toContain('proposed   grant.suspend of grant_1 (A): proposal_1\n')
    expect(terminal.stdout).toContain('ratify by  2026-11-28 00:05 UTC, by a second person\n')
    expect(terminal.stdout).toContain('they run   sallyport partner ratify cedar\n')
  })

  test('is refused with 5 where the agreement does not cover it', async () => {
    gateway.reply = serving(records, { status: 409, body: { code: 'ceiling_exceeded', title: 'Too much' } })
    expect(await cli('grant', 'quota', 'grant_1', '--total', '9', ...why)).toBe(5)
  })

  test.each(['../models/aurora?x#y', '..', '', 'Cedar Medical'])(
    'asks for no %j: it is no id',
    async given => {
      expect(await cli('partner', 'get', given)).toBe(2)
      expect(await cli('partner', 'suspend', given, ...why)).toBe(2)
      expect(await cli('proposal', 'approve', given)).toBe(2)
      expect(await cli('client', 'suspend', given, ...why)).toBe(2)
      expect(terminal.stderr).toContain('That is no id of a partner: one looks like cedar-medical.')
      expect(terminal.stderr).toContain('next     sallyport partner list\n')
      expect(gateway.calls).toEqual([])
    },
  )
})

describe('the rules of who-decides', () => {
  const nouns: Readonly<Record<string, string>> = { organisation: 'org', evidence: 'export' }
  /** Verbs that are called otherwise than their action; the others are called alike, with a dash for a line. */
  const verbs: Readonly<Record<string, string>> = { signing_key: 'sign-key', attach: 'add', export: 'create' }
  const command = (action: string) => {
    const [noun = '', verb = ''] = action.split('.')
    return createProgram(terminal)
      .program.commands.find(one => one.name() === (nouns[noun] ?? noun))
      ?.commands.find(one => one.name() === (verbs[verb] ?? verb.replaceAll('_', '-')))
  }
  /** Under another verb, or left to the gateway. */
  const apart: readonly string[] = [
    'organisation.webhooks',
    'person.reinstate_stopped',
    'client.reinstate_stopped',
    'grant.activate',
    'grant.suspend_continuing',
    'partner.revoke_released',
    'grant.activate_released',
    'appeal.lodge',
    'view.save',
    'view.remove',
  ]
  const actions = Object.keys(whoDecides).filter(name => !apart.includes(name)) as ActionName[]

  test.each(actions)(
    '%s: a command that asks for the id if it is severe, and stops alone if it stops',
    action => {
      const found = command(action)
      expect(found?.name()).toBeDefined()
      const options = found?.options.map(({ long }) => long)
      const { severe = false, stops = false } = ruleOf(action) as { severe?: boolean; stops?: boolean }
      expect({ severe: options?.includes('--confirm'), stops: options?.includes('--break-glass') }).toEqual({
        severe,
        stops,
      })
    },
  )
})

describe('a severe decision at a terminal', () => {
  beforeEach(() => {
    terminal.interactive = true
    gateway.reply = serving({ '/partners/cedar': {} }, { body: { ...decided, step: 'dry_run' } })
  })
  const revoke = (...more: string[]) => cli('partner', 'revoke', 'cedar', ...why, ...more)
  const dryRuns = () => changes().map(({ body }) => body.dry_run === true)

  test('shows what it would do, and is made once the id is typed', async () => {
    terminal.input = 'cedar\nand more'
    expect(await revoke()).toBe(0)
    expect(dryRuns()).toEqual([true, false])
    expect(terminal.stderr).toContain('dry run    organisation cedar')
    expect(terminal.stderr).toContain('Type cedar to do it: ')
  })

  test.each(['', '\n', 'ceda\n', 'y\n', 'yes cedar\n'])('is not made by %j', async typed => {
    terminal.input = typed
    expect(await revoke()).toBe(2)
    expect(dryRuns()).toEqual([true])
    expect(terminal.stderr).toContain('Repeat it with --confirm=cedar')
  })

  test('asks nobody with --no-input', async () => {
    terminal.input = 'cedar\n'
    expect(await revoke('--no-input')).toBe(2)
    expect(dryRuns()).toEqual([true])
    expect(terminal.stderr).not.toContain('Type cedar')
  })
})

describe('proposal', () => {
  const open = { '/proposals/proposal_1': proposal }
  const waiting = { ...open, '/proposals': { items: [proposal] } }
  const applied: Answer = { body: { ...proposal, state: 'applied', waits_on: null } }

  test('approve shows difference and effects, and signs the version that was shown', async () => {
    gateway.reply = serving(open, applied)
    expect(await cli('proposal', 'approve', 'proposal_1', '--yes')).toBe(0)
    expect(changes()).toEqual([{ to: 'POST /proposals/proposal_1/approve', body: {}, version: '"7"' }])
    for (const text of [
      'counted    as of 2026-11-27 00:05 UTC; counted anew with the last signature',
      'asks for   partner.revoke of organisation cedar (Cedar County Hospital)',
      'why        agreement_breach, entered by Ada Lind: “it was shared”',
      'changes    state: active → revoked',
      'hits       7 clients, ends 3 live streams, refuses 0 requests a day',
      'namely     batch, and 6 more',
    ])
      expect(terminal.stderr).toContain(text)
    expect(terminal.stdout).toContain('applied    partner.revoke of organisation cedar')
  })

  test('approve shows nothing with --yes and --quiet', async () => {
    gateway.reply = serving(open, applied)
    expect(await cli('proposal', 'approve', 'proposal_1', '--yes', '--quiet')).toBe(0)
    expect(terminal.stderr).toBe('')
  })

  test('approve ends with 3 where another signature is missing', async () => {
    gateway.reply = serving(open, { status: 202, body: proposal })
    expect(await cli('proposal', 'approve', 'proposal_1', '--yes')).toBe(3)
    expect(terminal.stdout).toContain('waits on   nsa-admin of the government')
  })

  test.each([
    ['y\n', 0],
    ['YES\n', 0],
    ['n\n', 2],
    ['\n', 2],
    ['', 2],
    ['yep\n', 2],
  ])('approve asks at a terminal: %j ends with %i', async (typed, ending) => {
    terminal.interactive = true
    terminal.input = typed
    gateway.reply = serving(waiting, applied)
    expect(await cli('proposal', 'approve', 'proposal_1')).toBe(ending)
    expect(changes()).toHaveLength(ending === 0 ? 1 : 0)
  })

  test('approve signs nothing unasked where nobody can be asked', async () => {
    gateway.reply = serving(waiting, applied)
    expect(await cli('proposal', 'approve', 'proposal_1')).toBe(2)
    expect(changes()).toEqual([])
    expect(terminal.stderr).toContain('Repeat it with --yes')
  })

  test.each([false, true])('approve asks nothing of whom it does not wait on (severe: %j)', async severe => {
    terminal.interactive = true
    terminal.input = 'y\n'
    gateway.reply = serving({ '/proposals': { items: [] }, '/proposals/proposal_1': { ...proposal, severe } })
    expect(await cli('proposal', 'approve', 'proposal_1')).toBe(5)
    expect(terminal.stderr).toBe(
      'error: It does not wait on you: you asked for it, have signed it, or hold no\n' +
        '       role that decides on it. It waits on nsa-admin of the government.\n' +
        '  code     signature_not_missing\n' +
        '  next     sallyport proposal get proposal_1\n',
    )
    expect(changes()).toEqual([])
  })

  test('approve of a severe one takes the id, and --yes is not enough', async () => {
    const severe = { '/proposals/proposal_1': { ...proposal, severe: true } }
    gateway.reply = serving({ ...waiting, ...severe }, applied)
    expect(await cli('proposal', 'approve', 'proposal_1', '--yes')).toBe(2)
    expect(await cli('proposal', 'approve', 'proposal_1', '--confirm=prairie')).toBe(2)
    expect(changes()).toEqual([])
    expect(await cli('proposal', 'approve', 'proposal_1', '--confirm=cedar')).toBe(0)
    expect(changes()).toHaveLength(1)
  })

  test('approve of one’s own is exit 5 with the gateway’s words', async () => {
    gateway.reply = serving(open, { status: 403, body: { code: 'own_proposal', title: 'Not your own' } })
    expect(await cli('proposal', 'approve', 'proposal_1', '--yes')).toBe(5)
    expect(terminal.stderr).toContain('code     own_proposal')
  })

  test('decline says why, and withdraw where a reason is given', async () => {
    gateway.reply = serving(open, { body: { ...proposal, state: 'declined' } })
    expect(await cli('proposal', 'decline', 'proposal_1', ...why)).toBe(0)
    expect(await cli('proposal', 'withdraw', 'proposal_1')).toBe(0)
    for (const verb of ['decline', 'withdraw'])
      expect(await cli('proposal', verb, 'proposal_1', '--text', 'no code')).toBe(2)
    expect(await cli('proposal', 'decline', 'proposal_1')).toBe(2)
    expect(terminal.stderr).toContain('error: Missing: --reason <code>, --text <words>.\n')
    expect(await cli('proposal', 'decline', 'proposal_1', '--reason', 'mood', '--text', 'x')).toBe(2)
    expect(terminal.stderr).toContain(
      'error: --reason <code>: it is one of security_incident, key_compromised,',
    )
    expect(terminal.stderr).toContain(
      'code     option_invalid\n  next     sallyport proposal decline --help\n',
    )
    expect(changes().map(({ body }) => body)).toEqual([{ reason }, {}])
  })

  test('list asks for the open ones, or those that wait on oneself', async () => {
    gateway.reply = serving({ '/proposals': { items: [proposal], next: null } })
    expect(await cli('proposal', 'list', '--mine')).toBe(0)
    expect(answered()[0]?.path).toBe('/api/v1/proposals?state=open&waits_on=me&limit=100')
    expect(terminal.stdout).toBe(
      [
        'proposal_1  open',
        '  partner.revoke of organisation cedar (Cedar County Hospital), asked by Ada',
        '  Lind',
        '  waits on nsa-admin of the government, until 2026-11-30 00:05 UTC',
        '',
      ].join('\n'),
    )
  })

  const about = (...ids: string[]) => ({
    ...Object.fromEntries(ids.map(id => [`/proposals/${id}`, { ...proposal, id }])),
    '/proposals': {
      items: [
        { ...proposal, id: 'proposal_0' },
        ...ids.map(id => ({ ...proposal, id, subject: { kind: 'grant', id: 'grant_1', name: 'A' } })),
      ],
      next: null,
    },
  })

  test('grant get and proposal get tell how a request ended, and how to appeal that', async () => {
    const appeal = "sallyport partner appeal entry_5 --text '…'"
    const reason = { code: 'requirements_not_met', text: 'no plan', reference: null, sealed: false }
    const ended = { how: 'timed_out', at: '2026-11-27T00:05:00Z', reason, entry: 'entry_5', appeal }
    gateway.reply = serving({
      '/grants/grant_1': { id: 'grant_1', state: 'expired', quota: [], ended },
      '/proposals/proposal_1': { ...proposal, state: 'declined', ended: { ...ended, by: { name: 'Nora' } } },
    })
    expect(await cli('grant', 'get', 'grant_1')).toBe(0)
    expect(terminal.stdout).toContain(
      'ended      timed out, 2026-11-27 00:05 UTC\n' +
        'why        requirements_not_met: “no plan”\n' +
        'entry      entry_5\n' +
        `appeal     once: ${appeal}\n`,
    )
    clear()
    expect(await cli('proposal', 'get', 'proposal_1')).toBe(0)
    expect(terminal.stdout).toContain(`appeal     once: ${appeal}\n`)
  })

  test('grant request names at once all that is missing', async () => {
    expect(await cli('grant', 'request', '--model', 'aurora', '--rpm', '6')).toBe(2)
    expect(terminal.stderr).toBe(
      'error: Missing: --agreement <id>, --expires <time>, --total <tokens>, --burst\n' +
        '       <n>, --streams <n>, --reason <code>, --text <words>.\n' +
        '  code     option_missing\n' +
        '  next     sallyport grant request --help\n',
    )
  })

  test('grant approve finds the one about the grant', async () => {
    gateway.reply = serving(about('proposal_2'), applied)
    expect(await cli('grant', 'approve', 'grant_1', '--yes')).toBe(0)
    expect(changes().map(({ to }) => to)).toEqual(['POST /proposals/proposal_2/approve'])
  })

  test('grant approve is 7 where there is none, and names them where there are several', async () => {
    gateway.reply = serving(about(), applied)
    expect(await cli('grant', 'approve', 'grant_1', '--yes')).toBe(7)
    gateway.reply = serving(about('proposal_2', 'proposal_3'), applied)
    expect(await cli('grant', 'approve', 'grant_1', '--yes')).toBe(2)
    expect(terminal.stderr).toContain('More than one change of grant_1 is proposed: proposal_2, proposal_3.')
    expect(changes()).toEqual([])
  })
})

describe('hold', () => {
  const dry: Answer = {
    body: {
      ...decided,
      step: 'dry_run',
      subject: { kind: 'hold', id: 'hold_made_up', name: 'client client_1', model: null },
      needs: 'nsa-admin of the government',
    },
  }

  test('preview changes nothing, asks for no reason, and names no hold', async () => {
    gateway.reply = serving({}, dry)
    expect(await cli('hold', 'preview', '--client', 'client_1', '--region', 'US')).toBe(0)
    expect(changes()[0]).toMatchObject({
      to: 'POST /holds',
      body: { scope: { client: 'client_1', region: 'US' }, dry_run: true },
    })
    expect(terminal.stdout).toContain('dry run    hold (client client_1)\n')
    expect(terminal.stdout).not.toContain('hold_made_up')
  })

  test('get and list tell a partner what it stops of theirs, and how to appeal it', async () => {
    const by = { name: 'Nora Quill', role: 'nsa-admin', organisation: 'ofr', at: '2026-11-27T00:00:00Z' }
    const hold = {
      id: 'hold_1',
      state: 'active',
      scope: { nationality: 'FR' },
      reason: { code: 'nationality_restriction', text: null, reference: null, sealed: true },
      placed_by: by,
      stop: {
        ...{ by, reason: null, entry: 'entry_7', ratify_by: '2026-11-28T00:00:00Z', ratified: null },
        appeal: "sallyport partner appeal entry_7 --text '…'",
      },
      effects: null,
      hit: { clients: 2, people: 1 },
    }
    const appeal = "once: sallyport partner appeal entry_7 --text '…'"
    gateway.reply = serving({ '/holds/hold_1': hold, '/holds': { items: [hold], next: null } })
    expect(await cli('hold', 'get', 'hold_1')).toBe(0)
    expect(terminal.stdout).toContain('stopped    of yours, when it was placed: 2 clients, 1 person\n')
    expect(terminal.stdout).toContain(`appeal     ${appeal}\n`)
    clear()
    expect(await cli('hold', 'list')).toBe(0)
    expect(terminal.stdout).toContain('  stopped of yours, when it was placed: 2 clients, 1 person\n')
    expect(terminal.stdout).toContain(`  appeal ${appeal}\n`)

    gateway.reply = serving({ '/holds/hold_1': { ...hold, state: 'lifted' } })
    clear()
    expect(await cli('hold', 'get', 'hold_1')).toBe(0)
    expect(terminal.stdout).not.toContain('appeal')
  })

  test('place names a scope and a reason', async () => {
    expect(await cli('hold', 'place', ...why)).toBe(2)
    expect(terminal.stderr).toContain('scope_missing')
    expect(await cli('hold', 'place', '--person', 'person_1')).toBe(2)
    expect(terminal.stderr).toContain('Missing: --reason <code>, --text <words>.')
    expect(answered()).toEqual([])
    gateway.reply = serving({})
    expect(await cli('hold', 'place', '--person', 'person_1', ...why)).toBe(2)
    expect(terminal.stderr).toContain('It names a case or an order of yours: --reference <id>.')
    expect(answered()).toEqual([])
    expect(await cli('hold', 'place', '--person', 'person_1', ...why, '--reference', 'case 7')).toBe(0)
    const wanted = { scope: { person: 'person_1' }, reason: { ...reason, reference: 'case 7' } }
    expect(changes()[0]).toMatchObject({ body: wanted })
    expect(await cli('hold', 'place', '--person', 'person_1', ...why, '--dry-run')).toBe(0)
  })
})

describe('what is made', () => {
  const me = { '/me': { organisation: { id: 'cedar' } } }

  test('partner nominate, person add, grant request, org register', async () => {
    gateway.reply = serving(me)
    const by = ['--developer', 'halcyon', '--government', 'ofr'] as const
    const limits = ['--total', '1000', '--rpm', '10', '--burst', '5', '--streams', '2'] as const
    await cli('partner', 'nominate', 'elm', '--name', 'Elm', '--sector', 'water', ...by, ...why)
    await cli('person', 'add', '--name', 'Ed', '--subject', 'sub', '--sponsor', 'person_2', ...why)
    await cli(
      ...['grant', 'request', '--model', 'aurora', '--agreement', 'agreement_1'],
      ...['--expires', '2027-01-01T00:00:00Z', ...limits, ...why],
    )
    await cli(
      'org',
      'register',
      'pine',
      '--name',
      'Pine',
      '--kind',
      'auditor',
      '--audits',
      'a',
      ...by,
      ...why,
    )
    const made = changes().map(({ to, body: { reason: _, ...body } }) => ({ to, body }))
    expect(made).toEqual([
      {
        to: 'POST /partners',
        body: { id: 'elm', name: 'Elm', sector: 'water', developer: 'halcyon', government: 'ofr' },
      },
      { to: 'POST /people', body: { name: 'Ed', subject: 'sub', sponsor: 'person_2' } },
      {
        to: 'POST /grants',
        body: {
          organisation: 'cedar',
          model: 'aurora',
          agreement: 'agreement_1',
          limits: { total: 1000, rpm: 10, burst: 5, streams: 2 },
          expires_at: '2027-01-01T00:00:00Z',
        },
      },
      {
        to: 'POST /organisations',
        body: {
          ...{ id: 'pine', name: 'Pine', kind: 'auditor', developer: 'halcyon', government: 'ofr' },
          audits: ['a'],
        },
      },
    ])
    for (const { headers } of answered().filter(({ method }) => method === 'POST'))
      expect(headers['idempotency-key']).toMatch(/^[0-9a-f-]{36}$/)
  })

  test('model engage takes JSON from a file or stdin', async () => {
    gateway.reply = serving({})
    const spec = { upstreams: { openai: {} }, tokens: { hidden_output: false } }
    const file = await terminal.file('spec.json', spec)
    const engage = [
      ...['model', 'engage', 'aurora', '--name', 'Aurora', '--government', 'ofr'],
      ...['--agreement', 'agreement_1'],
    ]
    expect(await cli(...engage, '--from', file, ...why)).toBe(0)
    expect(changes()[0]?.body).toEqual({
      ...spec,
      id: 'aurora',
      name: 'Aurora',
      government: 'ofr',
      agreement: 'agreement_1',
      reason,
    })
    terminal.input = JSON.stringify(spec)
    expect(await cli(...engage, '--from', '-', ...why)).toBe(0)
    expect(changes()[1]?.body).toEqual(changes()[0]?.body)
    writeFileSync(file, '[1]')
    expect(await cli(...engage, '--from', file, ...why)).toBe(2)
    expect(await cli(...engage, '--from', join(terminal.home, 'none'), ...why)).toBe(2)
    expect(changes()).toHaveLength(2)
  })

  test('partner appeal reads its words from stdin, and shows whom it waits on', async () => {
    gateway.reply = serving({}, { status: 201, body: { id: 'appeal_1', state: 'open', waits_on: 'both' } })
    expect(await cli('partner', 'appeal', 'entry_1')).toBe(2)
    terminal.input = 'It was our own test.\n'
    expect(await cli('partner', 'appeal', 'entry_1', '--text', '-')).toBe(0)
    expect(changes()).toMatchObject([
      { to: 'POST /appeals', body: { entry: 'entry_1', text: 'It was our own test.' } },
    ])
    expect(terminal.stdout).toContain('waits on   both')
  })

  test('a webhook of one’s own organisation, and what verifies it', async () => {
    gateway.reply = serving({
      ...me,
      '/organisations/cedar': { webhooks: [{ id: 'webhook_1', url: 'https://a.example' }] },
      '/organisations/cedar/webhooks/webhook_1/secret': { id: 'webhook_1', secret: 'whsec_hidden' },
    })
    expect(await cli('webhook', 'add', 'https://a.example', ...why)).toBe(0)
    expect(await cli('webhook', 'remove', 'webhook_1', ...why)).toBe(0)
    expect(changes()).toMatchObject([
      { to: 'POST /organisations/cedar/webhooks', body: { url: 'https://a.example', reason } },
      { to: 'POST /organisations/cedar/webhooks/webhook_1/remove', version: '"7"', body: { reason } },
    ])
    clear()
    const out = join(terminal.home, 'secret')
    expect(await cli('webhook', 'secret', 'webhook_1', '--out', out)).toBe(0)
    expect(terminal.stdout + terminal.stderr).not.toContain('whsec_hidden')
    expect(readFileSync(out, 'utf8')).toBe('whsec_hidden\n')
    expect((await stat(out)).mode & 0o777).toBe(0o600)
    expect(await cli('webhook', 'list')).toBe(0)
    expect(terminal.stdout).toBe('webhook_1  active\n  https://a.example\n')
  })
})

describe('what is read', () => {
  const list = (...items: unknown[]) => ({ items, next: null })

  test.each([
    [['partner', 'list'], '/partners'],
    [['grant', 'list'], '/grants'],
    [['hold', 'list'], '/holds'],
    [['proposal', 'list'], '/proposals'],
    [['org', 'list'], '/organisations'],
    [['person', 'list'], '/people'],
    [['model', 'list'], '/models'],
    [['agreement', 'list'], '/agreements'],
    [['appeal', 'list'], '/appeals'],
    [['inbox'], '/inbox'],
    [['request', 'list'], '/requests'],
    [['session', 'list'], '/me/sessions'],
  ])('%j says on stderr that it is empty, and prints [] as JSON', async (argv, path) => {
    gateway.reply = serving({ [path]: list() })
    expect(await cli(...argv)).toBe(0)
    expect(terminal.stdout).toBe('')
    expect(terminal.stderr).toMatch(/^[A-Z][^\n]+\.\n$/)
    expect(await cli(...argv, '--json')).toBe(0)
    expect(JSON.parse(terminal.stdout)).toEqual([])
  })

  const long = 'x'.repeat(63)
  const id = (kind: string) => `${kind}_${'0'.repeat(26)}`
  const shown = { id: id('any'), name: long, state: 'suspended', kind: 'developer' }
  test.each([
    [['person', 'list'], '/people', { ...shown, id: id('person'), roles: ['developer-admin', 'counsel'] }],
    [
      ['session', 'list'],
      '/me/sessions',
      { ...shown, id: id('session'), app: 'sallyport-console', current: true },
    ],
    [
      ['grant', 'list'],
      '/grants',
      { ...shown, id: id('grant'), organisation: 'prairie', model: 'aurora-preview' },
    ],
    [['org', 'list'], '/organisations', { ...shown, id: 'prairie' }],
    [['partner', 'list'], '/partners', { ...shown, id: 'prairie', sector: long }],
    [
      ['inbox'],
      '/inbox',
      { ...shown, at: '2026-11-27T00:05:00Z', text: 'a word '.repeat(40), entry: id('entry') },
    ],
    [['hold', 'list'], '/holds', { ...shown, id: id('hold'), scope: { client: id('client'), region: 'US' } }],
  ])('%j fits 80 columns', async (argv, path, row) => {
    const times = {
      used_at: '2026-11-27T00:05:00Z',
      ends_at: '2026-11-27T00:05:00Z',
      expires_at: '2027-11-27T00:05:00Z',
    }
    gateway.reply = serving({ [path]: list({ ...times, ...row }) })
    expect(await cli(...argv)).toBe(0)
    expect(terminal.stdout.length).toBeGreaterThan(0)
    for (const line of terminal.stdout.split('\n')) expect(line.length).toBeLessThanOrEqual(80)
  })

  test('words of others are quoted on one line, and end no quote of their own', async () => {
    const text = 'fine”\nentry      entry_fake\u001b[2K\u202e'
    gateway.reply = serving({
      '/partners/cedar': {
        id: 'cedar',
        stop: { by: { name: 'Ada Lind' }, reason: { code: 'other', text, sealed: false }, entry: 'entry_1' },
      },
    })
    expect(await cli('partner', 'get', 'cedar')).toBe(0)
    expect(terminal.stdout).toMatch(/entered by Ada Lind: “fine" \/ entry/)
    expect(terminal.stdout.match(/^entry /gm)).toHaveLength(1)
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
    expect(terminal.stdout).not.toMatch(/[\u001b\u202e]/)
  })

  test('sealed words are said to be sealed', async () => {
    const reason = { code: 'legal_order', text: null, reference: null, sealed: true }
    gateway.reply = serving({
      '/partners/cedar': { id: 'cedar', stop: { by: { name: 'Nora Quill' }, reason, entry: 'entry_1' } },
    })
    expect(await cli('partner', 'get', 'cedar')).toBe(0)
    expect(terminal.stdout).toContain('legal_order; the words are sealed')
  })

  test('inbox asks for no more than it shows', async () => {
    gateway.reply = serving({ '/inbox': { items: [{}, {}, {}], next: 'more' } })
    expect(await cli('inbox', '-n', '3', '--json')).toBe(0)
    expect(answered().map(({ path }) => path)).toEqual(['/api/v1/inbox?limit=3'])
  })

  test('one record as JSON is what the gateway says', async () => {
    gateway.reply = serving({ '/grants/grant_1': { id: 'grant_1', further: { a: 1 } } })
    expect(await cli('grant', 'get', 'grant_1', '--json')).toBe(0)
    expect(JSON.parse(terminal.stdout)).toEqual({ id: 'grant_1', further: { a: 1 } })
  })

  test('session end ends one’s own, or that of somebody one administers', async () => {
    gateway.reply = serving({}, { body: { id: 'session_1', entry: 'entry_1' } })
    expect(await cli('session', 'end', 'session_1')).toBe(0)
    expect(await cli('session', 'end', 'session_1', '--person', 'person_2')).toBe(0)
    expect(changes().map(({ to }) => to)).toEqual([
      'POST /me/sessions/session_1/end',
      'POST /people/person_2/sessions/session_1/end',
    ])
  })
})

describe('models and entries', () => {
  const entry = {
    eid: 'entry_1',
    digest: 'd',
    body: {
      time: Date.UTC(2026, 10, 27),
      comment: 'as agreed',
      actor: { user: { name: 'Nora Quill' } },
      entity: { type: 'organisation', name: 'Cedar' },
      unmapped: { kind: 'decision', action: 'partner.select', decision: 'applied' },
    },
  }

  test('are the person’s who is signed in, where no profile is named', async () => {
    gateway.reply = serving({ '/entries': { items: [entry], next: null } })
    expect(await cli('log', 'tail', '--decided')).toBe(0)
    expect(answered()[0]?.path).toBe('/api/v1/entries?limit=100&by=us')
    expect(answered()[0]?.token.sub).toBe('person_1')
    expect(terminal.stdout).toBe(
      [
        '2026-11-27 00:00:00 UTC  partner.select, applied',
        '  by Nora Quill, about organisation Cedar',
        '  entered by Nora Quill: “as agreed”',
        '  entry_1',
        '',
      ].join('\n'),
    )
  })

  test('are the client’s whose profile is named, and those of a person where it holds none', async () => {
    gateway.reply = serving({ '/models': { items: [], next: null } })
    const { kid, ...key } = gateway.clientKey
    const own = { issuer: gateway.issuer, client_id: gateway.clientId, kid, key }
    const client = await terminal.file('client.json', own)
    const issuerOnly = await terminal.file('issuer.json', { issuer: gateway.issuer })
    expect(await cli('--profile', client, 'model', 'list')).toBe(0)
    expect(await cli('--profile', issuerOnly, 'model', 'list')).toBe(0)
    expect(answered().map(({ token }) => token.sub)).toEqual([gateway.clientId, 'person_1'])
  })
})
