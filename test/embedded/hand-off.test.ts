/** From a report to the clearinghouse: a server in a process of its own, and a receiver over HTTPS that verifies. */
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import type { IncomingHttpHeaders, ServerResponse } from 'node:http'
import { createServer, request, type Server } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { compactVerify, createLocalJWKSet, type JSONWebKeySet } from 'jose'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { at, textAt } from '../../client/json.ts'
import { freePort } from '../../scripts/port.ts'
import { csafFaults } from '../unit/csaf/csaf-faults.ts'
import { because, codeOf, type Deciding, deciding } from '../world/governance.ts'
import { type Started, start } from '../world/process.ts'

let folder: string
let server: Started
let issuer: string
let deciders: Deciding
let clearinghouse: Clearinghouse

interface Certificate {
  readonly cert: string
  readonly key: string
}

/** For this run alone. */
function certificate(name: string): Certificate {
  const [key, cert] = [join(folder, `${name}.key`), join(folder, `${name}.crt`)]
  execFileSync(
    'openssl',
    [
      ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2'],
      ...['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1'],
      ...['-keyout', key, '-out', cert],
    ],
    { stdio: 'ignore' },
  )
  return { cert, key }
}

interface Received {
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

interface Clearinghouse {
  readonly url: string
  readonly received: Received[]
  reply: (response: ServerResponse, received: Received) => void
  /** Goes away, and comes back at the same address with nothing of what it was told. */
  stop(): Promise<void>
  begin(): Promise<void>
}

const sha256 = (body: string): string => createHash('sha256').update(body).digest('hex')

const takes: Clearinghouse['reply'] = (response, { body }) =>
  void response
    .writeHead(200)
    .end(JSON.stringify({ receipt_id: `CH-${sha256(body).slice(0, 8)}`, sha256: sha256(body) }))

async function openClearinghouse({ cert, key }: Certificate): Promise<Clearinghouse> {
  const port = await freePort()
  let listening: Server | undefined
  const opened: Clearinghouse = {
    url: `https://localhost:${port}/findings`,
    received: [],
    reply: takes,
    async stop() {
      listening?.closeAllConnections()
      await new Promise(resolve => listening?.close(resolve) ?? resolve(undefined))
    },
    async begin() {
      listening = createServer(
        { cert: readFileSync(cert), key: readFileSync(key) },
        async (asked, response) => {
          const one = { headers: asked.headers, body: await text(asked) }
          opened.received.push(one)
          opened.reply(response, one)
        },
      ).listen(port, '127.0.0.1')
      await once(listening, 'listening')
    },
  }
  await opened.begin()
  return opened
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sallyport-hand-off-'))
  const known = certificate('known')
  server = start({
    SALLYPORT_DATA: join(folder, 'data'),
    SALLYPORT_PORT: String(await freePort()),
    SALLYPORT_DEMO_UPSTREAM_PORT: String(await freePort()),
    SALLYPORT_DEMO_PROVIDER_PORT: String(await freePort()),
    NODE_EXTRA_CA_CERTS: known.cert,
  })
  const line = await server.line(/^ready /)
  issuer = line.replace('ready ', '')
  deciders = deciding({ issuer })
  clearinghouse = await openClearinghouse(known)
  await takenAt(clearinghouse)
}, 60_000)
afterAll(async () => {
  await clearinghouse?.stop()
  await server?.kill()
  await rm(folder, { recursive: true, force: true })
})

const office = '/organisations/ofr'
const takenAt = ({ url }: Clearinghouse) =>
  deciders.make('ada', `${office}/clearinghouse`, { url, ...because() }, { on: office, with: 'nora' })

const words = 'A certain prompt makes it repeat what others have sent.'
async function report(body: object = {}): Promise<string> {
  const told = await deciders.ask('priya', '/findings', {
    ...{
      kind: 'vulnerability',
      model: 'aurora-preview',
      severity: 'critical',
      title: 'It repeats others',
      text: words,
    },
    discovered_at: new Date(Date.now() - 3_600_000).toISOString(),
    ...body,
  })
  if (told.status !== 201) throw new Error(JSON.stringify(told.body))
  return textAt(told.body, 'subject', 'id') ?? ''
}
const handOff = (login: string, id: string) =>
  deciders.make(login, `/findings/${id}/hand_off`, { to: 'ofr', ...because() }, { on: `/findings/${id}` })
const finding = async (login: string, id: string): Promise<unknown> =>
  (await deciders.read(login, `/findings/${id}`))?.body
const soon = (fits: () => void | Promise<void>) => vi.waitFor(fits, { timeout: 20_000, interval: 50 })
const becomes = (id: string, state: string) =>
  soon(async () => expect(textAt(await finding('ada', id), 'state')).toBe(state))

describe('a vulnerability', () => {
  test('reaches the clearinghouse as a valid advisory that it verifies with the published keys, and its receipt comes back', async () => {
    const id = await report()
    expect(await finding('nora', id)).toBeUndefined()
    await handOff('ada', id)
    await becomes(id, 'received')
    expect(clearinghouse.received).toHaveLength(1)
    const [{ headers, body }] = clearinghouse.received as [Received]

    const published = (await (await fetch(`${issuer}/api/v1/keys`)).json()) as JSONWebKeySet
    const [head, , signature] = String(headers['sallyport-signature']).split('.')
    const verify = (of: string) =>
      compactVerify(
        `${head}.${Buffer.from(of).toString('base64url')}.${signature}`,
        createLocalJWKSet(published),
      )
    expect(Buffer.from((await verify(body)).payload).toString()).toBe(body)
    await expect(verify(body.replace('critical', 'low'))).rejects.toThrow()
    const document = JSON.parse(body)
    expect(await csafFaults(document)).toEqual([])
    expect(document.document.tracking.id).toBe(id)
    expect(document.vulnerabilities[0].notes[0].text).toBe(words)
    expect(body).not.toMatch(/cedar/i)

    for (const login of ['ada', 'nora', 'priya']) {
      const seen = await finding(login, id)
      expect(at(seen, 'hand_off')).toMatchObject({
        ...{ to: 'ofr', sha256: sha256(body), attempts: 1, next_at: null },
        receipt: { id: `CH-${sha256(body).slice(0, 8)}` },
      })
      const entry = textAt(seen, 'hand_off', 'receipt', 'entry')
      expect(JSON.stringify((await deciders.read(login, `/entries/${entry}`))?.body)).toContain(
        'hand_off_receipt',
      )
      const inbox = JSON.stringify(await deciders.list(login, '/inbox'))
      expect(inbox).toContain('finding.received')
      expect(inbox).not.toContain(words)
    }
    expect(await finding('wes', id)).toBeUndefined()
  })

  test('that a clearinghouse was down for, or failed to take, comes again: the same bytes under the same digest', async () => {
    await clearinghouse.stop()
    const id = await report()
    await handOff('priya', id)
    await soon(async () =>
      expect(Number(at(await finding('ada', id), 'hand_off', 'attempts'))).toBeGreaterThan(0),
    )
    expect(textAt(await finding('ada', id), 'state')).toBe('handed_off')
    const before = clearinghouse.received.length
    let asked = 0
    clearinghouse.reply = (response, one) =>
      asked++ === 0 ? void response.writeHead(500).end() : takes(response, one)
    await clearinghouse.begin()
    await becomes(id, 'received')
    const [one, two] = clearinghouse.received.slice(before)
    expect(one?.headers['idempotency-key']).toBe(two?.headers['idempotency-key'])
    expect(one?.body).toBe(two?.body)
    clearinghouse.reply = takes
  })

  test('is not given to whoever cannot show the certificate of the address', async () => {
    const stranger = await openClearinghouse(certificate('stranger'))
    await takenAt(stranger)
    const id = await report()
    await handOff('ada', id)
    await soon(async () =>
      expect(Number(at(await finding('ada', id), 'hand_off', 'attempts'))).toBeGreaterThan(1),
    )
    expect(stranger.received).toEqual([])
    expect(textAt(await finding('ada', id), 'state')).toBe('handed_off')
    await takenAt(clearinghouse)
    await becomes(id, 'received')
    await stranger.stop()
  })
})

test('the receiver of the documentation takes one', async () => {
  const [, sample = ''] = /```js\n(.*?)```/s.exec(readFileSync('docs/findings.md', 'utf8')) ?? []
  const [port, known] = [await freePort(), certificate('sample')]
  const code = Object.entries({
    'https://gate.example': issuer,
    'cert.pem': known.cert,
    'key.pem': known.key,
    'listen(8443)': `listen(${port}, '127.0.0.1', () => console.log('listening'))`,
  }).reduce((text, [from, to]) => {
    expect(text).toContain(from)
    return text.replace(from, to)
  }, sample)
  const receiver = start({}, [process.execPath, '--input-type=module', '--eval', code])
  try {
    await receiver.line(/^listening/)
    const body = JSON.stringify({ document: { tracking: { id: 'finding_1' }, title: 'A title' } })
    const post = (headers: Record<string, string>) => ask(`https://localhost:${port}/`, known, headers, body)
    expect((await post({})).status).toBe(400)
    expect((await post({ 'sallyport-signature': 'e30..AAAA' })).status).toBe(400)
    const [{ headers, body: advisory }] = clearinghouse.received as [Received]
    const signature = { 'sallyport-signature': String(headers['sallyport-signature']) }
    expect((await post(signature)).status).toBe(400)
    const taken = await ask(`https://localhost:${port}/`, known, signature, advisory)
    expect([taken.status, JSON.parse(taken.body)]).toEqual([
      200,
      { receipt_id: expect.stringMatching(/^CH-[0-9a-f]{12}$/), sha256: sha256(advisory) },
    ])
    await receiver.line(/It repeats others/)
  } finally {
    await receiver.kill()
  }
})

/** A POST whose certificate is trusted for this one request. */
const ask = (url: string, { cert }: Certificate, headers: Record<string, string>, body: string) =>
  new Promise<{ readonly status: number | undefined; readonly body: string }>((resolve, reject) => {
    const asked = request(url, { method: 'POST', ca: readFileSync(cert), headers }, response => {
      text(response).then(told => resolve({ status: response.statusCode, body: told }), reject)
    })
    asked.on('error', reject).end(body)
  })

test('an address inside a network is not taken, and none is set by one side alone', async () => {
  for (const url of ['https://10.0.0.1/', 'http://clearing.example/']) {
    const version = (await deciders.read('ada', office))?.version ?? 0
    const refused = await deciders.ask(
      'ada',
      `${office}/clearinghouse`,
      { url, ...because() },
      { ifMatch: version },
    )
    expect([refused.status, codeOf(refused)]).toEqual([400, 'body_malformed'])
  }
  const version = (await deciders.read('nora', office))?.version ?? 0
  const alone = await deciders.ask(
    'nora',
    `${office}/clearinghouse`,
    { url: 'https://clearing.example/', ...because() },
    { ifMatch: version },
  )
  expect(alone.status).toBe(202)
  expect(at((await deciders.read('priya', office))?.body, 'clearinghouse')).toBeNull()
})
