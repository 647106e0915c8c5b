/** The sentence of a decision, of its steps, and of what time does to it. */
import type { Step } from '../entries/decision.ts'
import { done, endedByTime, toDo } from './action-words.ts'
import { at, type Body, listAt, textAt } from './body.ts'
import { listed, named, person, subject } from './phrases.ts'

/** Without its full stop. */
export function decisionSentence(body: Body): string {
  const step = textAt(body, 'unmapped', 'decision') ?? ''
  const telling = Object.hasOwn(steps, step) ? steps[step as Step] : undefined
  const told = {
    by: actor(body),
    action: textAt(body, 'unmapped', 'action') ?? 'something',
    it: subject(body),
  }
  const text = telling ? telling(told, body) : `${toDo(told.action, told.it)}: ${named(step)}`
  const reason = textAt(body, 'unmapped', 'reason')
  return `${text}${reason === undefined ? '' : ` (reason: ${named(reason)})`}`
}

interface Told {
  /** Absent for what time has done. */
  readonly by: string | undefined
  readonly action: string
  readonly it: string
}

const proposal = ({ action, it }: Told): string => `the proposal to ${toDo(action, it)}`
const who = ({ by }: Told): string => by ?? 'somebody'

const steps: Readonly<Record<Step, (told: Told, body: Body) => string>> = {
  proposed: told => `${who(told)} proposed to ${toDo(told.action, told.it)}`,
  approved: told => `${who(told)} signed ${proposal(told)}, which waits for another signature`,
  applied: appliedText,
  declined: told => `${who(told)} declined ${proposal(told)}`,
  withdrawn: told => `${who(told)} withdrew ${proposal(told)}`,
  timed_out: told => `${proposal(told)} ended, as not everybody signed it in time`,
  stale: told => `${proposal(told)} ended, as what it was about had changed`,
  ratified: told => `${who(told)}, as a second person, ratified that ${done(told.action, told.it)}`,
  concurred: told => `${who(told)} concurred that ${done(told.action, told.it)}`,
  missed: ({ action, it }) =>
    action === 'review.certify'
      ? `nobody certified ${it} in time`
      : `nobody ratified in time that ${done(action, it)}`,
  lapsed: ({ action, it }) => endedByTime(action, it),
}

function appliedText({ by, action, it }: Told, body: Body): string {
  const program = textAt(body, 'actor', 'app_name')
  if (program === 'enrolment') return `${it} took its key by a ticket`
  const what = done(action, it)
  if (by === undefined)
    return program === undefined || program === 'sweeper'
      ? `${what}, as it was due`
      : `${what} by an operator (${named(program)})`
  const others = listAt(body, 'unmapped', 'signatures')
    .filter(one => textAt(one, 'person') !== textAt(body, 'actor', 'user', 'uid'))
    .map(person)
  const signed = others.length > 0 ? `, on the signature of ${listed(others)}` : ''
  return `${what} by ${by}${signed}${at(body, 'unmapped', 'break_glass') === true ? ', by break-glass' : ''}`
}

function actor(body: Body): string | undefined {
  const user = at(body, 'actor', 'user')
  return user === undefined ? undefined : person(user)
}
