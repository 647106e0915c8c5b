/**
 * What an upstream can do wrong while it replies, in each protocol that streams: the caller hears of it in that
 * protocol's own error event, the call is charged what it can have cost, and nothing stays reserved.
 */
import type { ServerResponse } from 'node:http'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type EmbeddedWorld, openEmbedded } from '../world/embedded.ts'
import { told } from '../world/entries.ts'
import { oddUpstream } from '../world/odd-upstream.ts'
import { chatBody } from '../world/raw-client.ts'

let world: EmbeddedWorld
let cedar: ReturnType<EmbeddedWorld['raw']>
beforeEach(async () => {
  world = await openEmbedded({ wiring: { idleMs: { stream: 1_200, json: 1_200 } } })
  cedar = world.raw('cedar')
})
afterEach(() => world.close())

const named = (data: { type: string }): string => `event: ${data.type}\ndata: ${JSON.stringify(data)}\n\n`
const bare = (data: object | string): string =>
  `data: ${typeof data === 'string' ? data : JSON.stringify(data)}\n\n`

interface Protocol {
  readonly path: string
  readonly body: object
  /** One event of text, an error event, and the events of an end that says what it cost. */
  readonly text: string
  readonly error: string
  readonly end: (cost: object) => string
  /** A usage of 3 and 4 tokens, one that is none, and none at all. */
  readonly cost: { readonly good: object; readonly odd: object; readonly none: object }
  readonly errorEvent: RegExp
}

const operator = 'Rate limit reached for organization org-OPERATOR'
const responses = { model: 'aurora-preview', input: 'Say something.', max_output_tokens: 20 }
const protocols: [string, Protocol][] = [
  [
    'chat completions',
    {
      path: '/openai/v1/chat/completions',
      body: chatBody,
      text: bare({ choices: [{ index: 0, delta: { content: 'word ' } }] }),
      error: bare({ error: { message: operator, type: 'tokens', code: 'rate_limit_exceeded' } }),
      end: cost => bare({ choices: [], ...cost }) + bare('[DONE]'),
      cost: {
        good: { usage: { prompt_tokens: 3, completion_tokens: 4 } },
        odd: { usage: { prompt_tokens: -3, completion_tokens: '4' } },
        none: {},
      },
      errorEvent: /^data: \{"error":/,
    },
  ],
  [
    'responses',
    {
      path: '/openai/v1/responses',
      body: responses,
      text: named({ type: 'response.output_text.delta', ...{ sequence_number: 7, delta: 'word ' } }),
      error: named({
        type: 'response.failed',
        ...{ response: { error: { code: 'rate_limit_exceeded', message: operator }, usage: null } },
      }),
      end: cost => named({ type: 'response.completed', ...{ response: { status: 'completed', ...cost } } }),
      cost: {
        good: {
          usage: { input_tokens: 3, output_tokens: 4, output_tokens_details: { reasoning_tokens: 2 } },
        },
        odd: { usage: { input_tokens: 1.5, output_tokens: null } },
        none: { usage: null },
      },
      errorEvent: /^event: error\ndata: \{"type":"error","sequence_number":8/,
    },
  ],
  [
    'messages',
    {
      path: '/anthropic/v1/messages',
      body: chatBody,
      text: named({ type: 'content_block_delta', ...{ delta: { type: 'text_delta', text: 'word ' } } }),
      error: named({ type: 'error', ...{ error: { type: 'rate_limit_error', message: operator } } }),
      end: cost =>
        named({ type: 'message_start', ...{ message: cost } }) +
        named({ type: 'message_delta', ...cost }) +
        named({ type: 'message_stop' }),
      cost: {
        good: { usage: { input_tokens: 3, output_tokens: 4 } },
        odd: { usage: { input_tokens: 1e300, output_tokens: [] } },
        none: {},
      },
      errorEvent: /^event: error\ndata: \{"type":"error"/,
    },
  ],
]

interface Ended {
  readonly text: string
  readonly ending: string
  readonly charge: number
  readonly reserve: number
}

/** What the caller of a stream gets from an upstream that answers as `answer` does, and how the call ended. */
async function stream(
  { path, body }: Protocol,
  answer: (response: ServerResponse) => void | Promise<void>,
): Promise<Ended> {
  await using upstream = await oddUpstream(world, (_, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    return answer(response)
  })
  const response = await cedar.call('POST', path, { body: { ...body, stream: true } })
  const text = await response.text()
  const meter = await world.meter('cedar')
  expect(meter.leases).toEqual({})
  const outcomes = (await world.entries('cedar'))
    .map(({ entry }) => told(entry))
    .filter(one => one.kind === 'outcome')
  expect(outcomes).toHaveLength(1)
  expect(meter.used).toBe(outcomes[0]?.charge)
  while (upstream.open > 0) await new Promise(resolve => setTimeout(resolve, 5))
  return { text, ...(outcomes[0] as unknown as Omit<Ended, 'text'>) }
}

const lastEvent = (text: string): string => text.trim().split('\n\n').at(-1) ?? ''

describe.each(protocols)('%s', (_, protocol) => {
  const { text, error, end, cost, errorEvent } = protocol
  const failed = (told: Ended): void => {
    expect(lastEvent(told.text)).toMatch(errorEvent)
    expect(lastEvent(told.text)).toContain('"code":"upstream_unavailable"')
    expect(told.ending).toBe('upstream_failed')
  }
  const bounded = ({ charge, reserve }: Ended, produced: number): void => {
    expect(charge).toBeGreaterThanOrEqual(produced)
    expect(charge).toBeLessThanOrEqual(reserve)
  }

  test('an end with its usage is charged that', async () => {
    const ended = await stream(protocol, response => void response.end(text.repeat(4) + end(cost.good)))
    expect(ended).toMatchObject({ ending: 'completed', charge: 7 })
    expect(ended.text).toContain('word ')
  })

  test.each([
    ['no usage', cost.none],
    ['a usage that is none', cost.odd],
  ])('an end with %s is charged at least what was produced, at most the reservation', async (_, told) => {
    const ended = await stream(protocol, response => void response.end(text.repeat(4) + end(told)))
    expect(ended.ending).toBe('completed')
    bounded(ended, 4)
  })

  test('an error in the middle of it is told by its code, not in words that name the operator', async () => {
    const ended = await stream(protocol, response => void response.end(text.repeat(4) + error + text))
    failed(ended)
    expect(ended.text).not.toContain('org-OPERATOR')
    expect(lastEvent(ended.text)).toContain('rate_limit')
    expect(ended.text.split('word ').length - 1).toBe(4)
    bounded(ended, 4)
  })

  test.each([
    ['in an envelope of another kind', bare({ object: 'error', message: operator })],
    ['by the name of its event', `event: error\ndata: ${operator}\n\n`],
    ['in a list', bare([{ error: { message: operator } }])],
    ['behind a byte order mark', `\ufeff${bare({ error: { message: operator } })}`],
  ])('an error %s is one as well', async (_, odd) => {
    const ended = await stream(protocol, response => void response.end(text + odd))
    failed(ended)
    expect(ended.text).not.toContain('org-OPERATOR')
  })

  test.each([
    ['comments', `: processing at OPERATOR\n\n`],
    ['plain words', bare(`upstream ${operator}`)],
  ])('%s of the upstream are not passed on', async (_, odd) => {
    const ended = await stream(protocol, response => void response.end(odd + text + end(cost.good)))
    expect(ended).toMatchObject({ ending: 'completed', charge: 7 })
    expect(ended.text).not.toContain('OPERATOR')
  })

  test('an end without the blank line behind it is one', async () => {
    const ended = await stream(protocol, response => void response.end((text + end(cost.good)).trimEnd()))
    expect(ended).toMatchObject({ ending: 'completed', charge: 7 })
    expect(ended.text.endsWith('\n\n')).toBe(true)
  })

  test('a stream that breaks off, or ends without its end, is told so', async () => {
    const ended = await stream(protocol, response => {
      response.write(text.repeat(4))
      setTimeout(() => response.destroy(), 20)
    })
    failed(ended)
    bounded(ended, 4)
  })

  test('bytes that are no events reach nobody as such and end in an error', async () => {
    const ended = await stream(protocol, response => void response.end(`${text}\u0000\ufffd{"not": sse`))
    failed(ended)
    expect(ended.text).not.toContain('not": sse')
    bounded(ended, 1)
  })

  test('an event without an end is given up, and does not fill the memory', async () => {
    const block = Buffer.alloc(1 << 20, 'x')
    const ended = await stream(protocol, async response => {
      response.setMaxListeners(0)
      response.write(`${text}data: `)
      for (let i = 0; i < 64 && !response.destroyed; i++)
        if (!response.write(block))
          await new Promise(resolve => response.once('drain', resolve).once('close', resolve))
    })
    failed(ended)
    expect(ended.charge).toBe(ended.reserve)
  })

  test('one that falls silent is ended, and told so', async () => {
    const ended = await stream(protocol, response => void response.write(text.repeat(4)))
    expect(lastEvent(ended.text)).toMatch(errorEvent)
    expect(lastEvent(ended.text)).toContain('"code":"upstream_timeout"')
    bounded(ended, 4)
  })
})

test.each(protocols)(
  'a JSON reply of %s without a usage that counts is charged its reservation',
  async (_, protocol) => {
    await using _upstream = await oddUpstream(world, (_, response) => {
      response.writeHead(200, { 'content-type': 'application/json' })
      response.end(JSON.stringify({ choices: [], ...protocol.cost.odd }))
    })
    expect((await cedar.call('POST', protocol.path, { body: protocol.body })).status).toBe(200)
    const [outcome] = (await world.entries('cedar'))
      .map(({ entry }) => told(entry))
      .filter(one => one.kind === 'outcome')
    expect(outcome?.charge).toBe(outcome?.reserve)
    expect((await world.meter('cedar')).leases).toEqual({})
  },
)
