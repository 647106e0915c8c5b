/** An entry of the log as a person reads it: in a few lines among others, or all that it holds. */
import type { Entry } from '../index.ts'
import { at, textAt } from '../json.ts'
import { termLines } from './agreement-text.ts'
import { differenceFacts, effectFacts } from './decision-lines.ts'
import { clipped, counted, type Fact, quoted, utcSeconds } from './facts.ts'

const instant = (ms: unknown): string | undefined =>
  typeof ms === 'number' ? new Date(ms).toISOString() : undefined

/** The word that tells most: why it was refused, how it ended, what was decided, else what it is. */
function what(body: Entry['body']): string | undefined {
  const own = (name: string) => textAt(body, 'unmapped', name)
  return own('code') ?? own('ending') ?? usedText(body) ?? own('action') ?? own('kind')
}

/** A ticket is made by a person, and used by a machine: of one action there are two entries. */
function usedText(body: Entry['body']): string | undefined {
  const used = textAt(body, 'unmapped', 'params', 'used')
  return used && { enrolled: 'client.enrol', rotated: 'client.rotate' }[used]
}

function actorText(body: Entry['body']): string | undefined {
  const name = textAt(body, 'actor', 'user', 'name') ?? textAt(body, 'user', 'name')
  if (name !== undefined) return name
  if (usedText(body) === undefined) return undefined
  const maker = textAt(body, 'unmapped', 'params', 'person')
  return `its machine${maker ? `, with a ticket of ${maker}` : ''}`
}

/** Longer words of a reason stand in the entry. */
const maxWords = 160

const chargeText = (body: Entry['body']): string | undefined => {
  const charge = at(body, 'unmapped', 'charge')
  return typeof charge === 'number' ? counted(charge, 'token') : undefined
}

const headOf = (body: Entry['body']): string =>
  [what(body), textAt(body, 'unmapped', 'decision'), chargeText(body)].filter(Boolean).join(', ')

const aboutText = (body: Entry['body']): string =>
  [textAt(body, 'entity', 'type'), textAt(body, 'entity', 'name')].filter(Boolean).join(' ')

/** Whoever signs a proposal stands by its words, and did not write them. */
const wordsBy = (body: Entry['body']): string =>
  `entered by ${textAt(body, 'unmapped', 'words_of', 'name') ?? actorText(body)}`

/** As the reader has it: a few digits of it are their mark. */
const timeText = ({ shown, body }: Entry): string | undefined =>
  shown === undefined
    ? utcSeconds(instant(body.time))
    : `${shown.time.replace('T', ' ').replace('Z', '')} UTC`

/** What is to be said wherever times are shown: whoever takes them for facts would be wrong by some seconds. */
export const marksRemark =
  'Of times and latencies, tens of seconds are facts; finer digits mark your copy and say nothing else.'

/** Who decided what about whom, and in which words. */
export function entryLines(row: unknown): readonly (string | undefined)[] {
  const { body, eid } = row as Entry
  const [by, about, words] = [actorText(body), aboutText(body), textAt(body, 'comment')]
  return [
    `${timeText(row as Entry)}  ${headOf(body)}`,
    [by && `by ${by}`, about && `about ${about}`].filter(Boolean).join(', ') || undefined,
    words ? `${wordsBy(body)}: ${quoted(clipped(words, maxWords) ?? '')}` : undefined,
    eid,
  ]
}

/** One that was searched for: the sentence, and the id to ask for all of it. */
export function searchedLines(row: unknown): readonly (string | undefined)[] {
  const { sentence, eid } = row as Entry
  return [`${timeText(row as Entry)}  ${sentence}`, eid]
}

/** Told in lines of their own. */
const told: readonly string[] = [
  ...['kind', 'decision', 'action', 'code', 'ending', 'charge', 'difference', 'effects', 'signatures'],
  ...['words_of', 'subject', 'role', 'reason', 'reference', 'params', 'request'],
]

export function entryFacts(entry: unknown): readonly Fact[] {
  const { eid, digest, body, sentence, shown, view } = entry as Entry
  const own = (name: string) => textAt(body, 'unmapped', name)
  const words = textAt(body, 'comment')
  const by = [actorText(body), own('role'), textAt(body, 'actor', 'user', 'org', 'uid')]
  const rest = Object.entries(at(body, 'unmapped') ?? {})
    .filter(([name]) => !told.includes(name))
    .map(([name, value]) => [name, name === 'auth_time' ? utcSeconds(instant(value)) : value] as const)
  return [
    ['entry', eid],
    ['time', timeText(entry as Entry)],
    ['took', shown?.latency_s && `${shown.latency_s} s`],
    ['says', sentence],
    ['what', headOf(body)],
    ['by', by.filter(Boolean).join(', ')],
    ['about', [aboutText(body), textAt(body, 'entity', 'uid')].filter(Boolean).join(', ')],
    ['client', textAt(body, 'actor', 'app_uid')],
    ['model', textAt(body, 'ai_model', 'uid')],
    ['why', own('reason')],
    ['', words ? `${wordsBy(body)}: ${quoted(words)}` : undefined],
    ['reference', own('reference')],
    ...lines('with', at(body, 'unmapped', 'params')),
    ...differenceFacts(at(body, 'unmapped')),
    ...effectFacts(at(body, 'unmapped')),
    ...lines('holds', Object.fromEntries(rest)),
    ['request', own('request')],
    ['digest', digest],
    ['place', placeText(view.index)],
    ...correlatedFacts(entry),
    ['withheld', withheldText(entry)],
  ]
}

const placeText = (index: unknown): string =>
  typeof index === 'number' ? `${index} in the tree` : 'none yet: it waits for it'

/** What else there is of the same request. */
const correlatedFacts = (entry: unknown): readonly Fact[] => {
  const others = at(entry, 'correlated')
  return (Array.isArray(others) ? (others as readonly Entry[]) : []).map(({ eid, sentence }) => [
    'also',
    `${eid}: ${sentence}`,
  ])
}

const lines = (name: string, value: unknown): readonly Fact[] =>
  termLines(value).map((line, i): Fact => [i === 0 ? name : '', line])

function withheldText(entry: unknown): string | undefined {
  const withheld = at(entry, 'withheld')
  return Array.isArray(withheld) ? `from you: ${withheld.join(', ')}` : undefined
}
