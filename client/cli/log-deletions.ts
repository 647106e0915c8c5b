/** `sallyport log delete` and `log deletions`: the bodies of a month that is older than it is kept. */
import { type Command, InvalidArgumentError } from 'commander'
import { at, textAt } from '../json.ts'
import type { Cli } from './cli.ts'
import { addDecisionOptions, type DecisionOptions, decide } from './decision.ts'
import { utc } from './facts.ts'
import { fields, printList } from './records.ts'

const path = '/log/deletions'

export function addLogDeletions(log: Command, cli: Cli): void {
  const command = log
    .command('delete')
    .description('delete the bodies of one month; it takes developer and office, and the leaves stay')
    .requiredOption('--month <month>', 'of UTC: 2026-01', month)
  addDecisionOptions(command, { severe: true }).action(
    (options: DecisionOptions & { readonly month: string }) =>
      decide(cli, path, {
        id: options.month,
        noun: 'month',
        params: { month: options.month },
        severe: true,
        options,
      }),
  )
  log
    .command('deletions')
    .description('the months of which the bodies were deleted')
    .action(() =>
      printList(cli, {
        path,
        table: row => [
          `${textAt(row, 'month')}  decided ${utc(textAt(row, 'decided_at'))}, by ${textAt(row, 'entry')}`,
          workText(row),
        ],
        csv: fields(
          ...['month', 'decided_at', 'entry', 'work.state', 'work.removed.entries'],
          ...['work.removed.archives', 'work.kept.entries', 'work.kept.archives', 'work.next_at'],
        ),
        none: 'No bodies were deleted.',
      }),
    )
}

function workText(row: unknown): string | undefined {
  const work = at(row, 'work')
  if (!work) return undefined
  const counts = (what: string): string =>
    `${at(work, what, 'entries')} entries and ${at(work, what, 'archives')} archives`
  const next = textAt(work, 'state') === 'done' ? 'done' : `looks again ${utc(textAt(work, 'next_at'))}`
  return `${counts('removed')} removed, ${counts('kept')} kept; ${next}`
}

function month(text: string): string {
  if (!/^\d{4}-(0[1-9]|1[0-2])$/.test(text)) throw new InvalidArgumentError('A month is written 2026-01.')
  return text
}
