/** How a provider's path reads a request for one model, and what it would send. */
import type { Model } from '../../../shared/domain/records.ts'
import { Refusal } from '../../../shared/domain/refusal.ts'
import type { Operation, Prepared, StreamWatch } from '../../../shared/upstream/operation.ts'

const upstream = { url: 'http://127.0.0.1', credential: 'c', model: 'inner' }
export const model = {
  id: 'aurora',
  tokens: {
    overhead: { request: 16, message: 8, tool: 32 },
    image: 1_000,
    defaultOutput: 512,
    hiddenOutput: false,
  },
} as Model
export const bare = {
  ...model,
  tokens: { overhead: { request: 0, message: 0, tool: 0 }, hiddenOutput: false },
}

export const messages = [{ role: 'user', content: 'hello' }]
/** Chat completions and messages take it. */
export const base = { model: 'aurora', messages, max_tokens: 20 }

export function read(operation: Operation, body: unknown, at: Model = model): Prepared | Refusal {
  const request = operation.parse(body)
  return request instanceof Refusal ? request : request.prepare(at, upstream)
}

export function prepared(operation: Operation, body: unknown, at: Model = model) {
  const request = read(operation, body, at)
  if (request instanceof Refusal) throw new Error(`${request.code}: ${request.facts.detail}`)
  return { ...request, sent: JSON.parse(Buffer.from(request.body).toString()) as Record<string, unknown> }
}

/** The watch over a reply to `body`, which asks for a stream. */
export function watching(operation: Operation, body: object): StreamWatch {
  const { watch } = prepared(operation, { ...body, stream: true })
  if (watch === undefined) throw new Error(`${operation.name} does not stream`)
  return watch()
}

export const event = (data: object | string): Buffer =>
  Buffer.from(`data: ${typeof data === 'string' ? data : JSON.stringify(data)}\n\n`)
