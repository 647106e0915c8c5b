/** Server-sent events (WHATWG HTML §9.2), passed on as the bytes they came in. */

const LF = 10
const CR = 13

/**
 * An event that does not end within this many bytes is no event of these protocols: the largest repeats the
 * request, of at most 4 MB, and the whole reply.
 */
const maxEvent = 16 << 20

/**
 * Cuts a byte stream into whole events, each with the blank line that ends it. Lines may end in LF, CR or
 * CRLF. Throws a RangeError for an event that does not end.
 */
export class EventSplitter {
  #pending: Uint8Array[] = []
  #pendingBytes = 0
  #lineEmpty = true
  #afterCr = false

  push(chunk: Uint8Array): Uint8Array[] {
    const events: Uint8Array[] = []
    let start = 0
    for (let i = 0; i < chunk.length; i++) {
      const byte = chunk[i]
      if (byte === LF && this.#afterCr) {
        this.#afterCr = false
        continue
      }
      this.#afterCr = byte === CR
      if (byte !== LF && byte !== CR) {
        this.#lineEmpty = false
        continue
      }
      if (this.#lineEmpty) {
        const end = byte === CR && chunk[i + 1] === LF ? i + 2 : i + 1
        events.push(this.#take(chunk.subarray(start, end)))
        start = end
      }
      this.#lineEmpty = true
    }
    if (start < chunk.length) this.#keep(chunk.subarray(start))
    return events
  }

  /** What came after the last whole event: an upstream may end without the blank line. */
  end(): Uint8Array[] {
    const rest = this.#take(new Uint8Array())
    return rest.length === 0 ? [] : [Buffer.concat([rest, Buffer.from('\n\n')])]
  }

  #keep(bytes: Uint8Array): void {
    this.#pending.push(bytes)
    this.#pendingBytes += bytes.length
    if (this.#pendingBytes > maxEvent) throw new RangeError('the upstream sent an event without an end')
  }

  #take(last: Uint8Array): Uint8Array {
    if (this.#pending.length === 0) return last
    const whole = Buffer.concat([...this.#pending, last])
    this.#pending = []
    this.#pendingBytes = 0
    return whole
  }
}

export interface SseEvent {
  readonly name: string | undefined
  /** Its lines joined. */
  readonly data: string
}

export function readEvent(event: Uint8Array): SseEvent {
  const text = Buffer.from(event.buffer, event.byteOffset, event.byteLength)
    .toString('utf8')
    .replace(/^\ufeff/, '')
  if (text.startsWith('data: ') && text.indexOf('\n') === text.length - 2 && !text.includes('\r'))
    return { name: undefined, data: text.slice(6, -2) }
  let name: string | undefined
  const data: string[] = []
  for (const line of text.split(/\r\n|\n|\r/)) {
    const [field = '', value = ''] = /^([^:]*):? ?(.*)$/s.exec(line)?.slice(1) ?? []
    if (field === 'data') data.push(value)
    if (field === 'event') name = value
  }
  return { name, data: data.join('\n') }
}

/** Begins with a comment (WHATWG HTML §9.2.6). */
export const isComment = (event: Uint8Array): boolean => event[0] === 0x3a
