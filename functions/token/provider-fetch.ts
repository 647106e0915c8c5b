import type { Clock } from '../../shared/ports/world.ts'

/** For one request, its body included. Milliseconds. */
const limitMs = 5_000
/** Bytes of one answer, once it is unpacked. */
const bodyCap = 256 * 1024

export class ProviderTooSlow extends Error {
  override readonly name = 'ProviderTooSlow'
}
export class ProviderTooLarge extends Error {
  override readonly name = 'ProviderTooLarge'
}

interface Question {
  readonly method: string
  readonly headers: Record<string, string>
  readonly body?: unknown
}

type Ask = (url: string, question: Question) => Promise<Response>

/**
 * Asks an organisation's provider, which is somebody else's server: no longer than 5 s, no more than 256 KB, and no
 * redirect, which could lead anywhere. Resolves with the whole answer. Throws what `ask` throws, or one of the above.
 */
export function createProviderFetch(ask: typeof fetch, clock: Clock): Ask {
  return async (url, { method, headers, body }) => {
    const over = new AbortController()
    const inTime = new AbortController()
    const late = new Promise<never>((_, reject) => {
      clock.sleep(limitMs, inTime.signal).then(() => {
        if (!inTime.signal.aborted) reject(new ProviderTooSlow('no answer in time'))
      })
    })
    try {
      const whole = ask(url, {
        method,
        headers,
        redirect: 'manual',
        signal: over.signal,
        ...(body !== undefined && body !== null && { body: body as URLSearchParams }),
      }).then(read)
      return await Promise.race([whole, late])
    } finally {
      inTime.abort()
      // Whatever has not come by now is not wanted any more.
      over.abort()
    }
  }
}

async function read(response: Response): Promise<Response> {
  const chunks: Uint8Array[] = []
  let size = 0
  if (response.body)
    for await (const chunk of response.body as AsyncIterable<Uint8Array>) {
      size += chunk.byteLength
      if (size > bodyCap) throw new ProviderTooLarge(`more than ${bodyCap} bytes`)
      chunks.push(chunk)
    }
  const { status, headers } = response
  return new Response(size > 0 ? Buffer.concat(chunks) : null, { status, headers: plain(headers) })
}

/** The body stands unpacked here: what told of its packing is left out. */
function plain(headers: Headers): Headers {
  const kept = new Headers(headers)
  kept.delete('content-encoding')
  kept.delete('content-length')
  return kept
}
