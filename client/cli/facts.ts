/** How a record is told to a person: a name and what it says on a line of 80 columns, and words of others in quotes. */
import { at, textAt } from '../json.ts'
import { printable } from './terminal.ts'

/** One that says nothing is left out. */
export type Fact = readonly [name: string, value: string | undefined]

const indent = 11
const columns = 80

export const formatFacts = (facts: readonly Fact[]): string =>
  facts
    .filter(([, value]) => value)
    .map(([name, value = '']) => `${printable(name).padEnd(indent - 1)} ${wrapped(value, indent)}\n`)
    .join('')

/** Broken between words, so that an id stays in one piece; what follows the first line begins at `from`. */
export function wrapped(text: string, from: number): string {
  const lines: string[] = []
  let line = ''
  for (const word of printable(text).split(' ')) {
    if (line !== '' && from + line.length + 1 + word.length > columns) {
      lines.push(line)
      line = word
    } else line = line === '' ? word : `${line} ${word}`
  }
  return [...lines, line].join(`\n${' '.repeat(from)}`)
}

/** Cut for a table. An id is never cut: somebody may have to type it. */
export const clipped = (text: string | undefined, length: number): string | undefined =>
  text !== undefined && text.length > length ? `${text.slice(0, length - 1)}…` : text

/** `2026-11-27 00:05 UTC` of an RFC 3339 time; what is none stays as it is. */
export const utc = (text: string | undefined): string | undefined => {
  const short = utcShort(text)
  return short === text ? text : `${short} UTC`
}

/** The same of an entry, of which ten seconds are known: `2026-11-27 00:05:10 UTC`. */
export const utcSeconds = (text: string | undefined): string | undefined =>
  text === undefined || Number.isNaN(Date.parse(text))
    ? text
    : `${new Date(text).toISOString().slice(0, 19).replace('T', ' ')} UTC`

/** The same for a column whose title says UTC. */
export function utcShort(text: string | undefined): string | undefined {
  if (text === undefined || !/^\d{4}-\d\d-\d\dT/.test(text)) return text
  const ms = Date.parse(text)
  return Number.isNaN(ms) ? text : new Date(ms).toISOString().slice(0, 16).replace('T', ' ')
}

/** On one line, and without quotes of its own: it cannot look as if it had ended. */
export const quoted = (text: string): string =>
  `“${text.replace(/[“”]/g, '"').replace(/\s*[\r\n]+\s*/g, ' / ')}”`

export const listAt = (value: unknown, ...path: readonly string[]): readonly unknown[] => {
  const found = at(value, ...path)
  return Array.isArray(found) ? found : []
}

export const wordsAt = (value: unknown, ...path: readonly string[]): string =>
  listAt(value, ...path)
    .filter(one => typeof one === 'string')
    .join(' ')

/** A whole number with its thousands apart, and what it counts. */
export const counted = (count: number, one: string, many = `${one}s`): string =>
  `${count.toLocaleString('en-US')} ${count === 1 ? one : many}`

/** `cedar (Cedar County Hospital)`. */
export function nameAndId(value: unknown): string | undefined {
  const [id, name] = [textAt(value, 'id'), textAt(value, 'name')]
  if (id === undefined || name === undefined) return id ?? name
  // What has no name of its own is called by its kind and its id.
  return name === id || name.endsWith(` ${id}`) ? id : `${id} (${name})`
}

export function signatureText(signature: unknown): string | undefined {
  const name = textAt(signature, 'name')
  if (name === undefined) return undefined
  const [role, organisation] = [textAt(signature, 'role'), textAt(signature, 'organisation')]
  if (role === 'operator') return `an operator (${name}), ${utc(textAt(signature, 'at'))}`
  return `${name} (${role} of ${organisation}), ${utc(textAt(signature, 'at'))}`
}

/** Why, in the words of whoever decided. */
export function reasonFacts(reason: unknown, by: string | undefined): readonly Fact[] {
  const [code, text] = [textAt(reason, 'code'), textAt(reason, 'text')]
  if (code === undefined) return []
  const sealed = at(reason, 'sealed') === true
  const words =
    text === undefined
      ? '; the words are sealed'
      : `${sealed ? ' (sealed)' : ''}${by === undefined ? '' : `, entered by ${by}`}: ${quoted(text)}`
  return [
    ['why', `${code}${words}`],
    ['reference', textAt(reason, 'reference')],
  ]
}

/** What somebody vouches for, until when, and who they are. */
export function claimText(claim: unknown): string | undefined {
  const [value, by] = [textAt(claim, 'value'), textAt(claim, 'by')]
  return value && `${value} until ${utc(textAt(claim, 'expires_at'))}${by ? `, by the word of ${by}` : ''}`
}

/** Since when, why and by which entry time has stopped it. */
export function lapseFacts(lapse: unknown): readonly Fact[] {
  const since = textAt(lapse, 'at')
  if (since === undefined) return []
  const appeal = textAt(lapse, 'appeal')
  return [
    ['stopped', `by time, at ${utc(since)}`],
    ...reasonFacts(at(lapse, 'reason'), undefined),
    ['entry', textAt(lapse, 'entry')],
    ['appeal', appeal && `once: ${appeal}`],
  ]
}

/** What stops it, and whether a second person has looked at that. `ratify` is the command by which one does. */
export function stopFacts(stop: unknown, ratify: string): readonly Fact[] {
  const by = signatureText(at(stop, 'by'))
  if (by === undefined) return []
  const ratified = signatureText(at(stop, 'ratified'))
  const appeal = textAt(stop, 'appeal')
  const due = `by ${utc(textAt(stop, 'ratify_by'))}, by a second person`
  return [
    ['stopped', `by ${by}${at(stop, 'break_glass') === true ? ', alone by break-glass' : ''}`],
    ...reasonFacts(at(stop, 'reason'), textAt(stop, 'by', 'name')),
    ['ratified', ratified && `by ${ratified}`],
    ['to ratify', ratified ? undefined : `${at(stop, 'missed') === true ? 'OVERDUE, ' : ''}${due}`],
    ['they run', ratified ? undefined : ratify],
    ['entry', textAt(stop, 'entry')],
    ['appeal', appeal && `once: ${appeal}`],
  ]
}
