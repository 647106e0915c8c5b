/**
 * What of a reply is text, by what was sent to the caller. Pure. An upstream wrote it: what has not the shape that its
 * protocol gives it is passed over, and nothing throws.
 */
import { jsonOrNothing } from './json.ts'
import { readEvent } from './sse.ts'

/** A piece of one of the texts that a reply has: of a choice, of a block, of a call of a tool. */
export interface Piece {
  /** Which text it goes on with. */
  readonly of: string
  readonly text: string
  /** The text is JSON, and its strings are what is read: the arguments of a tool. */
  readonly json?: true
}

/** How one protocol's replies tell their text. */
export interface ReplyText {
  /** Of a reply that is one document. */
  document(reply: Fields): readonly Piece[]
  /** Of one event of a streamed reply. */
  event(event: Fields): readonly Piece[]
}

export type Fields = Readonly<Record<string, unknown>>

/** The texts of a streamed reply, from its events as they came. */
export const streamedTexts = (text: ReplyText, events: readonly Uint8Array[]): readonly string[] =>
  joined(events.flatMap(event => eventPieces(text, event)))

/** Of one event as it came. */
export const eventPieces = ({ event }: ReplyText, bytes: Uint8Array): readonly Piece[] =>
  event(fields(jsonOrNothing(readEvent(bytes).data)))

export const wholeTexts = ({ document }: ReplyText, reply: string): readonly string[] =>
  joined(document(fields(jsonOrNothing(reply))))

/** Each text once: the last event of some protocols repeats all of them. */
export function joined(pieces: readonly Piece[]): readonly string[] {
  const texts = new Map<string, { readonly json: boolean; readonly parts: string[] }>()
  for (const { of, text, json = false } of pieces) {
    const known = texts.get(of)
    if (known) known.parts.push(text)
    else texts.set(of, { json, parts: [text] })
  }
  const all = [...texts.values()].map(({ json, parts }) =>
    json ? stringsIn(parts.join('')) : parts.join(''),
  )
  return [...new Set(all)].filter(text => text !== '')
}

/** The strings of a JSON text, one a line; of one that was cut, its own letters, without what JSON writes for others. */
function stringsIn(json: string): string {
  try {
    return stringsOf(JSON.parse(json))
  } catch {
    return json.replace(/\\(?:u([0-9a-f]{4})|[bfnrt])/gi, (_, code?: string) =>
      code === undefined ? ' ' : String.fromCharCode(Number.parseInt(code, 16)),
    )
  }
}

/** Of a value that JSON can say, in order. No recursion: how deep it is nested is up to whoever made the model say it. */
export function stringsOf(value: unknown): string {
  const found: string[] = []
  const open = [value]
  while (open.length > 0) {
    const next = open.pop()
    if (typeof next === 'string') found.push(next)
    else if (typeof next === 'object' && next !== null)
      for (const one of Object.values(next).reverse()) open.push(one)
  }
  return found.join('\n')
}

export const fields = (value: unknown): Fields =>
  typeof value === 'object' && value !== null ? (value as Fields) : {}

/** Of a list, what is in it with its place there, or with the place that it names itself. */
export const listed = (value: unknown): readonly (readonly [index: string, item: Fields])[] =>
  Array.isArray(value)
    ? value.map((item, i) => {
        const { index } = fields(item)
        return [String(typeof index === 'number' ? index : i), fields(item)]
      })
    : []

/** Numbers by which an event says where it belongs. */
export const place = (...named: readonly unknown[]): string =>
  named.map(one => (typeof one === 'number' ? one : '')).join(' ')

/** Nothing where there is no text. */
export const piece = (of: string, text: unknown): readonly Piece[] =>
  typeof text === 'string' ? [{ of, text }] : []

export const jsonPiece = (of: string, text: unknown): readonly Piece[] =>
  typeof text === 'string' ? [{ of, text, json: true }] : []
