/**
 * The language in which the log is searched: `decision:refuse partner:cedar -code:rate_limited time:-7d..now`. All terms
 * hold; `a,b` is one of both; `-` is what does not match; `*` behind a value is what begins so. No text makes it throw.
 */
import { isEntryId } from '../entries/id.ts'
import { decisionWords, endingWords, typeWords } from './kinds.ts'
import { formatRange, judgeRanges, momentForms, parseMoment } from './moments.ts'
import { nearest } from './nearest.ts'
import {
  type ChargeTerm,
  comparisons,
  isSearchKey,
  type Moment,
  type ParsedQuery,
  type QueryFault,
  searchKeys,
  shown,
  type Term,
  type TimeTerm,
  type Value,
  type WordKey,
} from './query.ts'
import { type Piece, type Token, tokenize } from './tokens.ts'

/** What is wrong is told with its place, and what to write instead. */
export function parseQuery(text: string): ParsedQuery | QueryFault {
  const tokens = tokenize(text)
  if (!Array.isArray(tokens)) return tokens as QueryFault
  const times: TimeTerm[] = []
  const terms: Term[] = []
  for (const token of tokens as readonly Token[]) {
    const { key } = token
    if (!isSearchKey(key)) return unknownKey(token)
    const term = key === 'time' ? timeTerm(token) : termOf(key, token)
    if ('message' in term) return term
    if ('key' in term) terms.push(term)
    else times.push(term)
  }
  return judgeRanges(times) ?? { times, terms }
}

/** In one form for all that means the same: ranges first, and quotes only where they are needed. */
export const formatQuery = ({ times, terms }: ParsedQuery): string =>
  [...times.map(term => `time:${formatRange(term)}`), ...terms.map(formatTerm)].join(' ')

export const formatTerm = (term: Term): string =>
  `${term.negated ? '-' : ''}${term.key}:${'values' in term ? term.values.map(formatValue).join(',') : `${term.than}${term.amount}`}`

const bare = /^[^\s",*<>][^\s",*]*$/u

const formatValue = ({ text, prefix }: Value): string =>
  prefix ? `${text}*` : bare.test(text) ? text : `"${text.replace(/["\\]/g, '\\$&')}"`

function unknownKey({ key, keyAt }: Token): QueryFault {
  const meant = nearest(key, searchKeys)
  return {
    at: keyAt,
    length: key.length,
    message: `${shown(key)} is not a key.`,
    next: `${meant ? `Perhaps ${meant} is meant. ` : ''}The keys are ${searchKeys.join(', ')}.`,
  }
}

const inPiece = ({ at, length }: Piece, message: string, next: string): QueryFault => ({
  at,
  length,
  message,
  next,
})

function termOf(key: WordKey, { negated, pieces }: Token): Term | QueryFault {
  const values: Value[] = []
  for (const piece of pieces) {
    const than = piece.quoted ? undefined : comparisons.find(one => piece.text.startsWith(one))
    if (than !== undefined) return comparison(key, { negated, pieces }, piece, than)
    const value = wordOf(key, piece)
    if ('message' in value) return value
    values.push(value)
  }
  return { key, negated, values }
}

function comparison(
  key: WordKey,
  { negated, pieces }: Pick<Token, 'negated' | 'pieces'>,
  piece: Piece,
  than: ChargeTerm['than'],
): ChargeTerm | QueryFault {
  if (key !== 'charge')
    return inPiece(
      piece,
      `${shown(key)} cannot be compared by ${than}: only time and charge can.`,
      `Name the value, or its start with * behind it; where the value itself begins so, put it into quotes.`,
    )
  if (pieces.length > 1)
    return inPiece(
      piece,
      'A comparison stands alone in its term.',
      'Write one term for each: charge:>=1000 charge:<5000',
    )
  const amount = piece.text.slice(than.length)
  return isCount(amount) ? { key, negated, than, amount: Number(amount) } : notCount(piece)
}

/** A whole number as JSON writes it. */
const isCount = (text: string): boolean =>
  /^(?:0|[1-9]\d{0,15})$/.test(text) && Number.isSafeInteger(Number(text))

const notCount = (piece: Piece): QueryFault =>
  inPiece(
    piece,
    `${shown(piece.text)} is not a whole number of tokens.`,
    'Write it without separators: charge:>=1000',
  )

/** Words of which all that there can be are known. */
const closed: Readonly<Partial<Record<WordKey, readonly string[]>>> = {
  decision: decisionWords,
  ending: endingWords,
  type: typeWords,
}

function wordOf(key: WordKey, piece: Piece): Value | QueryFault {
  const { text, quoted } = piece
  const star = quoted ? -1 : text.indexOf('*')
  if (star !== -1 && star < text.length - 1)
    return {
      at: piece.at + star,
      length: 1,
      message: '* stands at the end of a value only, for what begins so.',
      next: 'Put the value into quotes if the * belongs to it.',
    }
  if (star !== -1) return prefixOf(key, piece, text.slice(0, -1))
  if (text === '')
    return inPiece(
      piece,
      `${shown(key)} has an empty value.`,
      `Write what it is; ${key}:* is whatever has one.`,
    )
  if (key === 'charge' && !isCount(text)) return notCount(piece)
  if (key === 'entry' && !isEntryId(text)) return notEntry(piece)
  const words = closed[key]
  if (words === undefined || words.includes(text)) return { text }
  const meant = nearest(text, words)
  return inPiece(
    piece,
    `${shown(text)} is nothing that ${key} can be.`,
    `${meant ? `Perhaps ${meant} is meant. ` : ''}It is one of ${words.join(', ')}.`,
  )
}

function prefixOf(key: WordKey, piece: Piece, text: string): Value | QueryFault {
  if (key === 'entry') return notEntry(piece)
  if (key === 'charge' && text !== '')
    return inPiece(piece, 'A charge has no beginning.', 'Compare it: charge:>=1000 charge:<2000')
  return { text, prefix: true }
}

const notEntry = (piece: Piece): QueryFault =>
  inPiece(
    piece,
    `${shown(piece.text)} is not the whole id of an entry.`,
    'Write the id as it is listed: entry_ and 26 characters, and .outcome behind it for how a call ended.',
  )

function timeTerm({ negated, pieces, at, length }: Token): TimeTerm | QueryFault {
  const whole = { at, length }
  if (negated)
    return {
      ...whole,
      message: 'A range of time cannot be taken away.',
      next: 'Say which time is wanted: time:>=2026-11-27',
    }
  const [piece] = pieces
  if (piece === undefined || pieces.length > 1)
    return {
      ...whole,
      message: 'A query has one range of time.',
      next: 'Write the first and the last moment: time:2026-11-20..2026-11-27',
    }
  const { text } = piece
  const two = text.indexOf('..')
  if (two !== -1) return rangeOf(piece, text.slice(0, two), text.slice(two + 2), whole)
  if (text.startsWith('>=')) return oneEnd('from', piece, text.slice(2), whole)
  if (text.startsWith('<=')) return oneEnd('to', piece, text.slice(2), whole)
  const [sign = '', rest = ''] = /^[<>]/.test(text) ? [text.slice(0, 1), text.slice(1)] : []
  if (sign !== '')
    return inPiece(piece, `Time takes ${sign}= and no bare ${sign}.`, `Write ${written(`${sign}=`, rest)}`)
  const moment = parseMoment(text)
  if (moment === undefined) return notMoment(piece, text)
  // A day is a range by itself; a single moment would be next to nothing.
  if (moment.kind === 'day') return { from: moment, to: moment, ...whole }
  return inPiece(
    piece,
    `${shown(text)} is one moment, and not a range.`,
    `Write ${written('>=', text)} for what came since, or ${written('<=', text)} for what came before.`,
  )
}

/** An example that is as long as what it stands for. */
const written = (than: string, text: string): string =>
  `time:${than}${parseMoment(text) === undefined ? '2026-11-27' : text}`

function rangeOf(
  piece: Piece,
  first: string,
  last: string,
  whole: Pick<TimeTerm, 'at' | 'length'>,
): TimeTerm | QueryFault {
  if (first === '' || last === '')
    return inPiece(
      piece,
      'One end of the range is missing.',
      first === '' ? `Write ${written('<=', last)}` : `Write ${written('>=', first)}`,
    )
  const from = parseMoment(first)
  if (from === undefined) return notMoment(piece, first)
  const to = parseMoment(last)
  if (to === undefined) return notMoment(piece, last)
  return { from, to, ...whole }
}

function oneEnd(
  end: 'from' | 'to',
  piece: Piece,
  text: string,
  whole: Pick<TimeTerm, 'at' | 'length'>,
): TimeTerm | QueryFault {
  const moment: Moment | undefined = parseMoment(text)
  if (moment === undefined) return notMoment(piece, text)
  return end === 'from' ? { from: moment, ...whole } : { to: moment, ...whole }
}

/** Where quotes or what is escaped shift the place, the whole value is named. */
function notMoment(piece: Piece, text: string): QueryFault {
  const inside = piece.quoted || text === '' ? -1 : piece.text.lastIndexOf(text)
  return {
    at: inside === -1 ? piece.at : piece.at + inside,
    length: inside === -1 ? piece.length : text.length,
    message: text === '' ? 'The moment is missing.' : `${shown(text)} is not a moment.`,
    next: `Write ${momentForms}: a time with its zone, a day of UTC, so long ago (s, m, h, d), or now.`,
  }
}
