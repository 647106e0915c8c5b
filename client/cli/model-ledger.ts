/** `sallyport model ledger`: what became of a model, in the order of time. */
import type { Command } from 'commander'
import { at, textAt } from '../json.ts'
import type { Cli } from './cli.ts'
import { utc } from './facts.ts'
import { type Noun, recordPath } from './record-commands.ts'
import { fields, printList } from './records.ts'

export function addLedger(model: Command, cli: Cli, noun: Noun): void {
  model
    .command('ledger')
    .description('what became of it, in the order of time')
    .argument('<model>', 'its id')
    .action((id: string) =>
      printList(cli, {
        path: `${recordPath(noun, id)}/ledger`,
        table: line => [
          `${utc(textAt(line, 'at'))}  ${textAt(line, 'action')}`,
          textAt(line, 'text'),
          `by ${byText(line)}`,
          `entry ${textAt(line, 'entry')}`,
        ],
        csv: fields(
          'at',
          'action',
          'text',
          'by.organisation',
          'by.role',
          'by.name',
          'agreement',
          'state',
          'entry',
        ),
        none: 'Nothing is recorded of it yet.',
      }),
    )
}

function byText(line: unknown): string {
  if (at(line, 'by') === null) return 'time'
  const [name, role, organisation] = ['name', 'role', 'organisation'].map(field => textAt(line, 'by', field))
  return name === undefined ? `${role} of ${organisation}` : `${name} (${role} of ${organisation})`
}
