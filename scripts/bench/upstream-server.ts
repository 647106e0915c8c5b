/**
 * In a process of its own: an upstream that speaks just enough of OpenAI's chat completions and costs as little
 * as it can. Every byte of its replies is made before the first request.
 */
import { createServer, type ServerResponse } from 'node:http'
import { argument, listenOnLoopback, serve } from './server-process.ts'

export interface UpstreamArgument {
  /** Milliseconds before a JSON reply and before the first chunk of a stream. */
  readonly thinkMs: number
  /** Milliseconds from one chunk to the next; 0: each in a turn of the event loop of its own. */
  readonly chunkMs: number
}

export interface UpstreamTold {
  /** Ends in `/v1`, as a model's record has it. */
  readonly url: string
}

const { thinkMs, chunkMs } = argument<UpstreamArgument>()

const bytes = (value: object): Buffer => Buffer.from(JSON.stringify(value))
const event = (value: object): Buffer => Buffer.from(`data: ${JSON.stringify(value)}\n\n`)

/** What it bills: the tokens that were asked for, and twenty of input. */
const usage = (tokens: number): object => ({
  prompt_tokens: 20,
  completion_tokens: tokens,
  total_tokens: 20 + tokens,
})
const facts = { id: 'chatcmpl-bench', created: 1_700_000_000, model: 'aurora-preview' }
const chunk = (choices: readonly object[], more: object = {}): Buffer =>
  event({ ...facts, object: 'chat.completion.chunk', choices, ...more })
const word = chunk([{ index: 0, delta: { content: ' word' }, finish_reason: null }])

/** Replies by the number of tokens that is asked for. */
const documents = new Map<number, Buffer>()
const ends = new Map<number, Buffer>()

function made(known: Map<number, Buffer>, tokens: number, make: () => Buffer): Buffer {
  const found = known.get(tokens) ?? make()
  known.set(tokens, found)
  return found
}

const documentOf = (tokens: number): Buffer =>
  made(documents, tokens, () => {
    const message = { role: 'assistant', content: ' word'.repeat(tokens) }
    const choices = [{ index: 0, message, finish_reason: 'stop' }]
    return bytes({ ...facts, object: 'chat.completion', choices, usage: usage(tokens) })
  })

/** The usage in a chunk of its own and the protocol's end, in one piece. */
const endOf = (tokens: number): Buffer =>
  made(ends, tokens, () =>
    Buffer.concat([chunk([], { usage: usage(tokens) }), Buffer.from('data: [DONE]\n\n')]),
  )

const after = (ms: number, act: () => void): void => {
  if (ms === 0) setImmediate(act)
  else setTimeout(act, ms)
}

/** One chunk a token, then the end. */
function stream(response: ServerResponse, tokens: number): void {
  response.writeHead(200, { 'content-type': 'text/event-stream' })
  let left = tokens
  const next = (): void => {
    if (response.destroyed) return
    if (left === 0) {
      response.end(endOf(tokens))
      return
    }
    left -= 1
    response.write(word)
    after(chunkMs, next)
  }
  next()
}

function document(response: ServerResponse, tokens: number): void {
  const body = documentOf(tokens)
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': body.length })
  response.end(body)
}

const server = createServer((request, response) => {
  const chunks: Buffer[] = []
  request.on('data', (piece: Buffer) => chunks.push(piece))
  request.on('end', () => {
    const asked = JSON.parse(Buffer.concat(chunks).toString('utf8')) as {
      stream?: boolean
      max_completion_tokens: number
    }
    const reply = asked.stream ? stream : document
    if (thinkMs === 0) reply(response, asked.max_completion_tokens)
    else after(thinkMs, () => reply(response, asked.max_completion_tokens))
  })
})
const told: UpstreamTold = { url: `${await listenOnLoopback(server)}/v1` }
serve(told, async () => {
  server.closeAllConnections()
  server.close()
})
