/** What a grant may spend, as options and as a person reads it. */
import { type Command, InvalidArgumentError, Option } from 'commander'
import { at } from '../json.ts'
import { counted } from './facts.ts'
import { exit, Failure } from './failure.ts'

export interface LimitOptions {
  readonly total?: number
  readonly perDay?: number | 'none'
  readonly rpm?: number
  readonly burst?: number
  readonly streams?: number
}

export function wholeNumber(text: string): number {
  const digits = text.replaceAll(/[_,]/g, '')
  if (!/^\d{1,13}$/.test(digits))
    throw new InvalidArgumentError('It is a whole number, for instance 5,000,000.')
  return Number(digits)
}

export const addLimitOptions = (command: Command): Command => addLimits(command, false)

/** Of a grant that is not there yet: only a day may go without a limit. */
export const addAllLimitOptions = (command: Command): Command => addLimits(command, true)

function addLimits(command: Command, mandatory: boolean): Command {
  const limit = (flags: string, what: string): Option =>
    new Option(flags, what).argParser(wholeNumber).makeOptionMandatory(mandatory)
  return command
    .addOption(limit('--total <tokens>', 'for the whole term'))
    .option(
      '--per-day <tokens>',
      'a UTC day; needed where the agreement has a daily ceiling. none: no limit a day',
      text => (text === 'none' ? text : wholeNumber(text)),
    )
    .addOption(limit('--rpm <n>', 'requests a minute'))
    .addOption(limit('--burst <n>', 'how many of them may come at once'))
    .addOption(limit('--streams <n>', 'calls under way at once'))
}

/** What is given, and for the rest what `before` says. Throws a `Failure` of usage where a limit stays open. */
export function limitsOf(given: LimitOptions, before?: unknown): Readonly<Record<string, number>> {
  const of = (name: 'total' | 'rpm' | 'burst' | 'streams'): number => {
    const value = given[name] ?? at(before, name)
    if (typeof value !== 'number') throw limitMissing(name)
    return value
  }
  const day = given.perDay ?? at(before, 'per_day')
  return {
    total: of('total'),
    ...(typeof day === 'number' && { per_day: day }),
    rpm: of('rpm'),
    burst: of('burst'),
    streams: of('streams'),
  }
}

const limitMissing = (name: string): Failure =>
  new Failure(exit.usage, `--${name} <n> is missing: the grant has no such limit that could stay.`, {
    code: 'option_missing',
    next: `Name it, for instance --${name} 64`,
  })

export function limitsText(limits: unknown): string | undefined {
  const of = (name: string): number => Number(at(limits, name) ?? 0)
  if (typeof limits !== 'object' || limits === null) return undefined
  const day = at(limits, 'per_day')
  return [
    `${counted(of('total'), 'token')} in all`,
    typeof day === 'number' ? `${day.toLocaleString('en-US')} a UTC day` : 'no daily limit',
    `${counted(of('rpm'), 'request')} a minute, ${of('burst').toLocaleString('en-US')} at once`,
    `${counted(of('streams'), 'call')} under way`,
  ].join('; ')
}
