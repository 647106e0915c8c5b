/** What an operator and a newcomer meet: `npm start`, its one line, its files, its errors, its end. */
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { networkInterfaces, tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { DemoCredentials } from '../../scripts/demo/credentials.ts'
import { freePort } from '../../scripts/port.ts'
import { because, deciding } from '../world/governance.ts'
import { type Started, start } from '../world/process.ts'
import { rawClient } from '../world/raw-client.ts'

let data: string
let env: Record<string, string>
const running: Started[] = []
beforeEach(async () => {
  data = await mkdtemp(join(tmpdir(), 'sallyport-start-'))
  env = {
    SALLYPORT_DATA: data,
    SALLYPORT_PORT: String(await freePort()),
    SALLYPORT_DEMO_UPSTREAM_PORT: String(await freePort()),
    SALLYPORT_DEMO_PROVIDER_PORT: String(await freePort()),
  }
})
afterEach(async () => {
  for (const one of running.splice(0)) await one.kill()
  await rm(data, { recursive: true })
})

const run = (over: Record<string, string> = {}, command?: string[]): Started => {
  const started = start({ ...env, ...over }, command)
  running.push(started)
  return started
}
const credentials = async (): Promise<DemoCredentials> =>
  JSON.parse(await readFile(join(data, 'demo', 'credentials.json'), 'utf8'))

/** The story takes seconds to tell. */
const untold = { SALLYPORT_DEMO: '0' }

async function client(i: number) {
  const { issuer, partners } = await credentials()
  const partner = partners[i]
  if (partner === undefined) throw new Error('no partner')
  return rawClient(issuer, partner)
}

test('npm start shows the main job within 15 s', { timeout: 15_000 }, async () => {
  const server = run({}, ['npm', 'start'])
  expect(await server.line(/^ready /)).toBe(`ready http://127.0.0.1:${env.SALLYPORT_PORT}`)
  await server.line(/outcome: completed, \d+ tokens charged/)
  const shown = server.out.join('\n')
  expect(shown).toMatch(/token {4}DPoP, bound to the workload's key, 300 s/)
  expect(shown).toMatch(/call {5}POST \/openai\/v1\/chat\/completions, streamed: 200/)
  expect(shown).toMatch(/budget {3}50,000,000 tokens before, 49,999,\d{3} after: \d+ used/)
  expect(shown).toMatch(/entry {4}entry_\w{26} {2}intent: \d+ tokens reserved/)
  expect(shown).toMatch(/all made up/)
  await server.line(/npx sallyport .*auth login$/)
  expect(server.err).toEqual([])
  server.process.kill('SIGTERM')
  expect(await server.ended).toBe(0)
})

test('credentials and keys are for their owner alone', async () => {
  await run().line(/^ready /)
  const secrets = ['demo/credentials.json', 'demo/provider-keys.json', 'keys/upstream.json']
  for (const path of [...secrets, 'keys/roots/nonce.key'])
    expect({ path, mode: (await stat(join(data, path))).mode & 0o777 }).toEqual({ path, mode: 0o600 })
  expect((await stat(data)).mode & 0o077).toBe(0)
  const { partners, people } = await credentials()
  expect(partners).toMatchObject([
    { id: 'cedar', model: 'aurora-preview', upstream_protocols: ['openai', 'anthropic'] },
    { id: 'prairie', model: 'aurora-preview', upstream_protocols: ['openai', 'anthropic'] },
  ])
  expect(people).toContainEqual({
    name: 'Nora Quill',
    organisation: 'ofr',
    roles: ['nsa-admin'],
    login: 'nora',
  })
})

test('a second start finds its data again: clients, keys, budgets', async () => {
  const first = run()
  await first.line(/outcome: completed/)
  const before = await credentials()
  const token = await (await client(1)).token()
  expect(await (await (await client(1)).chat()).json()).toHaveProperty('usage')
  first.process.kill('SIGTERM')
  expect(await first.ended).toBe(0)

  await run().line(/outcome: completed/)
  expect(await credentials()).toEqual(before)
  const prairie = await client(1)
  const again = await prairie.chat()
  expect(again.status).toBe(200)
  const left = Number(again.headers.get('x-ratelimit-remaining-tokens'))
  expect(left).toBeLessThan(10_000 - 148)
  // A token of the first run is still good: its signing key was found again.
  expect((await (await fetch(`${before.issuer}/.well-known/jwks.json`)).json()) as object).toMatchObject({
    keys: [{ kid: JSON.parse(Buffer.from(token.split('.')[0] ?? '', 'base64url').toString()).kid }],
  })
})

test('the story is told once: what people decide after it outlasts a restart', async () => {
  const first = run()
  await first.line(/outcome: completed/)
  const before = await credentials()
  const { make, list } = deciding(before)
  const found = async (login: string, organisation: string, name: string) =>
    (await list(login, `/people?organisation=${organisation}`)).find(one => one.name === name)
  const on = async (login: string, organisation: string, name: string) =>
    `/people/${(await found(login, organisation, name))?.id}`
  const sam = await on('priya', 'cedar', 'Sam Ortiz')
  await make('priya', `${sam}/roles`, { roles: [], ...because() }, { on: sam, with: 'ada' })
  const nora = await on('omar', 'ofr', 'Nora Quill')
  await make('omar', `${nora}/suspend`, because(), { on: nora })
  await first.kill()

  await run().line(/outcome: completed/)
  expect(await credentials()).toEqual(before)
  expect(await found('priya', 'cedar', 'Sam Ortiz')).toMatchObject({ roles: [], state: 'active' })
  expect(await found('omar', 'ofr', 'Nora Quill')).toMatchObject({ state: 'suspended' })
})

test('SIGTERM lets a stream end, takes nothing new, and exits 0', async () => {
  const server = run()
  await server.line(/outcome: completed/)
  await fetch(`http://127.0.0.1:${env.SALLYPORT_DEMO_UPSTREAM_PORT}/demo/script`, {
    method: 'POST',
    body: JSON.stringify({ pace_ms: 20, tokens: 50 }),
  })
  const cedar = await client(0)
  const response = await cedar.chat({ stream: true, max_tokens: 50 })
  server.process.kill('SIGTERM')
  expect(await response.text()).toContain('data: [DONE]')
  await expect(cedar.chat()).rejects.toThrow()
  expect(await server.ended).toBe(0)
})

test('it listens on loopback only', async () => {
  await run(untold).line(/^ready /)
  const others = Object.values(networkInterfaces())
    .flatMap(addresses => addresses ?? [])
    .filter(({ internal }) => !internal)
    .map(({ address }) => address)
  const refused = (host: string): Promise<boolean> =>
    new Promise(resolve => {
      const socket = connect({ host, port: Number(env.SALLYPORT_PORT) })
      socket.on('connect', () => resolve(false)).on('error', () => resolve(true))
    })
  expect(await refused('127.0.0.1')).toBe(false)
  for (const host of ['::1', ...others])
    expect({ host, refused: await refused(host) }).toEqual({ host, refused: true })
})

test('what comes while it starts waits until it can be answered', async () => {
  const port = await freePort()
  const server = start({
    SALLYPORT_DATA: join(data, 'early'),
    SALLYPORT_PORT: String(port),
    SALLYPORT_DEMO: '0',
  })
  let answer: Response | undefined
  while (answer === undefined) answer = await fetch(`http://127.0.0.1:${port}/healthz`).catch(() => undefined)
  expect(answer.status).toBe(200)
  await server.kill()
})

test('healthz names what is ready', async () => {
  await run(untold).line(/^ready /)
  const response = await fetch(`http://127.0.0.1:${env.SALLYPORT_PORT}/healthz`)
  expect(await response.json()).toEqual({ status: 'ok', checks: { store: 'ok', signing_key: 'ok' } })
})

test('without the demo nothing is seeded', async () => {
  await run(untold).line(/^ready /)
  await expect(credentials()).rejects.toThrow('ENOENT')
})

describe('a wrong environment is refused before anything is opened, naming the variable', () => {
  test.each([
    ['SALLYPORT_PORT', 'http', 'is a port'],
    ['SALLYPORT_PROT', '1', 'is no variable of Sallyport'],
    ['SALLYPORT_ISSUER', 'https://gate.example/x', 'is an origin'],
  ])('%s=%s', async (name, value, fault) => {
    const server = run({ [name]: value })
    expect(await server.ended).toBe(2)
    expect(server.err.join('\n')).toContain(`${name} ${fault}`)
    await expect(stat(join(data, 'keys'))).rejects.toThrow('ENOENT')
  })
})

test('a port that is taken is named, with what to do', async () => {
  await run().line(/^ready /)
  const second = run({ SALLYPORT_DATA: join(data, 'second'), SALLYPORT_DEMO_UPSTREAM_PORT: '0' })
  expect(await second.ended).toBe(1)
  expect(second.err.join('\n')).toContain(
    `Port ${env.SALLYPORT_PORT} is taken: choose another with SALLYPORT_PORT.`,
  )
  const third = run({ SALLYPORT_DATA: join(data, 'third'), SALLYPORT_PORT: '0' })
  expect(await third.ended).toBe(1)
  expect(third.err.join('\n')).toContain('choose another with SALLYPORT_DEMO_UPSTREAM_PORT.')
  const others = { SALLYPORT_PORT: '0', SALLYPORT_DEMO_UPSTREAM_PORT: '0' }
  const fourth = run({ SALLYPORT_DATA: join(data, 'fourth'), ...others })
  expect(await fourth.ended).toBe(1)
  expect(fourth.err.join('\n')).toContain('choose another with SALLYPORT_DEMO_PROVIDER_PORT.')
})

test('a data folder that cannot be made is named', async () => {
  const file = join(data, 'file')
  await writeFile(file, '')
  const server = run({ SALLYPORT_DATA: file })
  expect(await server.ended).toBe(1)
  expect(server.err.join('\n')).toContain(`SALLYPORT_DATA=${file} cannot be made a folder`)
})

test('a data folder serves one process at a time, and the next once that has died', async () => {
  const first = run(untold)
  await first.line(/^ready /)
  const second = run({ ...untold, SALLYPORT_PORT: '0' })
  expect(await second.ended).toBe(1)
  expect(second.err.join('\n')).toContain(`${data} is in use by another Sallyport`)
  await first.kill()
  await run(untold).line(/^ready /)
})

test('on another port the credentials name the new issuer, with the same keys', async () => {
  const first = run()
  await first.line(/^ready /)
  const before = await credentials()
  await first.kill()
  const port = String(await freePort())
  await run({ SALLYPORT_PORT: port }).line(/outcome: completed/)
  expect(await credentials()).toEqual({ ...before, issuer: `http://127.0.0.1:${port}` })
})
