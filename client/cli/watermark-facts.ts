/** A trace as a person reads it: who is named, how sure that is, and what it does not say. */
import { at, textAt } from '../json.ts'
import { counted, type Fact, listAt, quoted, utc } from './facts.ts'

const states: Readonly<Record<string, string>> = {
  queued: 'is to be answered',
  running: 'is being answered',
  done: 'is answered',
  failed: 'FAILED',
  expired: 'is kept no longer',
}

export const inquiryState = (inquiry: unknown): string => {
  const state = textAt(inquiry, 'state') ?? ''
  return Object.hasOwn(states, state) ? (states[state] ?? state) : state
}

const number = (value: unknown, ...path: readonly string[]): number => {
  const found = at(value, ...path)
  return typeof found === 'number' ? found : 0
}

/** What was asked, and what became of it. */
export function inquiryFacts(name: string, inquiry: unknown): readonly Fact[] {
  const purpose = textAt(inquiry, 'purpose')
  const failure = textAt(inquiry, 'failure', 'detail')
  return [
    [name, `${textAt(inquiry, 'id')}, ${inquiryState(inquiry)}`],
    ['purpose', purpose && quoted(purpose)],
    ['case', textAt(inquiry, 'case')],
    ['asked', utc(textAt(inquiry, 'requested_at'))],
    ['entry', textAt(inquiry, 'entry')],
    ['failed', failure && `${textAt(inquiry, 'failure', 'code')}: ${failure}`],
    ['answered', utc(textAt(inquiry, 'made_at'))],
    ['kept', utc(textAt(inquiry, 'kept_until'))?.replace(/^/, 'until ')],
  ]
}

/** In parts, each of which is told apart from the others. */
export function traceFacts(trace: unknown): readonly (readonly Fact[])[] {
  const result = at(trace, 'result')
  const asked = inquiryFacts('trace', trace)
  if (result === undefined || result === null) return [asked]
  const readers = listAt(result, 'readers')
  return [
    [...asked, ...leakFacts(result), ['named', namedText(result, readers.length)]],
    ...readers.map(readerFacts),
    limitFacts(result),
  ]
}

/** What it does not say. Whoever reads a name reads them too. */
export const limitFacts = (result: unknown): readonly Fact[] =>
  listAt(result, 'limits').map((limit, n): Fact => [n === 0 ? 'limits' : '', String(limit)])

function leakFacts(result: unknown): readonly Fact[] {
  const of = (field: string): number => number(result, field)
  const left = [
    of('ambiguous') > 0 && `${counted(of('ambiguous'), 'row')} that could be of several records`,
    of('unmatched') > 0 && `${counted(of('unmatched'), 'row')} of no record that you may see`,
    of('times_unclear') > 0 && `${counted(of('times_unclear'), 'row')} whose day and month are unclear`,
    of('unread') > 0 && `${counted(of('unread'), 'line')} of which nothing was read`,
    of('left_out') > 0 && `${counted(of('left_out'), 'row')} that were not handed in`,
  ].filter(Boolean)
  const unproved = number(result, 'layers', 'A', 'unproved')
  return [
    [
      'leak',
      of('matched') === 0
        ? `${counted(of('rows'), 'row')}, none of which is certain to be of one record of the log`
        : `${counted(of('rows'), 'row')}; ${of('matched').toLocaleString('en-US')} matched to ${counted(of('records'), 'record')} of the log`,
    ],
    ['left out', left.join('; ')],
    [
      'unproved',
      unproved > 0
        ? `${counted(unproved, 'record')} whose proof says nothing here: altered, of another log, or not for you to see`
        : undefined,
    ],
    ['compared', comparedText(result)],
  ]
}

function comparedText(result: unknown): string | undefined {
  const records = (layer: string): number => number(result, 'layers', layer, 'records')
  const slots = Math.max(number(result, 'layers', 'B', 'tested'), number(result, 'layers', 'C', 'tested'))
  const compared = [
    records('A') > 0 && `${counted(records('A'), 'record')} by their own proof`,
    records('B') > 0 && `digits of ${counted(records('B'), 'record')}`,
    records('C') > 0 && `which of two instants in ${counted(records('C'), 'record')}`,
    slots > 0 && `with ${counted(slots, 'slot')} for readers`,
  ].filter(Boolean)
  return compared.length === 0 ? undefined : compared.join('; ')
}

function namedText(result: unknown, count: number): string {
  if (count > 0)
    return `${counted(count, 'reader')}, at a risk of ${number(result, 'epsilon')} that anybody innocent is`
  return `nobody. ${lackingText(result)}`
}

/** Why nobody is named, as far as that can be told without saying how near anybody came, and what would tell more. */
function lackingText(result: unknown): string {
  if (number(result, 'matched') === 0)
    return number(result, 'ambiguous') > 0
      ? 'Rows with the ids of their entries, or with more of their columns, would tell which records they are of.'
      : 'Look whether its times are in UTC (--utc-offset), and whether you may see what it is about; it may be of another log.'
  const isCompared = ['A', 'B', 'C'].some(layer => number(result, 'layers', layer, 'records') > 0)
  return isCompared
    ? 'It is too little to tell, or no reader’s copy. More rows, or times with more of their digits, would tell more.'
    : 'Nothing in it marks a copy: times to the second or finer would, or a proof.'
}

function readerFacts(reader: unknown): readonly Fact[] {
  const organisation = textAt(reader, 'organisation')
  const id = textAt(reader, 'reader')
  const [of, expected] = ['B', 'C'].map(layer => number(reader, 'layers', layer, 'of'))
  const months = listAt(reader, 'months').map(one => `${textAt(one, 'reader')} in ${textAt(one, 'month')}`)
  const proved = number(reader, 'layers', 'A', 'records')
  return [
    ['READER', `${textAt(reader, 'name')}${organisation ? ` of ${organisation}` : ''}, ${id}`],
    [
      'bound',
      `${boundText(number(reader, 'bound'))}: at most so likely is it that anybody innocent would be named on as much`,
    ],
    ['proof', proved > 0 ? `${counted(proved, 'record')} that nobody else was given` : undefined],
    ['digits', of ? matchText(reader, 'B', `of the digits below ten seconds`) : undefined],
    ['instants', expected ? matchText(reader, 'C', 'of the instants that were shown') : undefined],
    ['copies', `${months.join(', ')}`],
    ['next', nextText(id, organisation)],
  ]
}

/** Who reads is for their own organisation: whoever asked may not find it. A slot that was given to nobody has none. */
function nextText(id: string | undefined, organisation: string | undefined): string | undefined {
  if (organisation === undefined) return undefined
  const search = 'sallyport log search type:read,export'
  return id?.startsWith('person_')
    ? `Ask them, or ${organisation}, whose people find what they read, exported and signed for: ${search} person:${id} time:-30d..now`
    : `Ask ${organisation}, whose people find what was read: ${search} time:-30d..now`
}

function matchText(reader: unknown, layer: string, what: string): string {
  const of = (field: string): number => number(reader, 'layers', layer, field)
  const [matches, all, expected] = [of('matches'), of('of'), of('expected')]
  return `${matches.toLocaleString('en-US')} of ${all.toLocaleString('en-US')} ${what} are theirs, where chance gives ${Math.round(expected).toLocaleString('en-US')}: ${boundText(of('bound'))}`
}

/** Two digits; none is told below what was reckoned with. */
const boundText = (bound: number): string =>
  bound <= 1e-300
    ? 'below 1e-300'
    : bound < 0.001
      ? bound.toExponential(1)
      : String(Number(bound.toPrecision(2)))
