import { chmod } from 'node:fs/promises'
import { calculateJwkThumbprint, exportJWK, generateKeyPair } from 'jose'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { judgeNode } from '../../../client/cli/check-machine.ts'
import type { Check } from '../../../client/cli/checkup.ts'
import { run } from '../../../client/cli/program.ts'
import { FakeGateway, refusal } from './fake-gateway.ts'
import { RecordedTerminal } from './recorded-terminal.ts'

let server: FakeGateway
let terminal: RecordedTerminal
let path: string

beforeEach(async () => {
  server = await new FakeGateway().start()
  terminal = new RecordedTerminal()
  path = await terminal.file('.config/sallyport/default.json', profile())
  server.reply = ({ path }) => ({
    body: path.endsWith('/me') ? { quota: [quota] } : { data: [{ id: 'aurora' }] },
  })
})
afterEach(() => server.stop())

const profile = (change: object = {}) => {
  const { issuer, clientId, clientKey: key } = server
  return { issuer, client_id: clientId, kid: key.kid, key, model: 'aurora', ...change }
}
const quota = { model: 'aurora', state: 'open', binding: null as string | null, remaining: 40_000 }

async function doctor(...argv: string[]): Promise<{ code: number; checks: Record<string, Check> }> {
  terminal.stdout = ''
  const code = await run(['--json', 'doctor', ...argv], terminal)
  const { checks } = JSON.parse(terminal.stdout) as { checks: Check[] }
  expect(terminal.stdout).not.toContain(server.clientKey.d)
  return { code, checks: Object.fromEntries(checks.map(check => [check.name, check])) }
}
const statuses = (checks: Record<string, Check>) =>
  Object.fromEntries(Object.values(checks).map(({ name, status }) => [name, status]))

const names = [
  'node',
  'environment',
  'profile',
  'key',
  'issuer',
  'clock',
  'metadata',
  'keys',
  'api token',
  'model token',
  'quota',
  'models',
]
/** All ok but those that are said otherwise. */
const expected = (change: Record<string, string>) => ({
  ...Object.fromEntries(names.map(name => [name, 'ok'])),
  ...change,
})
const skipped = (...names: string[]) => Object.fromEntries(names.map(name => [name, 'skipped']))
const allOfTokens = ['api token', 'model token', 'quota', 'models']

describe('a setup that works', () => {
  it('is ok in all points, in this order, with 0, and asks no model', async () => {
    const { code, checks } = await doctor()
    expect(code).toBe(0)
    expect(statuses(checks)).toEqual(expected({}))
    expect(Object.keys(checks)).toEqual(names)
    expect(server.requests.filter(line => line.startsWith('POST'))).toEqual(
      server.requests.filter(line => line === 'POST /oauth/token'),
    )
  })

  it('is a table for a person', async () => {
    expect(await run(['doctor'], terminal)).toBe(0)
    expect(terminal.stdout).toMatch(/^CHECK +STATUS +DETAIL\nnode +ok +v\d/)
    expect(terminal.stdout).toMatch(/^quota +ok +aurora: 40,000 tokens left$/m)
    expect(terminal.stderr).toBe('')
  })

  it('is CSV for a spreadsheet', async () => {
    await run(['--output', 'csv', 'doctor'], terminal)
    expect(terminal.stdout).toMatch(/^check,status,detail,next\r?\nnode,ok,/)
  })
})

it('130 when it is interrupted, and what was broken off is not called a failure', async () => {
  server.reply = () => void terminal.interruption.abort()
  expect(await run(['doctor'], terminal)).toBe(130)
  expect(terminal.stdout).toBe('')
})

describe('the profile', () => {
  it('that is missing: 4, the next step, and nothing is asked', async () => {
    const { code, checks } = await doctor('--profile', 'nobody')
    expect(code).toBe(4)
    expect(checks.profile).toMatchObject({
      status: 'failed',
      detail: expect.stringMatching(/^profile_missing: /),
      next: expect.stringContaining('--profile'),
    })
    expect(statuses(checks)).toEqual(
      expected({
        profile: 'failed',
        ...skipped('key', 'issuer', 'clock', 'metadata', 'keys', ...allOfTokens),
      }),
    )
    expect(server.requests).toEqual([])
  })

  it('that others may read', async () => {
    await chmod(path, 0o644)
    const { code, checks } = await doctor()
    expect(code).toBe(4)
    expect(checks.profile).toMatchObject({ status: 'failed', next: `chmod 600 ${path}` })
  })

  it('an endpoint that cannot be one is a usage error', async () => {
    expect(await run(['doctor', '--endpoint', 'http://gate.example'], terminal)).toBe(2)
    expect(terminal.stdout).toBe('')
  })
})

describe('the key', () => {
  const withKey = async (change: object) => terminal.file('other.json', profile(change))

  it('whose parts are of two keys does not keep the issuer from being looked at', async () => {
    const { x, y } = await exportJWK((await generateKeyPair('ES256')).publicKey)
    const { code, checks } = await doctor('--profile', await withKey({ key: { ...server.clientKey, x, y } }))
    expect(code).toBe(1)
    expect(statuses(checks)).toEqual(expected({ key: 'failed', ...skipped(...allOfTokens) }))
  })

  it('that has the thumbprint of another as its name', async () => {
    const kid = await calculateJwkThumbprint(await exportJWK((await generateKeyPair('ES256')).publicKey))
    const { checks } = await doctor('--profile', await withKey({ kid }))
    expect(checks.key).toMatchObject({ status: 'warning', next: expect.stringContaining('kid') })
  })

  it.each(['ES384', 'Ed25519'])('of %s is tried like one of ES256', async alg => {
    const key = await exportJWK((await generateKeyPair(alg, { extractable: true })).privateKey)
    server.metadata = { token_endpoint_auth_signing_alg_values_supported: [alg] }
    const { checks } = await doctor('--profile', await withKey({ key, kid: 'of-ours' }))
    expect(checks.key).toMatchObject({ status: 'ok', detail: `${alg}, named of-ours` })
    expect(checks.metadata?.status).toBe('ok')
  })
})

describe('the gateway', () => {
  it('that does not answer', async () => {
    const { code, checks } = await doctor('--endpoint', 'http://127.0.0.1:2')
    expect(code).toBe(1)
    expect(checks.issuer).toMatchObject({
      status: 'failed',
      detail: expect.stringContaining('gateway_unreachable'),
      next: expect.stringContaining('Is it running?'),
    })
    expect(statuses(checks)).toEqual(
      expected({ issuer: 'failed', ...skipped('clock', 'metadata', 'keys', ...allOfTokens) }),
    )
  })

  it('that is another one', async () => {
    server.metadata = { issuer: 'https://gate.example' }
    const { checks } = await doctor()
    expect(checks.metadata?.detail).toMatch(/^issuer_mismatch: .*gate\.example/)
    expect(statuses(checks)).toEqual(expected({ metadata: 'failed', ...skipped('keys', ...allOfTokens) }))
  })

  it('that takes no such key', async () => {
    server.metadata = { token_endpoint_auth_signing_alg_values_supported: ['ES384'] }
    expect((await doctor()).checks.metadata).toMatchObject({
      status: 'failed',
      detail: 'algorithm_unsupported: The gateway takes ES384, and the key is for ES256.',
    })
  })

  it('that publishes no keys still gives tokens', async () => {
    server.metadata = { jwks_uri: `${server.issuer}/.well-known/oauth-authorization-server` }
    const { code, checks } = await doctor()
    expect(code).toBe(1)
    expect(statuses(checks)).toEqual(expected({ keys: 'failed' }))
  })
})

describe('the clock', () => {
  it.each([
    [0, 'ok'],
    [4_000, 'ok'],
    [-4_000, 'ok'],
    [7_000, 'warning'],
    [-7_000, 'warning'],
    [12_000, 'failed'],
    [-12_000, 'failed'],
  ])('%i ms ahead: %s', async (ahead, status) => {
    terminal.ahead = ahead
    const { code, checks } = await doctor()
    expect(checks.clock?.status).toBe(status)
    expect(checks.clock?.next).toBe(status === 'ok' ? null : 'Set the clock of this machine by NTP.')
    expect(code).toBe(status === 'failed' ? 1 : 0)
  })

  it('is compared with now, where a cache answers with the time of then', async () => {
    server.metadataHeaders = { date: new Date(Date.now() - 60_000).toUTCString(), age: '60' }
    expect((await doctor()).checks.clock?.status).toBe('ok')
    server.metadataHeaders = { date: 'today' }
    expect((await doctor()).checks.clock).toMatchObject({
      status: 'ok',
      detail: expect.stringContaining('no time'),
    })
  })

  it('is told which way it is off', async () => {
    terminal.ahead = 12_000
    expect((await doctor()).checks.clock?.detail).toMatch(
      /clock_skewed: .* 1[12]\.\d s ahead of the gateway's/,
    )
    terminal.ahead = -12_000
    expect((await doctor()).checks.clock?.detail).toMatch(/ 1[12]\.\d s behind the gateway's/)
  })
})

describe('tokens', () => {
  const denied = {
    status: 400,
    body: {
      error: 'unauthorized_client',
      error_description: 'Not now.',
      sallyport: { code: 'partner_suspended', next: 'Ask.' },
    },
  }

  it('that are refused: the code, OAuth’s, and the next step; the other one is asked for', async () => {
    server.tokenAnswers.push(denied)
    const { code, checks } = await doctor()
    expect(code).toBe(1)
    expect(checks['api token']).toMatchObject({
      detail: 'partner_suspended: Not now. (unauthorized_client)',
      next: 'Ask.',
    })
    expect(statuses(checks)).toEqual(expected({ 'api token': 'failed', quota: 'skipped' }))
  })

  it('of a server that names no code of its own', async () => {
    server.tokenAnswers.push({ status: 401, body: { error: 'invalid_client', error_description: 'No.' } })
    expect((await doctor()).checks['api token']?.detail).toBe('invalid_client: No.')
  })
})

describe('quota and models', () => {
  it.each([
    [{ ...quota, binding: 'day_exhausted' }, 'aurora: day_exhausted'],
    [{ ...quota, state: 'suspended' }, 'aurora: suspended'],
    [{ ...quota, shared: 'pool', state: 'closed' }, 'aurora (pool): closed'],
  ])('a limit that binds is a warning: %j', async (row, detail) => {
    server.answers.push({ body: { quota: [quota, row] } })
    const { code, checks } = await doctor()
    expect(code).toBe(0)
    expect(checks.quota).toEqual({
      name: 'quota',
      status: 'warning',
      detail,
      next: 'See all limits: sallyport quota',
    })
  })

  it('no grant is a failure', async () => {
    server.answers.push({ body: { quota: [] } })
    expect((await doctor()).checks.quota?.detail).toBe(
      'grant_missing: Your organisation holds no grant of aurora.',
    )
  })

  it('the model of the profile has to be in one of the gate’s lists', async () => {
    const none = { body: { data: [] } }
    server.answers.push({ body: { quota: [quota] } }, none, { body: { data: [{ id: 'aurora' }] } })
    expect((await doctor()).checks.models).toMatchObject({ status: 'ok', detail: 'aurora' })
    server.answers.push({ body: { quota: [quota] } }, none, none)
    expect((await doctor()).checks.models?.detail).toMatch(/^model_unknown: aurora/)
  })

  it('what the gate refuses is told in its words', async () => {
    server.answers.push({ body: { quota: [quota] } }, refusal(403, 'hold_active'))
    expect((await doctor()).checks.models).toMatchObject({
      status: 'failed',
      detail: 'hold_active: No: hold_active',
      next: 'Do something else.',
    })
  })
})

describe('this machine', () => {
  it('names variables that change how requests travel, and not what they hold', async () => {
    Object.assign(terminal.env, {
      HTTPS_PROXY: 'http://me:secret@proxy.example',
      NODE_EXTRA_CA_CERTS: '/etc/secret.pem',
    })
    const { checks } = await doctor()
    expect(checks.environment).toMatchObject({
      status: 'ok',
      detail: 'HTTPS_PROXY is set, not heeded without NODE_USE_ENV_PROXY=1, NODE_EXTRA_CA_CERTS is set',
    })
    expect(terminal.stdout).not.toContain('secret')
  })

  it('warns where certificates are not checked', async () => {
    terminal.env.NODE_TLS_REJECT_UNAUTHORIZED = '0'
    const { code, checks } = await doctor()
    expect(code).toBe(0)
    expect(checks.environment?.status).toBe('warning')
  })

  it('needs Node 20', () => {
    expect(judgeNode('v20.0.0')).toMatchObject({ detail: 'v20.0.0' })
    expect(() => judgeNode('v18.20.4')).toThrow('Node v18.20.4 is too old.')
  })
})
