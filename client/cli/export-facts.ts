/** An export as a person reads it. */
import { at, textAt } from '../json.ts'
import { counted, type Fact, quoted, utc } from './facts.ts'

const states: Readonly<Record<string, string>> = {
  queued: 'is to be made',
  running: 'is being made',
  done: 'is made',
  failed: 'FAILED',
  expired: 'is kept no longer',
}

export const stateText = (job: unknown): string => {
  const state = textAt(job, 'state') ?? ''
  return Object.hasOwn(states, state) ? (states[state] ?? state) : state
}

const number = (job: unknown, field: string): number => {
  const value = at(job, field)
  return typeof value === 'number' ? value : 0
}

/** Of one that nobody has begun there is no number yet. */
export const isBegun = (job: unknown): boolean => textAt(job, 'state') !== 'queued'

export const recordsText = (job: unknown): string =>
  `${counted(number(job, 'records'), 'record')}${textAt(job, 'state') === 'running' ? ' so far' : ''}`

export const queryText = (job: unknown): string => {
  const query = textAt(job, 'query') ?? ''
  return query === '' ? 'all of the last 24 hours' : quoted(query)
}

export function exportFacts(job: unknown): readonly Fact[] {
  const bytes = number(job, 'bytes')
  const failure = textAt(job, 'failure', 'detail')
  const purpose = textAt(job, 'purpose')
  return [
    ['export', `${textAt(job, 'id')}, ${stateText(job)}`],
    ['kind', textAt(job, 'kind')],
    ['query', queryText(job)],
    ['range', `${utc(textAt(job, 'from'))} to ${utc(textAt(job, 'to'))}`],
    ['purpose', purpose && quoted(purpose)],
    ['records', isBegun(job) ? recordsText(job) : undefined],
    ['size', bytes > 0 ? counted(bytes, 'byte') : undefined],
    ['sha256', textAt(job, 'sha256')],
    ['failed', failure && `${textAt(job, 'failure', 'code')}: ${failure}`],
    ['asked', utc(textAt(job, 'requested_at'))],
    ['made', utc(textAt(job, 'made_at'))],
    ['signed for', signedText(job)],
    ['kept', utc(textAt(job, 'kept_until'))?.replace(/^/, 'until ')],
    ['entry', textAt(job, 'entry')],
  ]
}

/** Without it the file is for nobody. */
function signedText(job: unknown): string | undefined {
  const entry = textAt(job, 'countersigned', 'entry')
  if (entry !== undefined)
    return `as your copy, ${utc(textAt(job, 'countersigned', 'at'))}, by the key ${textAt(job, 'countersigned', 'key')}: ${entry}`
  return textAt(job, 'state') === 'done' ? 'not yet; export download does it' : undefined
}
