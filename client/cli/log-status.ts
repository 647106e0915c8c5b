/** `sallyport log status`: whether the log is whole and up to date, in plain words. */
import type { Command } from 'commander'
import { at, textAt } from '../json.ts'
import type { Cli } from './cli.ts'
import { counted, type Fact, formatFacts, listAt, quoted, utcSeconds } from './facts.ts'
import { exit } from './failure.ts'
import { openReader } from './reader.ts'

export function addLogStatus(log: Command, cli: Cli): void {
  log
    .command('status')
    .description('how the log stands; ends with 1 where it is halted, or entries wait for too long')
    .action(async () => {
      const { api } = await openReader(cli)
      const integrity = await api.integrity()
      await (cli.options().json
        ? cli.printValue(integrity)
        : cli.terminal.write(formatFacts(statusFacts(integrity))))
      if (isWrong(integrity)) cli.endWith(exit.failed)
    })
}

/** Nothing is appended any more, or not in time. */
const isWrong = (integrity: unknown): boolean =>
  (at(integrity, 'halted') ?? null) !== null || number(integrity, 'gaps', 'late') > 0

export function statusFacts(integrity: unknown): readonly Fact[] {
  return [
    ['HALTED', haltedText(integrity)],
    ['', haltedText(integrity) && advice],
    ['log', textAt(integrity, 'log')],
    ['key', textAt(integrity, 'verifier_key')],
    ['checkpoint', checkpointText(integrity)],
    ['pending', pendingText(integrity)],
    ['LATE', lateText(integrity)],
    ['gaps', gapsText(integrity)],
    ['clocks', clocksText(integrity)],
    ...witnessFacts(integrity),
  ]
}

const advice =
  'Calls and decisions are recorded as before; nothing more gets its place in the tree until an operator has looked.'

const whys: Readonly<Record<string, string>> = {
  behind: 'what is kept is behind what was published',
  contradiction: 'what is kept contradicts what was published',
  missing: 'a part of what was to be published is missing',
}

function haltedText(integrity: unknown): string | undefined {
  const halted = at(integrity, 'halted')
  if (typeof halted !== 'object' || halted === null) return undefined
  const why = textAt(halted, 'why') ?? ''
  // Of a reason that is known here, the gateway says the same.
  const told = Object.hasOwn(whys, why)
    ? whys[why]
    : `${quoted(why)}: ${quoted(textAt(halted, 'detail') ?? '')}`
  return `since ${utcSeconds(textAt(halted, 'at'))}: ${told}`
}

function checkpointText(integrity: unknown): string {
  const checkpoint = at(integrity, 'checkpoint')
  if (typeof checkpoint !== 'object' || checkpoint === null) return 'none is published yet'
  const age = at(checkpoint, 'age_s')
  const made = utcSeconds(textAt(checkpoint, 'made_at'))
  return [
    counted(number(checkpoint, 'size'), 'entry', 'entries'),
    typeof age === 'number' && `made ${duration(age)} ago`,
    made && `at ${made}`,
  ]
    .filter(Boolean)
    .join(', ')
}

function pendingText(integrity: unknown): string {
  const entries = number(integrity, 'pending', 'entries')
  if (entries === 0) return 'nothing waits for its place'
  const least = at(integrity, 'pending', 'at_least') === true ? 'at least ' : ''
  const oldest = at(integrity, 'pending', 'oldest_s')
  return `${least}${counted(entries, 'entry', 'entries')}${
    typeof oldest === 'number' ? `, the oldest for ${duration(oldest)}` : ''
  }`
}

function lateText(integrity: unknown): string | undefined {
  const late = number(integrity, 'gaps', 'late')
  return late > 0 ? `${counted(late, 'entry', 'entries')} waited for a minute or longer` : undefined
}

function gapsText(integrity: unknown): string {
  const unfinished = number(integrity, 'gaps', 'unfinished')
  return unfinished > 0
    ? `${counted(unfinished, 'entry', 'entries')} appended and not published yet`
    : 'none: what is appended is published'
}

function clocksText(integrity: unknown): string {
  const skew = number(integrity, 'clock_skew_s')
  return skew > 0 ? `whoever recorded the newest entry is ${duration(skew)} ahead` : 'agree'
}

function witnessFacts(integrity: unknown): readonly Fact[] {
  const witnesses = listAt(integrity, 'witnesses')
  if (witnesses.length === 0) return [['witnesses', 'none is asked to cosign']]
  return witnesses.map((witness): Fact => ['witness', witnessText(witness)])
}

function witnessText(witness: unknown): string {
  const name = textAt(witness, 'name') ?? ''
  const at_ = utcSeconds(textAt(witness, 'cosigned_at'))
  const last = at_ ? `; the last, of ${number(witness, 'size').toLocaleString('en-US')}, ${at_}` : ''
  const refused = at(witness, 'refused')
  const no =
    typeof refused === 'object' && refused !== null
      ? `; REFUSED (${number(refused, 'status')}): ${quoted(textAt(refused, 'detail') ?? '')}`
      : ''
  const cosigned = at(witness, 'cosigned') === true ? 'has cosigned the checkpoint' : 'has not cosigned it'
  return `${name} ${cosigned}${at(witness, 'cosigned') === true ? '' : last}${no}`
}

const number = (value: unknown, ...path: readonly string[]): number => {
  const found = path.length === 0 ? value : at(value, ...path)
  return typeof found === 'number' ? found : 0
}

/** Of seconds, to two units at most. */
export function duration(seconds: number): string {
  if (seconds < 60) return `${Math.floor(seconds)} s`
  const minutes = Math.floor(seconds / 60)
  if (minutes < 60) return `${minutes} min ${Math.floor(seconds % 60)} s`
  const hours = Math.floor(minutes / 60)
  return hours < 48
    ? `${hours} h ${minutes % 60} min`
    : `${Math.floor(hours / 24).toLocaleString('en-US')} days`
}
