/** After a decision about an agreement: what it waits for now, from whom, and by when. */
import { at, textAt } from '../json.ts'
import { agreementPath } from './agreement-document.ts'
import type { Cli } from './cli.ts'
import { type Fact, formatFacts, utc, wordsAt } from './facts.ts'

/** Below the decision that it follows; a gateway that does not answer keeps back nothing but this. */
export async function tellNext(cli: Cli, id: string, told: unknown): Promise<void> {
  if (textAt(told, 'step') !== 'applied' || cli.options().json || cli.options().quiet) return
  const { gateway } = await cli.openPerson()
  const answer = await gateway.get(agreementPath(id)).catch(() => undefined)
  cli.terminal.interrupted.throwIfAborted()
  if (answer?.status === 200) cli.terminal.say(formatFacts(nextFacts(answer.body)))
}

export function nextFacts(agreement: unknown): readonly Fact[] {
  const state = textAt(agreement, 'state') ?? ''
  const missing = wordsAt(agreement, 'waits_on').replaceAll(' ', ', ')
  if (missing) return [...inForce(agreement), ...step(agreement, 'sign', `${missing} to sign`)]
  if (state === 'draft') return offering(agreement, 'a draft')
  if (state === 'expired' || state === 'terminated') return closeOut(agreement)
  if (state === 'closing_out') return closing(agreement)
  return state === 'closed' ? [['now', 'closed: nothing is owed any more']] : inForce(agreement)
}

/** Who does what next, and by which command. */
const step = (agreement: unknown, verb: string, what: string): readonly Fact[] => [
  ['now', what],
  ['they run', `sallyport agreement ${verb} ${textAt(agreement, 'id')}`],
]

const offering = (agreement: unknown, what: string): readonly Fact[] =>
  step(agreement, 'offer', `${what}: an administrator of ${textAt(agreement, 'developer')} offers it`)

function inForce(agreement: unknown): readonly Fact[] {
  const [state, counterparty] = [textAt(agreement, 'state'), textAt(agreement, 'counterparty')]
  const states: Readonly<Record<string, string>> = {
    signed: `signed by all; in force from ${utc(textAt(agreement, 'starts_at'))} on`,
    effective: 'in force',
    suspended: 'suspended: no call is admitted under it',
  }
  const known = states[state ?? '']
  if (known === undefined) return []
  return [
    ['now', known],
    ...(textAt(agreement, 'consented_at') === undefined
      ? step(agreement, 'acknowledge', `${counterparty} to acknowledge the notice, before the first call`)
      : []),
    ...(textAt(agreement, 'next', 'state') === 'draft'
      ? offering(agreement, 'its next version a draft')
      : []),
  ]
}

function closeOut(agreement: unknown): readonly Fact[] {
  const due = utc(textAt(agreement, 'close_out', 'due_at'))
  if (due === undefined || at(agreement, 'close_out', 'attested')) return closing(agreement)
  const counterparty = textAt(agreement, 'counterparty')
  return step(agreement, 'attest', `${counterparty} to attest by ${due} that what it had is destroyed`)
}

const closing = (agreement: unknown): readonly Fact[] =>
  step(agreement, 'close', `an administrator of ${textAt(agreement, 'developer')} to close it`)
