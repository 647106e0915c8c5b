/** What commands say to people beside what they do: whose it is, what is next, and what was wrong with what they gave. */
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { clauseTerms } from '../../../client/cli/clause-terms.ts'
import { modelFile } from '../../../client/cli/model-file.ts'
import { createProgram, run } from '../../../client/cli/program.ts'
import { tokensBody, upstreamsBody } from '../../../functions/api/shapes/model.ts'
import { templates } from '../../../shared/agreements/templates.ts'
import type { Answer, Call, FakeGateway } from './fake-gateway.ts'
import type { RecordedTerminal } from './recorded-terminal.ts'
import { signedIn } from './signed-in.ts'

let gateway: FakeGateway
let terminal: RecordedTerminal
beforeEach(async () => {
  ;({ gateway, terminal } = await signedIn())
  gateway.reply = serving({})
})
afterEach(() => gateway.stop())

const cli = (...argv: string[]): Promise<number> => run(['--endpoint', gateway.issuer, ...argv], terminal)
function clear(): void {
  gateway.calls.length = 0
  terminal.stdout = ''
  terminal.stderr = ''
}
const why = ['--reason', 'request', '--text', 'as agreed'] as const
const id = 'agreement_5aesfvr6ahgd79gey2aj1jye76'
const me = { person: { id: 'person_1', name: 'Ada Lind' }, organisation: { id: 'halcyon' }, roles: [] }
const decided: Answer = {
  body: { step: 'applied', subject: { kind: 'person', id: 'person_1', name: 'Ada Lind' }, entry: 'entry_1' },
}

const serving =
  (records: Readonly<Record<string, unknown>>, changed: Answer = decided) =>
  ({ method, path }: Call): Answer => {
    if (method !== 'GET') return changed
    const found = { '/me': me, ...records }[path.replace('/api/v1', '').replace(/\?.*/, '')]
    return found === undefined ? { status: 404, body: {} } : { headers: { etag: '"7"' }, body: found }
  }
const changes = () =>
  gateway.calls
    .filter(({ method, proof }) => method !== 'GET' && proof.nonce === gateway.nonce)
    .map(({ path, body }) => ({ path: path.replace('/api/v1', ''), body: JSON.parse(body || 'null') }))
const plain = (text: string): string => text.replaceAll(/\s+/g, ' ')

describe('me', () => {
  const people = { '/people/person_1': { id: 'person_1', state: 'active' } }

  test.each([
    [['person', 'suspend', 'me', ...why], '/people/person_1/suspend'],
    [['person', 'roles', 'me', '--none', ...why], '/people/person_1/roles'],
    [['person', 'attributes', 'me', '--region', 'FR', '--until', '2027-06-01T00:00:00Z', ...why]],
    [['person', 'remove', 'me', '--confirm', 'person_1', ...why], '/people/person_1/remove'],
    [['person', 'ratify', 'me'], '/people/person_1/ratify'],
  ])('is whoever is signed in: %j', async (argv, path = '/people/person_1/attributes') => {
    gateway.reply = serving(people)
    expect(await cli(...argv)).toBe(0)
    expect(changes()).toMatchObject([{ path }])
  })

  test('is shown, as a sponsor is named, and in a scope', async () => {
    gateway.reply = serving({ ...people, '/clients/client_1': { id: 'client_1' } })
    expect(await cli('person', 'get', 'me')).toBe(0)
    expect(terminal.stdout).toContain('person     person_1\n')
    expect(await cli('client', 'confirm', 'client_1', '--sponsor', 'me', ...why)).toBe(0)
    expect(await cli('hold', 'place', '--person', 'me', '--reference', 'T-1', ...why)).toBe(0)
    expect(changes()).toMatchObject([
      { path: '/clients/client_1/confirm', body: { sponsor: 'person_1' } },
      { path: '/holds', body: { scope: { person: 'person_1' } } },
    ])
  })

  test('asks nothing where nobody says it', async () => {
    gateway.reply = serving({ '/people/person_2': { id: 'person_2' } })
    expect(await cli('person', 'get', 'person_2')).toBe(0)
    expect(gateway.calls.map(({ path }) => path)).not.toContain('/api/v1/me')
  })

  test('sign-key list shows the own keys, and since when', async () => {
    const kid = 'k'.repeat(43)
    const key = { kid, registered_at: '2026-11-27T08:00:00Z', ended_at: null }
    gateway.reply = serving({ '/people/person_1': { signing_keys: [key] } })
    expect(await cli('person', 'sign-key', 'list')).toBe(0)
    expect(terminal.stdout).toMatch(new RegExp(`^KEY +SINCE .*\\n${kid}  2026-11-27 08:00 +-\\n$`))
  })
})

describe('records', () => {
  test('a client is shown with all that is vouched for', async () => {
    const claim = (value: string) => ({ value, expires_at: '2027-06-01T00:00:00Z', by: 'person_2' })
    const attributes = { nationality: claim('FR'), region: claim('FR-75'), screening: claim('HR-1') }
    gateway.reply = serving({ '/clients/client_1': { id: 'client_1', attributes } })
    expect(await cli('client', 'get', 'client_1')).toBe(0)
    for (const line of ['nationality FR until', 'region     FR-75 until', 'screening  HR-1 until'])
      expect(terminal.stdout).toContain(`${line} 2027-06-01 00:00 UTC, by the word of person_2\n`)
  })

  test('a model was created, and is not since then what it is now', async () => {
    const model = { id: 'aurora', state: 'withdrawn', created_at: '2026-11-27T00:00:00Z' }
    gateway.reply = serving({ '/models/aurora': model })
    expect(await cli('model', 'get', 'aurora')).toBe(0)
    expect(terminal.stdout).toContain('created    2026-11-27 00:00 UTC\n')
    expect(terminal.stdout).not.toContain('since')
  })

  test.each([
    ['halcyon', 'cedar'],
    ['cedar', 'halcyon'],
    ['ofr', 'cedar'],
  ])('the list of agreements shows %s the other side', async (own, other) => {
    gateway.reply = serving({
      '/me': { ...me, organisation: { id: own } },
      '/agreements': { items: [{ id, developer: 'halcyon', counterparty: 'cedar', state: 'effective' }] },
    })
    expect(await cli('auth', 'login')).toBe(0)
    expect(await cli('agreement', 'list')).toBe(0)
    expect(terminal.stdout).toMatch(new RegExp(`${id}  ${other} +effective`))
  })

  test('a version was in force until the next one, and the last until the end', async () => {
    const version = (terms_version: number, effective_at: string | null) => ({
      ...{ terms_version, effective_at, digest: `digest-${terms_version}`, signatures: [] },
    })
    const items = [
      version(4, null),
      version(3, '2026-11-20T00:00:00Z'),
      version(2, '2026-11-10T00:00:00Z'),
      version(1, '2026-11-01T00:00:00Z'),
    ]
    const said = async (agreement: object): Promise<readonly string[]> => {
      clear()
      gateway.reply = serving({ [`/agreements/${id}`]: agreement, [`/agreements/${id}/versions`]: { items } })
      expect(await cli('agreement', 'versions', id)).toBe(0)
      return terminal.stdout.split('\n').flatMap(line => /^ {2}(.*), signed/.exec(line)?.[1] ?? [])
    }
    const earlier = [
      'in force from 2026-11-10 00:00 UTC to 2026-11-20 00:00 UTC',
      'in force from 2026-11-01 00:00 UTC to 2026-11-10 00:00 UTC',
    ]
    expect(await said({ state: 'effective', ended: null })).toEqual([
      ...['not in force yet', 'in force since 2026-11-20 00:00 UTC'],
      ...earlier,
    ])
    expect(await said({ state: 'terminated', ended: { at: '2026-11-25T00:00:00Z' } })).toEqual([
      ...['never in force', 'in force from 2026-11-20 00:00 UTC to 2026-11-25 00:00 UTC'],
      ...earlier,
    ])
  })

  test.each([
    [
      { kind: 'access', ended: ending('cedar') },
      'left by Priya Nair (partner-admin of cedar), 2026-11-25 00:00 UTC',
    ],
    [
      { kind: 'access', ended: ending('halcyon') },
      'terminated by Priya Nair (partner-admin of halcyon), 2026',
    ],
    [{ kind: 'engagement', ended: ending('halcyon') }, 'left by Priya Nair'],
    [
      { kind: 'access', ended: { how: 'expired', at: '2026-11-25T00:00:00Z' } },
      'expired, 2026-11-25 00:00 UTC',
    ],
  ])('an agreement says by whom it has ended', async (agreement, text) => {
    gateway.reply = serving({ [`/agreements/${id}`]: { id, counterparty: 'cedar', ...agreement } })
    expect(await cli('agreement', 'get', id)).toBe(0)
    expect(plain(terminal.stdout)).toContain(`ended ${text}`)
  })

  test('a proposal says what it changes once, before it is signed, and at the end where that was not shown', async () => {
    const proposal = {
      ...{
        id: 'proposal_1',
        state: 'open',
        action: 'grant.quota',
        subject: { kind: 'grant', id: 'grant_1' },
      },
      difference: [{ field: 'state', from: 'active', to: 'suspended' }],
    }
    gateway.reply = serving(
      { '/proposals/proposal_1': proposal },
      { body: { ...proposal, state: 'applied' } },
    )
    const times = () => (terminal.stderr + terminal.stdout).split('state: active → suspended').length - 1
    expect(await cli('proposal', 'approve', 'proposal_1', '--yes')).toBe(0)
    expect(times()).toBe(1)
    clear()
    expect(await cli('proposal', 'approve', 'proposal_1', '--yes', '--quiet')).toBe(0)
    expect(times()).toBe(1)
  })
})

function ending(organisation: string): object {
  const by = { name: 'Priya Nair', role: 'partner-admin', organisation, at: '2026-11-25T00:00:00Z' }
  return { how: 'terminated', at: by.at, by, reason: null, entry: 'entry_2' }
}

describe('the log', () => {
  const at = Date.UTC(2026, 10, 27, 9, 0, 10)
  const entry = (body: { readonly unmapped: object; readonly [field: string]: unknown }) => ({
    eid: 'entry_1',
    digest: 'd',
    body: { time: at, ...body },
  })
  const enrolled = entry({
    actor: { app_name: 'enrolment' },
    entity: { type: 'client', uid: 'client_1', name: 'batch' },
    unmapped: {
      ...{ kind: 'decision', action: 'client.ticket', decision: 'applied', rules: 3, auth_time: at },
      params: { used: 'enrolled', kid: 'kid_1', alg: 'ES256', person: 'person_9' },
      difference: [{ field: 'state', from: null, to: 'enrolled' }],
    },
  })

  test('a ticket that is used reads as an enrolment, by the machine', async () => {
    gateway.reply = serving({ '/entries': { items: [enrolled], next: null } })
    expect(await cli('log', 'tail')).toBe(0)
    expect(terminal.stdout).toBe(
      '2026-11-27 09:00:10 UTC  client.enrol, applied\n' +
        '  by its machine, with a ticket of person_9, about client batch\n' +
        '  entry_1\n',
    )
  })

  test('what has no words has no line of them', async () => {
    const opinion = entry({
      actor: { user: { name: 'Cora' } },
      comment: '',
      unmapped: { kind: 'decision', action: 'opinion.add', decision: 'applied' },
    })
    gateway.reply = serving({ '/entries': { items: [opinion], next: null } })
    expect(await cli('log', 'tail')).toBe(0)
    expect(terminal.stdout).toBe('2026-11-27 09:00:10 UTC  opinion.add, applied\n  by Cora\n  entry_1\n')
  })

  test('get tells one entry whole, and moves no cursor', async () => {
    const hostile = {
      ...enrolled,
      withheld: ['comment'],
      body: { ...enrolled.body, unmapped: { ...enrolled.body.unmapped, note: 'x\u001b[2K' } },
      sentence: 'The client batch was enrolled.',
      view: { index: 45 },
      correlated: [{ eid: 'entry_2', sentence: 'A ticket was made for it.' }],
    }
    gateway.reply = serving({ '/entries/entry_1': hostile })
    expect(await cli('log', 'get', 'entry_1')).toBe(0)
    for (const line of [
      'entry      entry_1\n',
      'time       2026-11-27 09:00:10 UTC\n',
      'what       client.enrol, applied\n',
      'about      client batch, client_1\n',
      'with       used: enrolled\n           kid: kid_1\n',
      'changes    state: nothing → enrolled\n',
      'rules: 3\n',
      'auth time: 2026-11-27 09:00:10 UTC\n',
      'note: x\ufffd[2K\n',
      'withheld   from you: comment\n',
      'says       The client batch was enrolled.\n',
      'place      45 in the tree\n',
      'also       entry_2: A ticket was made for it.\n',
    ])
      expect(terminal.stdout).toContain(line)
    clear()
    expect(await cli('--json', 'log', 'get', 'entry_1')).toBe(0)
    expect(JSON.parse(terminal.stdout)).toEqual(hostile)
  })
})

describe('what is wrong', () => {
  test('with a file says which code it is and what to do, everywhere', async () => {
    const missing = join(terminal.home, 'none.json')
    const model = ['--name', 'A', '--government', 'ofr', '--agreement', id]
    for (const argv of [
      ['agreement', 'draft', id, '--from', missing, ...why],
      ['model', 'engage', 'aurora', ...model, '--from', missing, ...why],
      ['review', 'certify', 'review_1', '--from', missing, ...why],
      ['finding', 'resolve', 'finding_1', '--from', missing],
      ['opinion', 'add', 'aurora', '--from', missing],
    ]) {
      clear()
      expect(await cli(...argv), argv.join(' ')).toBe(2)
      expect(terminal.stderr).toMatch(/could not be read\s+\(ENOENT\)/)
      expect(terminal.stderr).toContain('code     file_unreadable\n  next     Name a file')
    }
    clear()
    const list = await terminal.file('list.json', '[]')
    expect(await cli('model', 'engage', 'aurora', ...model, '--from', list, ...why)).toBe(2)
    expect(terminal.stderr).toContain('code     file_malformed\n  next     ')
  })

  test('with a field is said by its name, where the sentence does not have it', async () => {
    const refused = (detail: string): Answer => ({
      status: 400,
      body: {
        code: 'body_malformed',
        title: 'No',
        detail,
        errors: [{ path: 'clauses[quota-1].terms', message: 'x' }],
      },
    })
    gateway.reply = serving({}, refused('it is too much'))
    expect(
      await cli('partner', 'nominate', 'x-y', '--name', 'X', '--developer', 'h', '--government', 'o', ...why),
    ).toBe(1)
    expect(terminal.stderr).toContain('  field    clauses[quota-1].terms\n')
    clear()
    gateway.reply = serving({}, refused('clauses[quota-1].terms: it is too much'))
    expect(
      await cli(
        '--json',
        'partner',
        'nominate',
        'x-y',
        '--name',
        'X',
        '--developer',
        'h',
        '--government',
        'o',
        ...why,
      ),
    ).toBe(1)
    expect(JSON.parse(terminal.stderr).error.field).toBe('clauses[quota-1].terms')
  })

  test('with an id is said in English', async () => {
    expect(await cli('agreement', 'get', '../x')).toBe(2)
    expect(plain(terminal.stderr)).toContain('That is no id of an agreement: one looks like agreement_')
  })
})

describe('a purpose that the agreement does not register', () => {
  const refused = (): Answer => ({
    status: 400,
    body: {
      ...{ error: 'invalid_request', error_description: 'The agreement registers: research.' },
      sallyport: {
        code: 'purpose_not_registered',
        next: 'Request a token for one of the purposes.',
        clause: 'c',
      },
    },
  })
  const ofClient = async (...argv: string[]) => {
    clear()
    const { issuer, clientId: client_id, clientKey: key } = gateway
    const profile = { issuer, client_id, kid: key.kid, key, model: 'aurora', purpose: 'nosuch' }
    const path = await terminal.file('.config/sallyport/default.json', profile)
    return { path, code: await run(argv, terminal) }
  }

  test('is said with the file of the profile, by a token, a call and the check of the setup', async () => {
    for (const argv of [['token', 'issue'], ['curl', '/openai/v1/models'], ['doctor']]) {
      gateway.tokenAnswers.push(refused(), refused())
      const { path, code } = await ofClient(...argv)
      gateway.tokenAnswers.length = 0
      const said = plain(terminal.stdout + terminal.stderr).replaceAll('\\"', '"')
      if (argv[0] !== 'curl') expect(code, argv[0]).not.toBe(0)
      expect(said, argv[0]).toContain(`The profile ${path} asks for "nosuch": change the "purpose" there`)
    }
  })

  test('and the profile is not at fault where the command names one', async () => {
    gateway.tokenAnswers.push(refused())
    const { path, code } = await ofClient('token', 'issue', '--purpose', 'other')
    expect(code).toBe(5)
    expect(terminal.stderr).toContain('next     Request a token for one of the purposes.')
    expect(terminal.stderr).not.toContain(path)
  })
})

describe('help', () => {
  const helpOf = (...path: readonly string[]): string => {
    let command = createProgram(terminal).program
    for (const name of path) command = command.commands.find(one => one.name() === name) ?? command
    command.outputHelp()
    return terminal.stdout
  }

  test('of engaging a model has a file that the API takes', () => {
    expect(upstreamsBody.safeParse(modelFile.upstreams).error).toBeUndefined()
    expect(tokensBody.safeParse(modelFile.tokens).error).toBeUndefined()
    const help = helpOf('model', 'engage')
    expect(help).toContain('"credential": "aurora-openai"')
    for (const line of help.split('\n')) expect(line.length, line).toBeLessThanOrEqual(80)
  })

  test('of clauses names every term that a template has', () => {
    for (const { clauses } of templates)
      for (const { kind, terms } of clauses)
        for (const name of Object.keys(terms))
          expect(clauseTerms[kind].map(line => line.split(':')[0])).toContain(name)
  })

  test('agreement clauses prints the terms below their kind', async () => {
    gateway.reply = serving({
      '/clauses': {
        items: [{ kind: 'destruction', title: 'D', enforcement: 'evidenced', by: 'By.', shows: null }],
      },
    })
    expect(await cli('agreement', 'clauses')).toBe(0)
    expect(terminal.stdout).toBe(
      'destruction  D, evidenced\n  By.\n  - days: from the end of the agreement to the attestation\n',
    )
  })
})
