/** An attribution as a person reads it: whom a text went to, by which of its words, and what it does not say. */
import { units } from '../../shared/fingerprint/units.ts'
import { at, textAt } from '../json.ts'
import { clipped, counted, type Fact, listAt, quoted, utcSeconds } from './facts.ts'
import { inquiryFacts, limitFacts } from './watermark-facts.ts'

const number = (value: unknown, ...path: readonly string[]): number => {
  const found = at(value, ...path)
  return typeof found === 'number' ? found : 0
}

/** Of one run, beside which words they are. Characters. */
const shownWords = 120
/** Of each reply. */
const shownRuns = 3

/** In parts. `excerpt`: as it is at hand here, since the answer holds none of its words. */
export function attributionFacts(attribution: unknown, excerpt?: string): readonly (readonly Fact[])[] {
  const result = at(attribution, 'result')
  const asked = inquiryFacts('attribution', attribution)
  if (result === undefined || result === null) return [asked]
  const words = excerpt === undefined ? undefined : units(excerpt)
  return [
    [...asked, ...excerptFacts(result), ['named', verdictText(result)]],
    ...listAt(result, 'partners').flatMap(partner => partnerParts(partner, result, words)),
    limitFacts(result),
  ]
}

function excerptFacts(result: unknown): readonly Fact[] {
  const of = (...path: readonly string[]): number => number(result, ...path)
  const looked = (name: string): number => of('looked_at', name)
  const months = listAt(result, 'looked_at', 'months').map(String)
  const left = [
    looked('left_out') > 0 &&
      `${counted(looked('left_out'), 'reply', 'replies')} of the last hours: ask again later`,
    looked('months_without_key') > 0 && `${counted(looked('months_without_key'), 'month')} whose key is gone`,
    looked('public_left_out') > 0 &&
      `${counted(looked('public_left_out'), 'public text')}: too many bytes, or a name of other characters than letters, digits and . - _`,
    of('unproved') > 0 &&
      `${counted(of('unproved'), 'reply', 'replies')} whose entry does not commit to what the bucket holds of it`,
  ].filter(Boolean)
  return [
    [
      'excerpt',
      `${counted(of('words'), 'word')}; ${counted(of('grams'), 'group')} of five words, of which ${of('common').toLocaleString('en-US')} went to several partners or are public`,
    ],
    [
      'looked at',
      `${counted(looked('replies'), 'reply', 'replies')}${months.length > 0 ? ` of ${months.join(', ')}` : ''}; by chance ${chanceText(of('expected_false_matches'))} would match`,
    ],
    ['left out', left.join('; ')],
  ]
}

/** Two digits. */
const chanceText = (expected: number): string =>
  expected === 0
    ? 'none'
    : expected < 0.001
      ? expected.toExponential(1)
      : String(Number(expected.toPrecision(2)))

function verdictText(result: unknown): string {
  const partners = listAt(result, 'partners').length + number(result, 'partners_left_out')
  switch (textAt(result, 'verdict')) {
    case 'named':
      return counted(partners, 'partner')
    case 'tie':
      return `nobody: it went to ${partners} partners alike, and does not tell which of them it comes from`
    default: {
      const matches = number(result, 'best', 'matches')
      return matches === 0
        ? 'nobody: no reply that you may see has anything of it that others have not'
        : `nobody: the nearest reply shares ${counted(matches, 'group')} of five words, ${percent(number(result, 'best', 'coverage'))} of what is kept of it, ${counted(number(result, 'best', 'longest_run'), 'word')} in a row. That is too little; of a long text, hand in the passage alone`
    }
  }
}

const percent = (share: number): string => `${Math.round(share * 100)} %`

function partnerParts(
  partner: unknown,
  result: unknown,
  words: readonly string[] | undefined,
): readonly (readonly Fact[])[] {
  const isNamed = textAt(result, 'verdict') === 'named'
  const seen = number(partner, 'replies_seen')
  const replies = listAt(partner, 'replies')
  const head: Fact = [
    isNamed ? 'PARTNER' : 'either',
    `${textAt(partner, 'name')}, ${textAt(partner, 'partner')}; ${counted(seen, 'reply has', 'replies have')} something of it${seen > replies.length ? `, of which ${replies.length} are shown` : ''}`,
  ]
  const bound: Fact = [
    'bound',
    `${chanceText(number(partner, 'bound'))} that as much would agree by chance alone`,
  ]
  const [first] = replies
  const next: Fact = [
    'next',
    isNamed && first !== undefined
      ? `Look at the runs; what the call was: sallyport log get ${textAt(first, 'entry')}`
      : undefined,
  ]
  const parts = replies.map(reply => replyFacts(reply, isNamed, words))
  return parts.map((facts, n) => [
    ...(n === 0 ? [head, bound, next] : []),
    ...withoutRunsOf(parts[n - 1] ?? [], facts),
  ])
}

/** A model that answers alike sends the same words often: they are shown once. */
function withoutRunsOf(before: readonly Fact[], facts: readonly Fact[]): readonly Fact[] {
  const isRun = ([name]: Fact): boolean => name === 'run' || name === ''
  const runs = (of: readonly Fact[]): string => JSON.stringify(of.filter(isRun))
  if (runs(before) !== runs(facts)) return facts
  const first = facts.findIndex(isRun)
  return facts.flatMap((fact, n): readonly Fact[] => {
    if (!isRun(fact)) return [fact]
    return n === first ? [['run', 'the same']] : []
  })
}

function replyFacts(reply: unknown, isNamed: boolean, words: readonly string[] | undefined): readonly Fact[] {
  const runs = listAt(reply, 'runs')
  const left = runs.length - shownRuns + number(reply, 'runs_left_out')
  return [
    [
      'reply',
      `${utcSeconds(textAt(reply, 'time'))}, of ${textAt(reply, 'model')} to ${textAt(reply, 'client')}`,
    ],
    ['entry', textAt(reply, 'entry')],
    [
      'shares',
      `${counted(number(reply, 'matches'), 'group')} of five words, ${percent(number(reply, 'coverage'))} of what is kept of the excerpt`,
    ],
    ...runs.slice(0, shownRuns).map((run): Fact => ['run', runText(run, isNamed, words)]),
    ['', left > 0 ? `and ${counted(left, 'shorter run')}` : undefined],
    [
      'commits',
      `${textAt(reply, 'commitment', 'fingerprints')}, salt ${textAt(reply, 'commitment', 'salt')}`,
    ],
  ]
}

/** Words as they are counted, from 1: both of them belong to it. */
function runText(run: unknown, isNamed: boolean, words: readonly string[] | undefined): string {
  const [from, to] = [number(run, 'from'), number(run, 'to')]
  const told = `${counted(to - from, 'word')}, ${from + 1} to ${to}${isNamed ? ', went only here' : ''}`
  const text = words?.slice(from, to).join(' ')
  return text === undefined ? told : `${told}: ${quoted(clipped(text, shownWords) ?? '')}`
}
