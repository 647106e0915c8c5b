/** What a decision did, would do, or waits for, told to a person. Every text in it is of others. */
import { at, textAt } from '../json.ts'
import { counted, type Fact, formatFacts, listAt, nameAndId, utc } from './facts.ts'

/** So many clients are named; the rest is counted. */
const maxNamed = 5

/** The command that asked. */
export interface Asked {
  /** Of the commands about its subject. */
  readonly noun?: string
  /** The subject's id; empty for what gets one only when it is made. */
  readonly id: string
  /** Of a hold that is to be placed. */
  readonly scope?: unknown
}

export function decisionLines(told: unknown, { noun, id, scope }: Asked): string {
  const dry = textAt(told, 'step') === 'dry_run'
  const proposal = at(told, 'proposal')
  const by = utc(textAt(told, 'ratify_by'))
  const ratify = by && noun && `sallyport ${noun} ratify ${textAt(told, 'subject', 'id')}`
  return formatFacts([
    [headlineOf(told), subjectText(at(told, 'subject'), dry && id === '')],
    ...differenceFacts(told),
    ...effectFacts(told, scope),
    ['takes', dry ? textAt(told, 'needs') : undefined],
    ['proposal', textAt(proposal, 'id')],
    ['waits on', textAt(proposal, 'waits_on')],
    ['until', utc(textAt(proposal, 'expires_at'))],
    ['they run', proposal ? `sallyport proposal approve ${textAt(proposal, 'id')}` : undefined],
    ['ratify by', by && `${by}, by a second person`],
    ['they run', ratify],
    ...listAt(told, 'proposals').map(leftToTwo),
    ['entry', textAt(told, 'entry')],
  ])
}

/** What one stop has left to two people. */
function leftToTwo(proposal: unknown): Fact {
  const office = textAt(proposal, 'waits_on')
  const what = `${textAt(proposal, 'action')} of ${nameAndId(at(proposal, 'subject'))}`
  return ['proposed', `${what}: ${textAt(proposal, 'id')}${office ? `, waits on ${office}` : ''}`]
}

function headlineOf(told: unknown): string {
  switch (textAt(told, 'step')) {
    case 'applied':
      return 'done'
    case 'proposed':
      return 'waits'
    default:
      return 'dry run'
  }
}

/** What kind of record, which one, and how it is called; one that is not made yet has no id that would last. */
export const subjectText = (subject: unknown, unmade = false): string =>
  [textAt(subject, 'kind'), unmade ? `(${textAt(subject, 'name')})` : nameAndId(subject), modelOf(subject)]
    .filter(Boolean)
    .join(' ')

const modelOf = (subject: unknown): string | undefined => {
  const model = textAt(subject, 'model')
  return model === undefined || model === textAt(subject, 'id') ? undefined : `on ${model}`
}

export const differenceFacts = (told: unknown): readonly Fact[] =>
  listAt(told, 'difference').flatMap(one =>
    changesOf(textAt(one, 'field') ?? '', at(one, 'from'), at(one, 'to')).map(
      (change): Fact => ['changes', change],
    ),
  )

/** One line for each field; of an object those that differ. */
function changesOf(field: string, from: unknown, to: unknown): readonly string[] {
  if (!isFields(from) && !isFields(to)) return [`${field}: ${shown(from)} → ${shown(to)}`]
  const [before, after] = [from, to].map(one => (isFields(one) ? one : {}))
  const names = [...new Set([...Object.keys(before ?? {}), ...Object.keys(after ?? {})])]
  const changed = names.filter(name => JSON.stringify(before?.[name]) !== JSON.stringify(after?.[name]))
  if (changed.length === 0) return [`${field}: nothing`]
  return changed.map(name => `${field}.${name}: ${shown(before?.[name])} → ${shown(after?.[name])}`)
}

const isFields = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

function shown(value: unknown): string {
  if (value === null || value === undefined) return 'nothing'
  if (typeof value === 'number') return value.toLocaleString('en-US')
  if (typeof value === 'string') return utc(value) ?? ''
  if (!Array.isArray(value) || value.some(one => typeof one !== 'string')) return JSON.stringify(value)
  return value.length > 0 ? value.join(', ') : 'none'
}

/** Whom it hits, what goes on, and who is not hit though one might think so. */
export function effectFacts(told: unknown, scope?: unknown): readonly Fact[] {
  const count = (name: string): number => Number(at(told, 'effects', name) ?? 0)
  const [clients, streams, requests] = [count('client_count'), count('streams'), count('requests_per_day')]
  const [people, sessions] = [count('people'), count('sessions')]
  const most = at(told, 'effects', 'at_least') === true ? 'at least ' : ''
  const persons = people > 0 ? `, ${counted(people, 'person', 'people')}` : ''
  const open = sessions > 0 ? ` with ${counted(sessions, 'session')}` : ''
  const hits = `${counted(clients, 'client')}${persons}${open}, ends ${counted(streams, 'live stream')}, refuses ${most}${counted(requests, 'request')} a day`
  return [
    ['hits', clients + people + streams + requests > 0 ? hits : undefined],
    ['namely', firstNames(listAt(told, 'effects', 'clients'), clients)],
    ['goes on', named(listAt(told, 'effects', 'continues'))],
    ...listAt(told, 'effects', 'missions').map(
      (grant): Fact => ['mission', `hangs on ${nameAndId(grant)}: it stops too`],
    ),
    ...unattestedFacts(listAt(told, 'effects', 'unattested'), scope),
  ]
}

/** Of whom nobody has ever said it, and of whom it was said until a day that is past. */
function unattestedFacts(list: readonly unknown[], scope: unknown): readonly Fact[] {
  const names = ['nationality', 'region'].filter(name => textAt(scope, name) !== undefined)
  const what = names.join(' and ') || 'nationality or region'
  const expired = list.filter(one => textAt(one, 'expired_at') !== undefined)
  const never = named(list.filter(one => !expired.includes(one)))
  return [
    ['not hit', never && `${never}: nobody vouches for their ${what}`],
    ...expired.map(
      (one): Fact => [
        'not hit',
        `${nameAndId(one)}: nobody vouches for their ${what} since ${utc(textAt(one, 'expired_at'))}`,
      ],
    ),
  ]
}

function firstNames(list: readonly unknown[], count: number): string | undefined {
  const names = list.slice(0, maxNamed).flatMap(one => textAt(one, 'name') ?? [])
  const more = Math.max(count, list.length) - names.length
  if (names.length === 0) return undefined
  return `${names.join(', ')}${more > 0 ? `, and ${more.toLocaleString('en-US')} more` : ''}`
}

const named = (list: readonly unknown[]): string | undefined =>
  list.flatMap(one => nameAndId(one) ?? []).join(', ') || undefined
