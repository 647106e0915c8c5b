/**
 * Facts of a row and of a record in one form, so that they can be compared: ids, words, numbers. Times and latencies are
 * none: they have marks. Whatever a program writes around facts (titles, labels) is none on either side. Pure.
 */
import { foldText } from '../domain/folded-text.ts'
import { alikeForm, findIds } from './ids.ts'
import { findTimes } from './times.ts'

/** What of a record its facts are made of: a record of a bundle, or an entry as the API shows it. */
export interface FactsRecord {
  readonly eid: string
  readonly body: object
  readonly sentence: string
  readonly digest?: string
  readonly index?: number | null
}

/** No word runs over it, no id and no time: for texts in a row that are apart. */
export const apart = ' ; '

/** All that an export or the command line shows of it, titles of its fields included. */
export function factsOf({ eid, body, sentence, digest = '', index }: FactsRecord): readonly string[] {
  const texts = [eid, sentence, digest, index === null || index === undefined ? '' : String(index)]
  gather(body, texts)
  return factsIn(texts.join(apart))
}

/** Its values and their names. A body is as deep as its writers make it; what is deeper is none of it. */
function gather(value: unknown, texts: string[], deep = 0): void {
  if (typeof value === 'string') texts.push(value)
  else if (typeof value === 'number') texts.push(String(value))
  else if (typeof value === 'object' && value !== null && deep < 50)
    for (const [name, inner] of Object.entries(value)) {
      if (!Array.isArray(value)) texts.push(name)
      gather(inner, texts, deep + 1)
    }
}

/** What separates words, however it is drawn or left out: other forms of a text have blanks in its place. */
const unprintable = /[\p{C}\p{Z}\ufffd]/gu
/** Bounded: what a pattern keeps in mind of an endless word has an end itself. */
const chunks = /[\p{L}\p{N}_-]{1,200}(?:(?:\.|,(?=\p{N}))[\p{L}\p{N}_-]{1,200}){0,50}/gu

/** Each once, in the order in which they stand. */
export function factsIn(text: string): readonly string[] {
  const spaced = text.replace(unprintable, ' ').replace(/ {2,}/g, ' ')
  const folded = isAscii(spaced) ? spaced : foldText(spaced)
  const facts = new Set<string>()
  let rest = cutOut(folded, findTimes(folded, { offsetMinutes: 0 }))
  const ids = findIds(rest)
  for (const { id } of ids) facts.add(idFact(id))
  rest = cutOut(rest, ids)
  for (const match of rest.matchAll(chunks)) {
    const end = match.index + match[0].length
    // Cut where its writer had no more room: a part of a word is another word.
    if (rest[end] === '.' && rest.startsWith('...', end)) continue
    if (rest[match.index - 1] === '.' && rest.startsWith('...', match.index - 3)) continue
    const chunk = match[0].toLowerCase()
    if (!plainWord.test(chunk)) for (const fact of factsOfChunk(chunk)) facts.add(fact)
    else if (chunk.length >= shortestWord && !written.has(chunk)) facts.add(chunk)
  }
  return [...facts]
}

/** Digits that are drawn alike are one. */
export function idFact(id: string): string {
  const at = id.indexOf('_') + 1
  const end = id.endsWith('.outcome') ? id.length - '.outcome'.length : id.length
  return id.slice(0, at) + alikeForm(id.slice(at, end)) + id.slice(end)
}

/** Nearly all of them. */
const plainWord = /^[a-z]+$/

function factsOfChunk(chunk: string): readonly string[] {
  if (!/\d/.test(chunk) && !/\p{N}/u.test(chunk)) return chunk.split(/[-_.]+/).filter(isWord)
  if (/^[\d.,]+$/.test(chunk)) {
    const plain = /^\d{1,3}(?:,\d{3})+(?:\.\d+)?$/.test(chunk) ? chunk.replaceAll(',', '') : chunk
    return plain.split(',').map(numberText).filter(isNumber)
  }
  return chunk.split(',').map(mixed).filter(isMixed)
}

const shortestWord = 3
const isWord = (word: string): boolean => [...word].length >= shortestWord && !written.has(word)

const numberText = (digits: string): string => digits.replace(/\.0*$/, '').replace(/^0+(?=\d)/, '')

/** As many digits as a time in milliseconds has: it is one. */
const longestNumber = 11
const isNumber = (number: string): boolean =>
  number !== '' && number.length <= longestNumber && !written.has(number)

/** Digests and the like are long, and a person compares them no better than a program that reads pictures. */
const compared = 16
function mixed(text: string): string {
  let [from, to] = [0, text.length]
  while (isDash(text[from])) from++
  while (to > from && isDash(text[to - 1])) to--
  const bare = text.slice(from, to)
  if (/^\d+$/.test(bare)) return numberText(bare)
  return bare.length >= compared ? alikeForm(bare) : bare
}
const isDash = (character: string | undefined): boolean => character === '-' || character === '_'
const isMixed = (text: string): boolean => (/^\d+$/.test(text) ? isNumber(text) : text !== '')

function cutOut(text: string, parts: readonly { readonly from: number; readonly to: number }[]): string {
  if (parts.length === 0) return text
  let at = 0
  const kept: string[] = []
  for (const { from, to } of parts) {
    kept.push(text.slice(at, from))
    at = to
  }
  return [...kept, text.slice(at)].join(apart)
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: that is what is asked
const isAscii = (text: string): boolean => /^[\u0000-\u007f]*$/.test(text)

/** Titles and labels of exports and of the command line, names of fields that may be withheld, and `exact_to_s`. */
const written: ReadonlySet<string> = new Set(
  `time latency exact sentence kind decision action code ending organisation person client model grant charge
   request about words withheld eid leaf digest entry entries took says what why reference with holds place tree also
   entered from you none yet waits for token tokens utc somebody comment unmapped params difference hit effects shown
   proposed yes the and was were its machine ticket sallyport log search true false null 10`.split(/\s+/),
)
