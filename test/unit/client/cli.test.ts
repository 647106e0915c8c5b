import { readFile, stat } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { run } from '../../../client/cli/program.ts'
import { FakeGateway, refusal } from './fake-gateway.ts'
import { RecordedTerminal } from './recorded-terminal.ts'

let server: FakeGateway
let terminal: RecordedTerminal

beforeEach(async () => {
  server = await new FakeGateway().start()
  terminal = new RecordedTerminal()
  const { clientKey: key, clientId, issuer } = server
  await terminal.file('.config/sallyport/default.json', { issuer, client_id: clientId, kid: key.kid, key })
})
afterEach(() => server.stop())

const sallyport = (...argv: string[]) => run(argv, terminal)

const quota = {
  model: 'aurora',
  grant: 'grant_1',
  agreement: 'agreement_1',
  state: 'open',
  limits: { total: 50_000, per_day: null, rpm: 60, burst: 10, streams: 4 },
  remaining: 40_000,
  used: 9_000,
  reserved: 1_000,
  streams_in_use: 1,
  day_used: 9_000,
  binding: 'streams_exhausted',
  expires_at: '2027-01-01T00:00:00Z',
}

const problem = (status: number, code: string) => ({
  status,
  body: {
    title: 'It was refused',
    status,
    code,
    detail: 'For a reason.',
    next: 'Ask.',
    request_id: 'request_2',
  },
})

describe('exit codes', () => {
  it('0 and data on stdout alone', async () => {
    server.reply = () => ({ body: { quota: [quota] } })
    expect(await sallyport('quota')).toBe(0)
    expect(terminal.stdout).toBe(
      'MODEL   STATUS              TOTAL   USED  RESERVED  REMAINING  STREAMS\n' +
        'aurora  streams_exhausted  50,000  9,000     1,000     40,000        1\n',
    )
    expect(terminal.stderr).toBe('')
  })

  it('1 when the gateway fails or does not answer', async () => {
    server.answers.push(problem(503, 'store_unavailable'))
    expect(await sallyport('quota')).toBe(1)
    expect(await sallyport('quota', '--endpoint', 'http://127.0.0.1:2')).toBe(1)
    expect(terminal.stderr).toContain('Nobody answers at http://127.0.0.1:2 (ECONNREFUSED).')
    expect(terminal.stderr).toMatch(/code {5}gateway_unreachable\n {2}next .*npm start/)
  })

  it('1 where there is another gateway than meant, or none', async () => {
    const localhost = server.issuer.replace('127.0.0.1', 'localhost')
    expect(await sallyport('quota', '--endpoint', localhost)).toBe(1)
    expect(terminal.stderr).toMatch(`The gateway at ${localhost} calls itself\n       ${server.issuer}.`)
    expect(terminal.stderr).toContain('code     issuer_mismatch')
    for (const status of [200, 401, 404]) {
      terminal.stderr = ''
      const other = createServer((_, response) => response.writeHead(status).end('<p>Hello</p>'))
      await new Promise<void>(resolve => other.listen(0, '127.0.0.1', resolve))
      const endpoint = `http://127.0.0.1:${(other.address() as AddressInfo).port}`
      const token = await server.sign({})
      expect(await sallyport('quota', '--endpoint', endpoint)).toBe(1)
      expect(await sallyport('token', 'inspect', token, '--verify', '--endpoint', endpoint)).toBe(1)
      expect(terminal.stderr.match(/There is no Sallyport at/g)).toHaveLength(2)
      expect(terminal.stderr).toContain('code     gateway_missing')
      other.closeAllConnections()
      await new Promise(resolve => other.close(resolve))
    }
  })

  it('1 when the connection is lost in the middle of an answer', async () => {
    server.reply = (_, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      response.write('data: 1\n\n', () => response.destroy())
      return undefined
    }
    expect(await sallyport('curl', '/openai/v1/models')).toBe(1)
    expect(terminal.stderr).toContain('The connection to the gateway broke off')
  })

  it('2 for a command line that is wrong, whose values are not repeated', async () => {
    for (const argv of [
      ['frobnicate'],
      ['quota', '--output', 'xml'],
      ['log', 'tail', '-n', '0'],
      ['log', 'get'],
      ['token', 'issue', '--key={"d":"it\'s-secret"}'],
      ['curl', '/api/v1/me', '-H', 'secret'],
      ['curl', 'https://gate.example/openai/v1/models'],
      ['quota', '--endpoint', 'http://gate.example'],
      ['token', 'inspect', 'secret.secret.secret'],
      ['token', 'revoke', 'secret'],
    ]) {
      terminal.stderr = ''
      expect(await sallyport(...argv), argv.join(' ')).toBe(2)
      expect(terminal.stderr).toMatch(/^error: /)
      expect(terminal.stderr).not.toContain('secret')
    }
    expect(server.requests).toEqual([])
  })

  it('2 with what was probably meant, in one line', async () => {
    expect(await sallyport('quotas')).toBe(2)
    expect(terminal.stderr).toBe(
      "error: unknown command 'quotas' (Did you mean quota?)\n  code     command_unknown\n  next     sallyport --help\n",
    )
  })

  it('2 with what an option or argument takes, and not what was given', async () => {
    for (const [argv, told, next] of [
      [['quota', '--output', 'secret'], '--output <format>: it is one of table, jsonl, csv', 'quota'],
      [['log', 'tail', '-n', 'secret'], '-n, --lines <count>: It is a number from 1 to 10,000.', 'log tail'],
      [
        ['grant', 'continuity', 'g', 'secret', '--reason', 'other', '--text', 'x'],
        '<on|off>: it is one of on, off',
        'grant continuity',
      ],
      [['--profile', 'grant', 'quota', 'a', 'secret'], 'Too many arguments: it takes 1.', 'quota'],
    ] as const) {
      terminal.stderr = ''
      expect(await sallyport(...argv)).toBe(2)
      expect(terminal.stderr).toContain(`error: ${told}`)
      expect(terminal.stderr).toContain(`next     sallyport ${next} --help\n`)
      expect(terminal.stderr).not.toContain('secret')
    }
  })

  it('2 with the help where the command is missing', async () => {
    expect(await sallyport('token')).toBe(2)
    expect(terminal.stderr).toContain('Usage: sallyport token')
    expect(await sallyport('token', '--help')).toBe(0)
    expect(terminal.stdout).toContain('Usage: sallyport token')
  })

  it('4 without credentials, and with those that cannot sign or that nobody knows', async () => {
    expect(await sallyport('quota', '--profile', 'nobody')).toBe(4)
    const key = { ...server.clientKey, d: 'c2VjcmV0' }
    const profile = { issuer: server.issuer, client_id: 'c', kid: 'k', key }
    expect(await sallyport('curl', '/api/v1/me', '--profile', await terminal.file('bad.json', profile))).toBe(
      4,
    )
    for (const code of ['profile_missing', 'profile_invalid'])
      expect(terminal.stderr).toMatch(new RegExp(`code {5}${code}\n {2}next {5}`))
    terminal.stderr = ''
    const exposed = await terminal.file('exposed.json', profile, 0o644)
    expect(await sallyport('quota', '--profile', exposed)).toBe(4)
    expect(terminal.stderr).toContain(`  code     file_exposed\n  next     chmod 600 ${exposed}\n`)
    expect(server.requests).toEqual([])
    server.tokenAnswers.push({
      status: 401,
      body: { error: 'invalid_client', error_description: 'Unknown.' },
    })
    expect(await sallyport('quota')).toBe(4)
  })

  it('5 by policy, of the token service or of the gateway', async () => {
    server.tokenAnswers.push(
      { status: 400, body: { error: 'invalid_target', error_description: 'No grant.' } },
      { status: 400, body: { error: 'invalid_request', sallyport: { code: 'purpose_not_registered' } } },
      { status: 400, body: { error: 'invalid_request', error_description: 'Twice.' } },
    )
    expect(await sallyport('quota')).toBe(5)
    expect(await sallyport('quota')).toBe(5)
    expect(await sallyport('quota')).toBe(1)
    server.answers.push(problem(403, 'client_suspended'))
    expect(await sallyport('quota')).toBe(5)
  })

  it('7 for what is not there', async () => {
    server.answers.push(problem(404, 'entry_unknown'), { body: { quota: [quota] } })
    expect(await sallyport('log', 'get', 'entry_1')).toBe(7)
    expect(await sallyport('quota', 'borealis')).toBe(7)
  })

  it('130 when it is interrupted, with what was printed until then', async () => {
    server.reply = (_, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      response.write('data: 1\n\n', () => terminal.interruption.abort())
      return undefined
    }
    expect(await sallyport('curl', '/openai/v1/models')).toBe(130)
    expect(terminal.stderr).toBe('')
  })
})

describe('an error', () => {
  it('is one block: what happened, the code, the next step, the request', async () => {
    server.answers.push(problem(403, 'client_suspended'))
    await sallyport('quota')
    expect(terminal.stderr).toBe(
      'error: It was refused. For a reason.\n' +
        '  code     client_suspended\n' +
        '  next     Ask.\n' +
        '  request  request_2\n',
    )
    expect(terminal.stdout).toBe('')
  })

  it('is one JSON object with --json', async () => {
    server.answers.push(problem(403, 'client_suspended'))
    await sallyport('quota', '--json')
    expect(JSON.parse(terminal.stderr)).toEqual({
      error: {
        message: 'It was refused. For a reason.',
        code: 'client_suspended',
        next: 'Ask.',
        request_id: 'request_2',
        exit: 5,
      },
    })
  })

  it('obeys nothing that a server put into it', async () => {
    server.answers.push({ status: 403, body: { title: 'a\u001b[2Jb', code: 'c\nd' } })
    await sallyport('quota')
    expect(terminal.stderr).toBe('error: a\ufffd[2Jb.\n  code     c\ufffdd\n')
  })
})

describe('lists', () => {
  const models = [
    { id: 'aurora', name: '=A', state: 's', open: true, developer: 'd', protocols: ['openai', 'anthropic'] },
  ]
  beforeEach(() => {
    server.reply = () => ({ body: { items: models, next: null } })
  })

  it('come as a table, as lines of JSON, as CSV, and as one JSON value', async () => {
    await sallyport('model', 'list')
    await sallyport('model', 'list', '--output', 'jsonl')
    await sallyport('--output', 'csv', 'model', 'list')
    expect(terminal.stdout).toBe(
      'ID      NAME  STATE  OPEN  DEVELOPER  PROTOCOLS\naurora  =A    s      yes   d          openai anthropic\n' +
        `${JSON.stringify(models[0])}\n` +
        "id,name,state,open,developer,protocols\r\naurora,'=A,s,yes,d,openai anthropic\r\n",
    )
    terminal.stdout = ''
    await sallyport('model', 'list', '--json')
    expect(JSON.parse(terminal.stdout)).toEqual(models)
  })
})

describe('token', () => {
  it('issue prints the answer and keeps the key that the token is bound to in a new private file', async () => {
    const path = join(terminal.home, 'proof.json')
    const options = ['--model', 'aurora', '--scope', 'infer', '--purpose', 'evaluation', '--key-out', path]
    expect(await sallyport('token', 'issue', ...options)).toBe(0)
    expect(JSON.parse(terminal.stdout)).toMatchObject({ token_type: 'DPoP', expires_in: 300, scope: 'infer' })
    expect(Object.fromEntries(server.issued[0] ?? [])).toMatchObject({
      resource: `${server.issuer}/models/aurora`,
      scope: 'infer',
      purpose: 'evaluation',
    })
    expect((await stat(path)).mode & 0o777).toBe(0o600)
    const { kty, crv, d } = JSON.parse(await readFile(path, 'utf8'))
    expect([kty, crv, typeof d]).toEqual(['EC', 'P-256', 'string'])
    expect(terminal.stdout).not.toContain(d)

    expect(await sallyport('token', 'issue', '--key-out', path)).toBe(1)
    expect(server.issued).toHaveLength(1)
  })

  it('inspect decodes without a profile and says that it did not verify', async () => {
    await sallyport('token', 'issue')
    const token: string = JSON.parse(terminal.stdout).access_token
    terminal.stdout = ''
    terminal.stderr = ''
    terminal.input = `${token}\n`
    expect(await sallyport('token', 'inspect', '--profile', 'nobody', '--quiet')).toBe(0)
    expect(JSON.parse(terminal.stdout)).toMatchObject({
      header: { alg: 'ES256', typ: 'at+jwt' },
      claims: { iss: server.issuer, sub: server.clientId },
    })
    expect(terminal.stderr).toBe('signature not verified\n')
  })

  it('inspect --verify checks it against the keys of the gateway, and prints nothing that is not its own', async () => {
    await sallyport('token', 'issue', '--quiet')
    const token: string = JSON.parse(terminal.stdout).access_token
    terminal.stdout = ''
    expect(await sallyport('token', 'inspect', '--verify', token)).toBe(0)
    expect(terminal.stderr).toBe('')

    terminal.stdout = ''
    const [header, claims = '', signature] = token.split('.')
    const forged = Buffer.from(Buffer.from(claims, 'base64url').toString().replace('infer', 'admin'))
    const text = [header, forged.toString('base64url'), signature].join('.')
    expect(await sallyport('token', 'inspect', '--verify', text)).toBe(1)
    expect(terminal.stdout).toBe('')
  })

  it('revoke sends a token of this client, from stdin too', async () => {
    const token = await server.sign({})
    terminal.input = `${token}\n`
    expect(await sallyport('token', 'revoke', '-')).toBe(0)
    expect(server.revoked[0]?.get('token')).toBe(token)
    expect(terminal.stderr).toBe('The token is revoked.\n')
  })

  it('revoke sends no token of another client or issuer, and says what to do', async () => {
    for (const [claims, code] of [
      [{ client_id: 'client_2' }, 'client_mismatch'],
      [{ client_id: undefined }, 'client_mismatch'],
      [{ iss: 'https://gate.example' }, 'issuer_mismatch'],
    ] as const) {
      terminal.stderr = ''
      expect(await sallyport('token', 'revoke', await server.sign(claims)), code).toBe(5)
      expect(terminal.stderr).toContain(`code     ${code}`)
      expect(terminal.stderr).toContain('--profile')
    }
    expect(server.requests).toEqual([])
  })

  it('revoke sends nothing that the gateway did not sign', async () => {
    const [token, other] = [await server.sign({}), await server.sign({})]
    const forged = [...token.split('.').slice(0, 2), other.split('.')[2]].join('.')
    expect(await sallyport('token', 'revoke', forged)).toBe(1)
    expect(terminal.stderr).toMatch(/^error: The token is not valid: .*\n {2}code {5}token_invalid\n {2}next/)
    expect(terminal.stdout).toBe('')
    expect(server.revoked).toEqual([])
  })

  it('revoke says that an expired token has ended, and sends it in case the clock here is ahead', async () => {
    const token = await server.sign({ exp: Math.floor(Date.now() / 1000) - 60 })
    expect(await sallyport('token', 'revoke', token)).toBe(0)
    expect(terminal.stderr).toBe('The token had ended by itself already.\n')
    expect(server.revoked).toHaveLength(1)
    expect(await sallyport('token', 'inspect', token, '--verify')).toBe(1)
    expect(terminal.stderr).toContain('code     token_expired')
  })

  it('waits for no terminal with --no-input', async () => {
    terminal.interactive = true
    expect(await sallyport('token', 'inspect', '--no-input')).toBe(2)
  })
})

describe('curl', () => {
  it('sends data as JSON by POST, with a token for its model', async () => {
    expect(await sallyport('curl', '/openai/v1/chat/completions', '-d', '{"model":"aurora"}')).toBe(0)
    const [call] = server.calls
    expect(call?.method).toBe('POST')
    expect(call?.body).toBe('{"model":"aurora"}')
    expect(call?.headers['content-type']).toBe('application/json')
    expect(call?.token.aud).toBe(`${server.issuer}/models/aurora`)
    expect(terminal.stdout).toBe('{"ok":true}')
  })

  it('takes the body from a file or from stdin, and headers and method as told', async () => {
    const path = await terminal.file('body.json', '{"model":"aurora",\n"n":1}')
    await sallyport(
      'curl',
      '/anthropic/v1/messages',
      '--data',
      `@${path}`,
      '-H',
      'anthropic-version: 2023-06-01',
    )
    terminal.input = '{"model":"borealis"}'
    await sallyport('curl', '--', '-X', 'put', '-d', '-', '-H', 'Content-Type: text/plain', '/openai/v1/x')
    expect(server.calls[0]?.body).toBe('{"model":"aurora",\n"n":1}')
    expect(server.calls[0]?.headers['anthropic-version']).toBe('2023-06-01')
    expect(server.calls[1]).toMatchObject({ method: 'PUT', body: '{"model":"borealis"}' })
    expect(server.calls[1]?.headers['content-type']).toBe('text/plain')
  })

  it('prints status and headers with -i, and an error like any answer', async () => {
    server.answers.push(refusal(403, 'grant_suspended'))
    expect(await sallyport('curl', '-i', '/openai/v1/models')).toBe(0)
    expect(terminal.stdout).toMatch(/^HTTP\/1\.1 403 Forbidden\r\n/)
    expect(terminal.stdout).toContain('\r\nx-request-id: request_1\r\n')
    expect(terminal.stdout).toMatch(/\r\n\r\n\{"error":/)
  })

  it('has a token for the model of the profile where the body names none', async () => {
    const { clientKey: key, clientId: client_id, issuer } = server
    const profile = await terminal.file('p.json', { issuer, client_id, kid: key.kid, key, model: 'borealis' })
    await sallyport('curl', '/openai/v1/models', '--profile', profile)
    await sallyport('curl', '/openai/v1/chat/completions', '-d', '{"model":"aurora"}', '--profile', profile)
    expect(server.calls.map(({ token }) => token.aud)).toEqual([
      `${server.issuer}/models/borealis`,
      `${server.issuer}/models/aurora`,
    ])
  })

  it('takes --silent, and names the options that it has for one that it has not', async () => {
    expect(await sallyport('curl', '-s', '/openai/v1/models')).toBe(0)
    expect(await sallyport('curl', '--silent', '/openai/v1/models')).toBe(0)
    expect(terminal.stderr).toBe('')
    expect(await sallyport('curl', '-o', 'out', '/openai/v1/models')).toBe(2)
    expect(terminal.stderr).toContain("Only a part of curl's options exists here: unknown option '-o'")
    expect(terminal.stderr).toMatch(/next {5}Use these: -X --request, .*-s\s+--silent/s)
    expect(server.calls).toHaveLength(2)
  })

  it('says that a path begins with a slash', async () => {
    for (const given of ['openai/v1/models', 'localhost:1/openai/v1/models', 'http://']) {
      terminal.stderr = ''
      expect(await sallyport('curl', given)).toBe(2)
      expect(terminal.stderr).toContain('a path begins with a slash')
    }
    expect(server.requests).toEqual([])
  })

  it('says the status of an error that has no body', async () => {
    server.reply = (_, response) => {
      response.writeHead(502).end()
      return undefined
    }
    expect(await sallyport('curl', '/openai/v1/models')).toBe(0)
    expect(terminal.stdout).toBe('')
    expect(terminal.stderr).toBe('The gateway answered 502 without a body.\n')
  })

  it('tells the next step of a refused token once with --fail', async () => {
    server.tokenAnswers.push({
      status: 400,
      body: {
        error: 'invalid_target',
        error_description: 'No grant.',
        sallyport: { code: 'grant_missing', next: 'Ask the partner-admin.' },
      },
    })
    expect(await sallyport('curl', '--fail', '/openai/v1/models')).toBe(5)
    expect(terminal.stderr).toBe(
      'error: No grant.\n  code     grant_missing\n  next     Ask the partner-admin.\n',
    )
  })

  it('makes an error of the gateway its own with --fail', async () => {
    server.answers.push(refusal(429, 'budget_exhausted'))
    expect(await sallyport('curl', '--fail', '/openai/v1/models')).toBe(5)
    expect(terminal.stdout).toBe('')
    expect(terminal.stderr).toBe(
      'error: No: budget_exhausted\n' +
        '  code     budget_exhausted\n' +
        '  next     Do something else.\n' +
        '  request  request_1\n',
    )
  })
})

describe('log', () => {
  const at = Date.UTC(2026, 10, 25, 2, 0, 0)
  let entries: object[]
  const entry = (eid: string, time: number, unmapped: object, more: object = {}) => ({
    eid,
    digest: 'd',
    body: { time, unmapped, ...more },
  })
  const intent = (eid: string, time: number) => entry(eid, time, { kind: 'intent' })
  const outcome = (eid: string, start_time: number, time: number) =>
    entry(`${eid}.outcome`, time, { kind: 'outcome', ending: 'completed', charge: 1234 }, { start_time })

  /** The newest first, in pages. */
  beforeEach(() => {
    entries = []
    server.reply = ({ path }) => {
      const query = new URL(path, server.issuer).searchParams
      const from = Number(query.get('after') ?? 0)
      const to = from + Number(query.get('limit'))
      return { body: { items: entries.slice(from, to), next: to < entries.length ? String(to) : null } }
    }
  })

  it('tail prints the newest entries, the newest last, over as many pages as it takes', async () => {
    entries = [outcome('entry_b', at, at + 20_000), intent('entry_b', at), intent('entry_a', at)]
    await sallyport('log', 'tail', '-n', '2')
    expect(terminal.stdout).toBe(
      '2026-11-25 02:00:00 UTC  intent\n' +
        '  entry_b\n' +
        '2026-11-25 02:00:20 UTC  completed, 1,234 tokens\n' +
        '  entry_b.outcome\n',
    )
    entries = Array.from({ length: 250 }, (_, i) => intent(`entry_${i}`, at - i))
    terminal.stdout = ''
    await sallyport('log', 'tail', '-n', '220', '--output', 'jsonl')
    const lines = terminal.stdout.trimEnd().split('\n')
    expect(lines).toHaveLength(220)
    expect(lines.at(-1)).toContain('"entry_0"')
  })

  it('tail fits into 80 columns, whatever was refused or charged', async () => {
    const eid = `entry_${'0'.repeat(26)}`
    entries = [
      entry(`${eid}.outcome`, at, { kind: 'outcome', ending: 'client_disconnected', charge: 49_999_000 }),
      entry(eid, at, { kind: 'refusal', code: 'agreement_not_effective' }),
    ]
    await sallyport('log', 'tail')
    const lines = terminal.stdout.trimEnd().split('\n')
    expect(lines).toContain('2026-11-25 02:00:00 UTC  client_disconnected, 49,999,000 tokens')
    expect(Math.max(...lines.map(({ length }) => length))).toBeLessThanOrEqual(80)
  })

  it('tail leaves out the tokens that were issued, unless --all is said', async () => {
    const issued = Array.from({ length: 250 }, (_, i) => entry(`entry_${i}`, at - i, { kind: 'issuance' }))
    entries = [...issued, intent('entry_old', at - 900_000)]
    const eids = () => JSON.parse(terminal.stdout).map(({ eid }: { eid: string }) => eid)
    await sallyport('log', 'tail', '-n', '2', '--json')
    expect(eids()).toEqual(['entry_old'])
    terminal.stdout = ''
    await sallyport('log', 'tail', '-n', '2', '--json', '--all')
    expect(eids()).toEqual(['entry_1', 'entry_0'])
  })

  it('tail says so where it finds nothing but tokens for long', async () => {
    entries = Array.from({ length: 5_100 }, (_, i) => entry(`entry_${i}`, at - i, { kind: 'issuance' }))
    expect(await sallyport('log', 'tail', '-n', '2', '--json')).toBe(0)
    expect(JSON.parse(terminal.stdout)).toEqual([])
    expect(terminal.stderr).toContain('The newest 5000 are of tokens alone: --all shows them.')
  })

  it('tail --follow goes on with what comes, once each, an outcome beside an old intent too', async () => {
    const old = Array.from({ length: 150 }, (_, i) =>
      entry(`entry_${i}`, at - 600_000 - i, { kind: 'issuance' }),
    )
    entries = [intent('entry_open', at), ...old]
    const running = sallyport('log', 'tail', '-n', '1', '-f', '--json', '--all')
    let wake = await terminal.asleep()
    const eids = () =>
      terminal.stdout
        .trimEnd()
        .split('\n')
        .map(line => JSON.parse(line).eid)
    expect(eids()).toEqual(['entry_open'])

    const newer = Array.from({ length: 120 }, (_, i) =>
      entry(`entry_new${i}`, at + 300_000, { kind: 'issuance' }),
    )
    entries = [...newer, intent('entry_open', at), ...old]
    wake()
    wake = await terminal.asleep()
    expect(eids()).toHaveLength(121)
    expect(eids()[1]).toBe('entry_new119')

    entries = [...newer, outcome('entry_open', at, at + 310_000), intent('entry_open', at), ...old]
    wake()
    wake = await terminal.asleep()
    expect(eids()).toHaveLength(122)
    expect(eids()[121]).toBe('entry_open.outcome')

    wake()
    wake = await terminal.asleep()
    expect(eids()).toHaveLength(122)
    terminal.interruption.abort()
    wake()
    expect(await running).toBe(130)
  })

  it('get prints one entry whole, as the log holds it, with --json', async () => {
    server.reply = ({ path }) => ({ body: { eid: path.split('/').at(-1), digest: 'd', body: { time: at } } })
    expect(await sallyport('--json', 'log', 'get', 'entry_a.outcome')).toBe(0)
    expect(JSON.parse(terminal.stdout)).toEqual({ eid: 'entry_a.outcome', digest: 'd', body: { time: at } })
  })
})

describe('version', () => {
  it('is that of the package', async () => {
    await sallyport('version')
    expect(terminal.stdout).toMatch(/^\d+\.\d+\.\d+\n$/)
    const version = terminal.stdout
    expect(await sallyport('--version')).toBe(0)
    expect(terminal.stdout).toBe(version + version)
  })
})
