/** The command line against a running Sallyport, as a partner's engineer uses it. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openWorld } from '../world/open.ts'
import { type Started, start } from '../world/process.ts'
import { chatBody } from '../world/raw-client.ts'
import type { World } from '../world/world.ts'

let world: World
beforeAll(async () => {
  world = await openWorld()
})
afterAll(() => world.close())

async function sallyport(...args: string[]) {
  const run: Started = start({ SALLYPORT_DATA: world.data, NO_COLOR: '1' }, ['npx', 'sallyport', ...args])
  const code = await run.ended
  return { code, out: run.out.join('\n'), err: run.err.join('\n') }
}
const json = async (...args: string[]) => {
  const { code, out, err } = await sallyport('--json', ...args)
  expect({ code, err: code === 0 ? '' : err }).toEqual({ code: 0, err: '' })
  return JSON.parse(out)
}
const body = JSON.stringify(chatBody)

describe('token', () => {
  test('issue, inspect with verification, revoke', async () => {
    const issued = await json('token', 'issue', '--model', 'aurora-preview')
    expect(issued).toMatchObject({ token_type: 'DPoP', expires_in: 300 })
    const shown = await json('token', 'inspect', issued.access_token, '--verify')
    expect(shown).toMatchObject({ claims: { aud: `${world.issuer}/models/aurora-preview` } })
    expect(await sallyport('token', 'revoke', issued.access_token)).toMatchObject({
      code: 0,
      err: expect.stringContaining('The token is revoked.'),
    })
  })

  test('revoke sends neither what is no token nor what is another client’s', async () => {
    expect((await sallyport('token', 'revoke', 'nonsense')).code).toBe(2)
    const { access_token } = await json('token', 'issue')
    const profile = `${world.data}/demo/credentials.json#prairie`
    const other = await sallyport('--profile', profile, 'token', 'revoke', access_token)
    expect(other).toMatchObject({ code: 5, err: expect.stringContaining('client_mismatch') })
  })
})

describe('curl', () => {
  test('adds token and proof, and prints what the gate answers', async () => {
    const { code, out } = await sallyport('curl', '/openai/v1/chat/completions', '-d', body)
    expect(code).toBe(0)
    expect(JSON.parse(out)).toMatchObject({ object: 'chat.completion', usage: { completion_tokens: 20 } })
  })

  test('streams', async () => {
    const streamed = JSON.stringify({ ...chatBody, stream: true })
    const { out } = await sallyport('curl', '-N', '/anthropic/v1/messages', '-d', streamed)
    expect(out).toMatch(/event: message_start.*event: message_stop/s)
  })

  test('with --fail says code and next step, and exits 5 for a refusal of policy', async () => {
    const denied = JSON.stringify({ ...chatBody, logprobs: true })
    const { code, err } = await sallyport('curl', '--fail', '/openai/v1/chat/completions', '-d', denied)
    expect(code).toBe(5)
    expect(err).toContain('capability_withheld')
  })
})

test('another name of the gateway, and no gateway at all, are told as such', async () => {
  const { issuer } = world
  const localhost = issuer.replace('127.0.0.1', 'localhost')
  const named = await sallyport('--endpoint', localhost, 'quota')
  expect(named.code).toBe(1)
  expect(named.err.replace(/\s+/g, ' ')).toContain(`The gateway at ${localhost} calls itself ${issuer}.`)
  const path = await sallyport('--endpoint', `${issuer}/healthz`, 'quota')
  expect(path).toMatchObject({ code: 1, err: expect.stringContaining('There is no Sallyport at') })
})

test('quota shows the meter that the gate enforces', async () => {
  const [row] = await json('quota', 'aurora-preview')
  const meter = await world.meter('cedar')
  expect(row).toMatchObject({ used: meter.used, remaining: meter.remaining, limits: { total: 50_000_000 } })
  const { out } = await sallyport('quota')
  expect(out).toContain('aurora-preview')
  for (const line of out.split('\n')) expect(line.length).toBeLessThanOrEqual(80)
})

test('model list', async () => {
  expect(await json('model', 'list')).toMatchObject([
    { id: 'aurora-preview', protocols: ['openai', 'anthropic'] },
  ])
})

test('log tail and get show the calls’ entries', async () => {
  const items = await json('log', 'tail', '-n', '50')
  const outcome = items.find((item: { eid: string }) => item.eid.endsWith('.outcome'))
  const entry = await json('log', 'get', outcome.eid)
  expect(entry).toMatchObject({ eid: outcome.eid, body: { class_uid: 6003 } })
  expect((await sallyport('log', 'get', 'entry_none')).code).toBe(7)
})

test('another partner sees its own entries only', async () => {
  const profile = `${world.data}/demo/credentials.json#prairie`
  const items = await json('--profile', profile, 'log', 'tail')
  expect(items.every((item: object) => !JSON.stringify(item).includes('cedar'))).toBe(true)
  const [own] = (await world.entries('cedar')).map(({ eid }) => eid)
  expect((await sallyport('--profile', profile, 'log', 'get', own ?? '')).code).toBe(7)
})

test('version, usage and missing credentials have their exit codes', async () => {
  expect((await sallyport('version')).out).toMatch(/\d+\.\d+\.\d+/)
  expect((await sallyport('nonsense')).code).toBe(2)
  const none = start({ SALLYPORT_DATA: '/nonexistent', XDG_CONFIG_HOME: '/nonexistent' }, [
    'npx',
    'sallyport',
    'quota',
  ])
  expect(await none.ended).toBe(4)
  expect(none.err.join('\n')).toMatch(/profile/)
})
