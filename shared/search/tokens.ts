/** A query cut into its terms: `-key:"value",value`. What the words mean is for `grammar.ts`. */
import { isSearchKey, type QueryFault, searchKeys, shown } from './query.ts'

/** One of the values of a term. */
export interface Piece {
  readonly text: string
  readonly quoted: boolean
  /** Where it stands, with its quotes. */
  readonly at: number
  readonly length: number
}

export interface Token {
  readonly negated: boolean
  readonly key: string
  readonly keyAt: number
  /** At least one. */
  readonly pieces: readonly Piece[]
  readonly at: number
  readonly length: number
}

/** In UTF-16 code units. */
const maxLength = 4_000
const maxTerms = 50

const blank = /\s/u

export function tokenize(text: string): readonly Token[] | QueryFault {
  if (text.length > maxLength)
    return {
      at: maxLength,
      length: text.length - maxLength,
      message: `A query has at most ${maxLength.toLocaleString('en-US')} characters; this one has ${text.length.toLocaleString('en-US')}.`,
      next: 'Ask for less at once, or by the start of a value: request:r-1*',
    }
  const tokens: Token[] = []
  let at = blanksFrom(text, 0)
  while (at < text.length) {
    if (tokens.length === maxTerms)
      return {
        at,
        length: text.length - at,
        message: `A query has at most ${maxTerms} terms.`,
        next: 'Put several values of one key into one term: code:hold_active,grant_suspended',
      }
    const token = readToken(text, at)
    if (!('pieces' in token)) return token
    tokens.push(token)
    at = blanksFrom(text, at + token.length)
  }
  return tokens
}

function readToken(text: string, at: number): Token | QueryFault {
  const negated = text[at] === '-'
  const keyAt = negated ? at + 1 : at
  const colon = endOf(text, keyAt, /[\s:",]/u)
  const key = text.slice(keyAt, colon)
  if (text[colon] !== ':') return withoutKey(text, at, key)
  if (key === '')
    return {
      at,
      length: colon + 1 - at,
      message: 'In front of the colon stands no key.',
      next: `Write key:value. The keys are ${searchKeys.join(', ')}.`,
    }

  const pieces: Piece[] = []
  let next = colon + 1
  for (;;) {
    const piece = readPiece(text, next, key)
    if (!('quoted' in piece)) return piece
    pieces.push(piece)
    next += piece.length
    if (text[next] !== ',') break
    next++
  }
  if (next < text.length && !blank.test(text[next] ?? ''))
    return {
      at: next,
      length: 1,
      message: `${shown(text[next] ?? '')} stands right beside the quotes of a value.`,
      next: 'Put the whole value into one pair of quotes, and a blank between two terms; * stands after a value without quotes.',
    }
  return { negated, key, keyAt, pieces, at, length: next - at }
}

function withoutKey(text: string, at: number, key: string): QueryFault {
  const end = Math.max(endOf(text, at, blank), at + 1)
  const word = text.slice(at, end)
  return {
    at,
    length: end - at,
    message: `${shown(word)} has no key: free words are not looked for.`,
    next: isSearchKey(key)
      ? `Write ${key}:value, without a blank before the colon.`
      : `Write key:value. The keys are ${searchKeys.join(', ')}.`,
  }
}

function readPiece(text: string, at: number, key: string): Piece | QueryFault {
  if (text[at] === '"') return readQuoted(text, at)
  const end = endOf(text, at, /[\s,"]/u)
  if (text[end] === '"' && end > at)
    return {
      at: end,
      length: 1,
      message: 'A quote stands inside a value that has none around it.',
      next: 'Put the whole value into quotes, and a backslash before each quote in it: "a \\"b\\" c"',
    }
  if (end === at)
    return {
      at,
      length: at < text.length ? 1 : 0,
      message: `${shown(key)} has no value here.`,
      next: 'Write the value right behind the colon or the comma, without a blank.',
    }
  return { text: text.slice(at, end), quoted: false, at, length: end - at }
}

function readQuoted(text: string, at: number): Piece | QueryFault {
  let value = ''
  for (let next = at + 1; next < text.length; next++) {
    const character = text[next]
    if (character === '"') return { text: value, quoted: true, at, length: next + 1 - at }
    if (character !== '\\') {
      value += character
      continue
    }
    const escaped = text[next + 1]
    if (escaped !== '"' && escaped !== '\\')
      return {
        at: next,
        length: Math.min(2, text.length - next),
        message: 'A backslash stands in quotes before a quote or another backslash only.',
        next: 'Write \\" for a quote and \\\\ for a backslash.',
      }
    value += escaped
    next++
  }
  return {
    at,
    length: text.length - at,
    message: 'The quote is not closed.',
    next: 'End the value with ", and write \\" for a quote in it.',
  }
}

const blanksFrom = (text: string, at: number): number => endOf(text, at, /\S/u)

/** Where the next character of this kind stands, else the end. */
function endOf(text: string, at: number, stop: RegExp): number {
  let end = at
  while (end < text.length && !stop.test(text[end] ?? '')) end++
  return end
}
