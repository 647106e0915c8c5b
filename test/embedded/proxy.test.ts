/** `sallyport proxy` as a process, and unmodified SDKs that know nothing but its address and its key. */
import { once } from 'node:events'
import { connect } from 'node:net'
import { networkInterfaces } from 'node:os'
import Anthropic from '@anthropic-ai/sdk'
import OpenAI from 'openai'
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { type EmbeddedWorld, openEmbedded } from '../world/embedded.ts'
import { type Started, start } from '../world/process.ts'
import { bodyOf, rawHttp } from '../world/raw-http.ts'

const model = 'aurora-preview'
const messages = [{ role: 'user' as const, content: 'Say something short.' }]
const call = { model, messages, max_tokens: 20 }

interface Variables {
  readonly OPENAI_BASE_URL: string
  readonly OPENAI_API_KEY: string
  readonly ANTHROPIC_BASE_URL: string
  readonly ANTHROPIC_API_KEY: string
}

let world: EmbeddedWorld
let proxy: Started
let variables: Variables
beforeAll(async () => {
  world = await openEmbedded()
  proxy = sallyport('--json', 'proxy')
  variables = await printed(proxy)
})
afterAll(async () => {
  await proxy.kill()
  await world.close()
})
beforeEach(() => world.script({}))

function sallyport(...args: string[]): Started {
  return start({ SALLYPORT_DATA: world.data }, [process.execPath, 'client/cli/main.ts', ...args])
}

async function printed(started: Started): Promise<Variables> {
  await started.line(/^\}/)
  return JSON.parse(started.out.join('\n'))
}

const openaiOf = ({ OPENAI_BASE_URL: baseURL, OPENAI_API_KEY: apiKey }: Variables) =>
  new OpenAI({ baseURL, apiKey, maxRetries: 0 })
const claudeOf = ({ ANTHROPIC_BASE_URL: baseURL, ANTHROPIC_API_KEY: apiKey }: Variables) =>
  new Anthropic({ baseURL, apiKey, maxRetries: 0 })

describe('openai', () => {
  test('completes, and the budget moves by exactly what the provider billed', async () => {
    const { used } = await world.meter('cedar')
    const reply = await openaiOf(variables).chat.completions.create(call)
    expect(reply.choices[0]?.message.content).toMatch(/demo upstream/)
    expect((await world.meter('cedar')).used - used).toBe(reply.usage?.total_tokens)
  })

  test('streams', async () => {
    let text = ''
    for await (const chunk of await openaiOf(variables).chat.completions.create({ ...call, stream: true }))
      text += chunk.choices[0]?.delta.content ?? ''
    expect(text).toMatch(/demo upstream/)
  })

  test('lists the models', async () => {
    expect((await openaiOf(variables).models.list()).data).toMatchObject([{ id: model }])
  })

  test('throws its typed error for a refusal of the gate, and for one of the proxy', async () => {
    const openai = openaiOf(variables)
    const field = openai.chat.completions.create({ ...call, web_search_options: {} })
    await expect(field).rejects.toMatchObject({
      constructor: OpenAI.BadRequestError,
      code: 'field_not_allowed',
      requestID: expect.any(String),
    })
    const wrong = openaiOf({ ...variables, OPENAI_API_KEY: 'sk-of-another-service' })
    await expect(wrong.chat.completions.create(call)).rejects.toMatchObject({
      constructor: OpenAI.AuthenticationError,
      code: 'proxy_key_wrong',
      message: expect.stringContaining('every start makes another'),
    })
  })
})

describe('anthropic', () => {
  test('completes and streams', async () => {
    const claude = claudeOf(variables)
    expect((await claude.messages.create(call)).usage.output_tokens).toBe(20)
    const final = await claude.messages.stream(call).finalMessage()
    expect(final).toMatchObject({ stop_reason: 'max_tokens', usage: { output_tokens: 20 } })
  })

  test('lists the models', async () => {
    expect((await claudeOf(variables).models.list()).data).toMatchObject([{ id: model }])
  })

  test('throws its typed error for a wrong key', async () => {
    const wrong = claudeOf({ ...variables, ANTHROPIC_API_KEY: 'sk-ant-of-another-service' })
    await expect(wrong.messages.create(call)).rejects.toMatchObject({
      constructor: Anthropic.AuthenticationError,
      error: { error: { type: 'authentication_error', code: 'proxy_key_wrong' } },
    })
  })
})

describe('a tool that goes away', () => {
  test('in ten streams and ten JSON calls: the upstream stops', async () => {
    const openai = openaiOf(variables)
    const { aborted, requests } = await world.stats()
    await world.script({ pace_ms: 10, tokens: 1_000 })
    const aborts = Array.from({ length: 20 }, () => new AbortController())
    const calls = Promise.allSettled(
      aborts.map(({ signal }, i) =>
        openai.chat.completions.create({ ...call, max_tokens: 1_000, stream: i < 10 }, { signal }),
      ),
    )
    await vi.waitUntil(async () => (await world.stats()).requests === requests + 20, { timeout: 10_000 })
    for (const abort of aborts) abort.abort()
    const at = Date.now()
    await vi.waitUntil(async () => (await world.stats()).in_flight === 0, { interval: 5, timeout: 10_000 })
    expect(Date.now() - at).toBeLessThan(1_000)
    expect((await world.stats()).aborted).toBe(aborted + 20)
    await calls
  })
})

describe('who is no tool of this machine’s user', () => {
  const origin = () => new URL(variables.OPENAI_BASE_URL).origin
  const answer = async (lines: readonly string[], target = '/openai/v1/models'): Promise<string> =>
    rawHttp(origin(), `GET ${target} HTTP/1.1\r\n${lines.join('\r\n')}\r\nConnection: close\r\n\r\n`)
  const key = () => `Authorization: Bearer ${variables.OPENAI_API_KEY}`
  const host = () => `Host: ${new URL(origin()).host}`

  test('is told from one by the headers that only this one sends', async () => {
    expect(await answer([host(), key()])).toMatch(/^HTTP\/1.1 200 /)
    expect(await answer([host().replace('127.0.0.1', 'localhost'), key()])).toMatch(/^HTTP\/1.1 200 /)
  })

  test('a page whose name resolves to this address', async () => {
    for (const lines of [
      ['Host: evil.example'],
      ['Host: 127.0.0.1'],
      ['Host: evil.example', host()],
      [host(), host()],
      [],
    ]) {
      const text = await answer([...lines, key()])
      expect(text, lines.join()).toMatch(/^HTTP\/1.1 403 /)
      expect(bodyOf(text)).toMatchObject({ error: { code: 'host_foreign' } })
    }
  })

  test('a page that is allowed to ask, by itself or by the browser first', async () => {
    for (const value of ['https://evil.example', origin(), 'null']) {
      const text = await answer([host(), `Origin: ${value}`, key()])
      expect(bodyOf(text)).toMatchObject({ error: { code: 'origin_foreign' } })
      expect(text).not.toMatch(/access-control-allow/i)
    }
  })

  test.each(['/api/v1/me', '/openai/v1/../../api/v1/me', '/oauth/token', '*'])(
    'with %s reaches nothing that is not a model’s',
    async target => {
      const text = await answer([host(), key()], target)
      expect(bodyOf(text)).toMatchObject({ error: { code: 'path_not_offered' } })
    },
  )

  test('takes it for a proxy of the whole web', async () => {
    const absolute = await answer([host(), key()], `${origin()}/openai/v1/models`)
    expect(bodyOf(absolute)).toMatchObject({ error: { code: 'path_not_offered' } })
    const tunnel = `CONNECT evil.example:443 HTTP/1.1\r\n${host()}\r\n${key()}\r\n\r\n`
    expect(await rawHttp(origin(), tunnel)).toBe('')
  })

  test('sits elsewhere: nothing listens at any other address', async () => {
    const port = Number(new URL(origin()).port)
    const own = Object.values(networkInterfaces()).flatMap(list => list ?? [])
    const others = own.map(({ address, scopeid }) => (scopeid ? `${address}%${scopeid}` : address))
    for (const address of new Set(['127.0.0.2', ...others])) {
      if (address === '127.0.0.1') continue
      const socket = connect({ host: address, port })
      await expect(once(socket, 'connect'), address).rejects.toThrow()
    }
  })
})

describe('the process', () => {
  test('makes another key with every start', async () => {
    const other = sallyport('--json', 'proxy')
    const its = await printed(other)
    expect(its.OPENAI_API_KEY).not.toBe(variables.OPENAI_API_KEY)
    const mixed = openaiOf({ ...its, OPENAI_API_KEY: variables.OPENAI_API_KEY })
    await expect(mixed.models.list()).rejects.toMatchObject({ status: 401 })
    await other.kill()
  })

  test.each(['SIGINT', 'SIGTERM'] as const)('ends with 0 at %s, and its streams with it', async signal => {
    const other = sallyport('--json', 'proxy')
    const openai = openaiOf(await printed(other))
    await world.script({ pace_ms: 10, tokens: 1_000 })
    const { aborted } = await world.stats()
    const stream = await openai.chat.completions.create({ ...call, max_tokens: 1_000, stream: true })
    const read = (async () => {
      for await (const _ of stream);
    })()
    other.process.kill(signal)
    await expect(read).rejects.toThrow()
    expect(await other.ended).toBe(0)
    await vi.waitUntil(async () => (await world.stats()).aborted === aborted + 1, { timeout: 10_000 })
  })

  test('without a gateway says so to every tool, and stays', async () => {
    const other = sallyport('--json', 'proxy', '--endpoint', 'http://127.0.0.1:2')
    const openai = openaiOf(await printed(other))
    for (const _ of [1, 2])
      await expect(openai.models.list()).rejects.toMatchObject({
        status: 502,
        code: 'gateway_unreachable',
        message: expect.stringContaining('Is it running?'),
      })
    await other.kill()
  })
})

describe('a command', () => {
  const script = (text: string, ...args: string[]) =>
    sallyport('--quiet', 'proxy', '--', process.execPath, '--input-type=module', '-e', text, ...args)

  test('has the address and the key in its environment, and its exit code is the end', async () => {
    const started = script(
      `const { OPENAI_BASE_URL, OPENAI_API_KEY } = process.env
       const headers = { authorization: 'Bearer ' + OPENAI_API_KEY }
       const answer = await fetch(OPENAI_BASE_URL + '/models', { headers })
       console.log(JSON.stringify(await answer.json()), ...process.argv.slice(1))
       process.exitCode = 7`,
      '--',
      '--json',
    )
    expect(await started.ended).toBe(7)
    expect(started.out).toEqual([expect.stringMatching(/^\{.*aurora-preview.*\} --json$/)])
    expect(started.err).toEqual([])
  })

  test('is sent the SIGTERM that the proxy is sent, and says how it ends', async () => {
    const started = script(
      `process.on('SIGTERM', () => process.exit(3)); setInterval(() => {}, 1000); console.log('up')`,
    )
    await started.line(/up/)
    started.process.kill('SIGTERM')
    expect(await started.ended).toBe(3)
  })

  test('that a signal ends is 128 and its number', async () => {
    const started = script(`setInterval(() => {}, 1000); console.log('up')`)
    await started.line(/up/)
    started.process.kill('SIGTERM')
    expect(await started.ended).toBe(143)
  })

  test('that stops a reply by Ctrl-C still has its proxy', async () => {
    const started = script(
      `const { OPENAI_BASE_URL, OPENAI_API_KEY } = process.env
       process.on('SIGINT', async () => {
         const headers = { authorization: 'Bearer ' + OPENAI_API_KEY }
         console.log((await fetch(OPENAI_BASE_URL + '/models', { headers })).status)
         process.exit(0)
       })
       setInterval(() => {}, 1000); console.log('up')`,
    )
    await started.line(/up/)
    // As a terminal does: to the whole group.
    process.kill(-(started.process.pid ?? 0), 'SIGINT')
    await started.line(/200/)
    expect(await started.ended).toBe(0)
  })

  test('that does not exist is told', async () => {
    const started = sallyport('proxy', '--', 'no-such-command')
    expect(await started.ended).toBe(2)
    expect(started.err.join()).toContain('no-such-command could not be started (ENOENT).')
  })
})
