import type { IncomingMessage } from 'node:http'
import { type Refusal, refuse } from '../../shared/domain/refusal.ts'

/** What every body may have: of connections there is a bounded number, so of these bytes too. */
const ownBytes = 64 << 10

/** Bytes that bodies hold beyond their own while they are being read, over all connections. */
export class BodyPool {
  #free: number

  constructor(bytes: number) {
    this.#free = bytes
  }

  take(bytes: number): boolean {
    if (bytes > this.#free) return false
    this.#free -= bytes
    return true
  }

  give(bytes: number): void {
    this.#free += bytes
  }
}

/**
 * The body, cut after `most` bytes, or a refusal where the pool has no more; what is not read here flows away.
 * Rejects when the client goes before it ends. The bytes are copied together as they come: kept as they were
 * sent, chunks of one byte each would hold a hundred times what they carry.
 */
export async function readBody(
  request: IncomingMessage,
  most: number,
  pool: BodyPool,
): Promise<Buffer | Refusal> {
  const end = Math.min(most, Number(request.headers['content-length'] ?? most))
  let body = Buffer.alloc(0)
  let size = 0
  let taken = 0
  try {
    for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
      const kept = chunk.subarray(0, end - size)
      if (size + kept.length > body.length) {
        const capacity = Math.min(end, Math.max(2 * body.length, size + kept.length))
        const further = Math.max(0, capacity - ownBytes) - taken
        if (!pool.take(further)) return refuse('overloaded', 'It reads as many large bodies as it can hold.')
        taken += further
        body = Buffer.concat([body.subarray(0, size)], capacity)
      }
      kept.copy(body, size)
      size += kept.length
      if (size === end) break
    }
    return body.subarray(0, size)
  } finally {
    pool.give(taken)
    // A connection that is not read from does not show that the client has gone.
    request.resume()
  }
}
