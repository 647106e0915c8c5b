/** The proxy in front of a gateway of one's own making, to see what it sends and how it holds up. */
import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { createServer, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { promisify } from 'node:util'
import { gzipSync } from 'node:zlib'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { run } from '../../../client/cli/program.ts'
import { FakeGateway, refusal } from './fake-gateway.ts'
import { RecordedTerminal } from './recorded-terminal.ts'

let server: FakeGateway
let terminal: RecordedTerminal
let ended: Promise<number>
let variables: Record<string, string>

beforeEach(async () => {
  server = await new FakeGateway().start()
  terminal = new RecordedTerminal()
  const { clientKey: key, clientId, issuer } = server
  await terminal.file('.config/sallyport/default.json', {
    issuer,
    client_id: clientId,
    kid: key.kid,
    key,
    model: 'own',
  })
  variables = await open()
})
afterEach(async () => {
  terminal.interruption.abort()
  await ended
  await server.stop()
})

async function open(...argv: string[]): Promise<Record<string, string>> {
  ended = run(['--json', 'proxy', ...argv], terminal)
  return JSON.parse(await vi.waitUntil(() => terminal.stdout))
}

function post(path: string, body: unknown, init: RequestInit = {}): Promise<Response> {
  const headers = { authorization: `Bearer ${variables.OPENAI_API_KEY}`, 'content-type': 'application/json' }
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  return fetch(variables.OPENAI_BASE_URL + path, { method: 'POST', headers, body: text, ...init })
}
const get = (path: string) =>
  fetch(variables.OPENAI_BASE_URL + path, { headers: { 'x-api-key': variables.ANTHROPIC_API_KEY ?? '' } })

describe('a request', () => {
  it('arrives with a token for its model and a proof, as the tool sent it', async () => {
    const body = JSON.stringify({ model: 'aurora', text: 'ä' })
    expect((await post('/chat/completions?a=b', body)).status).toBe(200)
    const [call] = server.calls
    expect(call).toMatchObject({
      method: 'POST',
      path: '/openai/v1/chat/completions?a=b',
      body,
      token: { aud: `${server.issuer}/models/aurora` },
    })
    expect(call?.headers['content-type']).toBe('application/json')
    expect(JSON.stringify(call?.headers)).not.toContain(variables.OPENAI_API_KEY)
  })

  it('that names no model has the token of the profile’s', async () => {
    expect((await get('/models')).status).toBe(200)
    expect(server.calls[0]?.token.aud).toBe(`${server.issuer}/models/own`)
  })

  it('is sent again with another nonce, which the tool never sees', async () => {
    await get('/models')
    server.nonce = 'nonce-2'
    const answer = await post('/chat/completions', { model: 'own' })
    expect(answer.status).toBe(200)
    expect(answer.headers.has('dpop-nonce')).toBe(false)
    expect(server.calls.map(({ proof }) => proof.nonce)).toEqual(['nonce-1', 'nonce-1', 'nonce-2'])
  })

  it('of more than 4 MB is refused, and one of 4 MB is not', async () => {
    const limit = 4 * 1024 * 1024
    const large = await post('/chat/completions', 'x'.repeat(limit + 1))
    expect(large.status).toBe(413)
    expect(await large.json()).toMatchObject({ error: { code: 'body_too_large' } })
    expect(server.calls).toEqual([])
    expect((await post('/chat/completions', 'x'.repeat(limit))).status).toBe(200)
    expect(server.calls[0]?.body.length).toBe(limit)
  })

  it('may ask to be told to continue, as curl does', async () => {
    const asked = request(`${variables.OPENAI_BASE_URL}/chat/completions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${variables.OPENAI_API_KEY}`, expect: '100-continue' },
    })
    asked.flushHeaders()
    await once(asked, 'continue')
    asked.end('{"model":"own"}')
    const [answer] = await once(asked, 'response')
    expect(answer.statusCode).toBe(200)
    answer.resume()
  })
})

describe('an answer', () => {
  it('of a refusal comes back as the gate gave it', async () => {
    server.answers.push(refusal(429, 'rate_limited'))
    const answer = await get('/models')
    expect(answer.status).toBe(429)
    expect(answer.headers.get('x-request-id')).toBe('request_1')
    expect(await answer.json()).toMatchObject({ error: { code: 'rate_limited' } })
  })

  it('of a token that is refused says why', async () => {
    server.tokenAnswers.push({
      status: 400,
      body: {
        error: 'unauthorized_client',
        error_description: 'No.',
        sallyport: { code: 'partner_suspended', next: 'Ask.' },
      },
    })
    const answer = await get('/models')
    expect(answer.status).toBe(403)
    expect(await answer.json()).toMatchObject({ error: { code: 'partner_suspended', message: 'No. Ask.' } })
  })

  it('that is compressed is undone, and not called compressed', async () => {
    server.reply = (_, response) => {
      const body = gzipSync('{"ok":true}')
      response.writeHead(200, { 'content-encoding': 'gzip', 'content-length': body.length }).end(body)
      return undefined
    }
    const answer = await get('/models')
    expect(answer.headers.get('content-encoding')).toBeNull()
    expect(await answer.json()).toEqual({ ok: true })
  })

  it.each([301, 302, 303, 307, 308])(
    'that redirects (%i) reaches neither the tool nor its target',
    async status => {
      const target = createServer((_, response) => response.end()).listen(0, '127.0.0.1')
      await once(target, 'listening')
      const visited = vi.fn()
      target.on('request', visited)
      const location = `http://127.0.0.1:${(target.address() as AddressInfo).port}/`
      server.answers.push({ status, headers: { location } })
      const answer = await post('/chat/completions', { model: 'own' })
      expect(answer.status).toBe(502)
      expect(answer.headers.has('location')).toBe(false)
      expect(await answer.json()).toMatchObject({ error: { code: 'gateway_redirects' } })
      expect(visited).not.toHaveBeenCalled()
      target.close()
      await once(target, 'close')
    },
  )

  it('begins before its first event, and each event comes through by itself', async () => {
    let write: (text: string) => void = () => {}
    server.reply = (_, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders()
      write = text => (text === '' ? response.end() : response.write(text))
      return undefined
    }
    const answer = await post('/chat/completions', { model: 'own', stream: true })
    expect(answer.headers.get('content-type')).toBe('text/event-stream')
    const reader = answer.body?.pipeThrough(new TextDecoderStream()).getReader()
    for (const event of ['data: 1\n\n', 'data: 2\n\n']) {
      write(event)
      expect(await reader?.read()).toEqual({ done: false, value: event })
    }
    write('')
    expect((await reader?.read())?.done).toBe(true)
  })

  it('that breaks off does not look whole', async () => {
    server.reply = (_, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      response.write('data: 1\n\n', () => response.destroy())
      return undefined
    }
    const answer = await post('/chat/completions', { model: 'own' })
    await expect(answer.text()).rejects.toThrow('terminated')
    server.reply = () => ({ body: {} })
    expect((await get('/models')).status).toBe(200)
  })

  it('is not read ahead of a tool that does not read', async () => {
    const chunk = Buffer.alloc(1 << 20, 'x')
    let sent = 0
    server.reply = (_, response) => {
      const more = (): void => {
        while (sent < 512 && !response.destroyed) {
          sent += 1
          if (!response.write(chunk)) return void response.once('drain', more)
        }
      }
      more()
      return undefined
    }
    const answer = await post('/chat/completions', { model: 'own' })
    const reader = answer.body?.getReader()
    await reader?.read()
    let before = 0
    const stands = (): boolean => {
      const still = sent === before
      before = sent
      return still
    }
    await vi.waitUntil(stands, { interval: 200, timeout: 5_000 })
    expect(sent).toBeLessThan(64)
    await reader?.cancel()
  })
})

describe('a gateway that cannot be used', () => {
  it('is a 502 that says what to do; the proxy stays', async () => {
    await server.stop()
    for (const _ of [1, 2]) {
      const answer = await get('/models')
      expect(answer.status).toBe(502)
      expect(await answer.json()).toMatchObject({
        type: 'error',
        error: {
          type: 'api_error',
          message: expect.stringMatching(/^Nobody answers at http.* Is it running\?/),
          sallyport: { code: 'gateway_unreachable' },
        },
      })
    }
    server = await new FakeGateway().start()
  })

  it('is a 502 when it is another one', async () => {
    server.metadata = { issuer: 'https://gate.example' }
    const answer = await get('/models')
    expect(answer.status).toBe(502)
    expect(await answer.json()).toMatchObject({ error: { code: 'issuer_mismatch' } })
  })
})

describe('the command', () => {
  it('prints what a shell takes', async () => {
    terminal.stdout = ''
    const other = run(['proxy'], terminal)
    const lines = await vi.waitUntil(() => terminal.stdout)
    const names = ['OPENAI_BASE_URL', 'OPENAI_API_KEY', 'ANTHROPIC_BASE_URL', 'ANTHROPIC_API_KEY']
    const script = `${lines}exec printenv ${names.join(' ')}`
    const { stdout } = await promisify(execFile)('sh', ['-c', script])
    const [openai = '', key = '', anthropic = '', same] = stdout.split('\n')
    expect(openai).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/openai\/v1$/)
    expect(anthropic).toBe(openai.replace('/openai/v1', '/anthropic'))
    expect(key).toMatch(/^[A-Za-z0-9_-]{43}$/)
    expect(same).toBe(key)
    expect(key).not.toBe(variables.OPENAI_API_KEY)
    expect(terminal.stderr).toContain(`Signing for ${server.issuer} until Ctrl-C.`)
    expect(terminal.stderr).not.toContain(key)
    terminal.interruption.abort()
    expect(await other).toBe(0)
  })

  it('ends with 0 when it is interrupted, and what was under way with it', async () => {
    const gone = new Promise<void>(resolve => {
      server.reply = (_, response) => {
        response.on('close', resolve).writeHead(200).write('data: 1\n\n')
        return undefined
      }
    })
    const answer = await post('/chat/completions', { model: 'own' })
    terminal.interruption.abort()
    expect(await ended).toBe(0)
    await gone
    await expect(answer.text()).rejects.toThrow('terminated')
    await expect(get('/models')).rejects.toThrow('fetch failed')
  })

  it('runs another one with the variables, ends with it and with its exit code', async () => {
    terminal.stdout = ''
    terminal.command = async given => {
      variables = { ...given }
      expect((await get('/models')).status).toBe(200)
      return 7
    }
    const command = ['curl', '--', '--json', '--profile', 'x']
    expect(await run(['proxy', '--', ...command], terminal)).toBe(7)
    expect(terminal.launched).toEqual([command])
    expect(terminal.stdout).toBe('')
    await expect(get('/models')).rejects.toThrow('fetch failed')
  })

  it.each([
    [{ http_proxy: 'http://me:secret@proxy.example' }, 'http_proxy is set'],
    [{ HTTP_PROXY: 'http://me:secret@proxy.example', NO_PROXY: '10.0.0.1' }, 'HTTP_PROXY is set'],
    [{ HTTP_PROXY: 'http://me:secret@proxy.example', NO_PROXY: '10.0.0.1, 127.0.0.1' }, ''],
    [{ HTTPS_PROXY: 'http://me:secret@proxy.example' }, ''],
  ])('warns of a way by which the key could leave this machine: %j', async (env, remark) => {
    Object.assign(terminal.env, env)
    await run(['proxy', '--', 'tool'], terminal)
    expect(terminal.stderr.includes('tools may send requests')).toBe(remark !== '')
    expect(terminal.stderr).toContain(remark)
    expect(terminal.stderr).not.toContain('secret')
  })

  it.each([
    ['localhost:0', /^http:\/\/127\.0\.0\.1:/],
    ['[::1]:0', /^http:\/\/\[::1\]:/],
    ['127.0.0.2:0', /^http:\/\/127\.0\.0\.2:/],
  ])('listens at %s', async (listen, base) => {
    terminal.stdout = ''
    const other = run(['--json', 'proxy', '--listen', listen], terminal)
    variables = JSON.parse(await vi.waitUntil(() => terminal.stdout))
    expect(variables.OPENAI_BASE_URL).toMatch(base)
    expect((await get('/models')).status).toBe(200)
    terminal.interruption.abort()
    expect(await other).toBe(0)
  })

  it.each([
    '0.0.0.0:0',
    '[::]:0',
    '10.0.0.1:8787',
    'gate.example:8787',
    'localhost.evil.example:1',
    '127.0.0.1',
    '127.0.0.1:65536',
    '127.0.0.1:x',
    '127.0.0.999:1',
    '::1:80',
    ':8787',
    '',
  ])('2 for --listen %j', async listen => {
    expect(await run(['proxy', '--listen', listen], terminal)).toBe(2)
    expect(terminal.stderr).toContain('It is a loopback address and a port')
  })

  it('1 where the port is taken', async () => {
    const { host } = new URL(variables.OPENAI_BASE_URL ?? '')
    expect(await run(['proxy', '--listen', host], terminal)).toBe(1)
    expect(terminal.stderr).toContain('port_unavailable')
  })
})
