/** `sallyport request`: what is asked about one's own organisation, and whom it waits on. */
import type { Command } from 'commander'
import { at, textAt } from '../json.ts'
import type { Cli } from './cli.ts'
import { nameAndId, utc } from './facts.ts'
import { fields, printList } from './records.ts'

export function addRequest(program: Command, cli: Cli): void {
  program
    .command('request')
    .description('what is asked about your organisation')
    .command('list')
    .description('its state, its clock, and the office that it waits on')
    .option('--open', 'only what is open')
    .action(({ open }: { readonly open?: true }) =>
      printList(cli, {
        path: '/requests',
        query: { state: open && 'open' },
        table: row => [
          `${textAt(row, 'id')}  ${textAt(row, 'state')}`,
          `${textAt(row, 'kind')}: ${textAt(row, 'action')} of ${textAt(row, 'subject', 'kind')} ${nameAndId(at(row, 'subject'))}`,
          waitsText(row),
        ],
        csv: fields(
          ...['kind', 'id', 'action', 'subject.kind', 'subject.id', 'state', 'waits_on', 'since'],
          ...['expires_at', 'entry'],
        ),
        none: 'Nothing is asked about your organisation.',
      }),
    )
}

function waitsText(row: unknown): string | undefined {
  const office = textAt(row, 'waits_on')
  const until = utc(textAt(row, 'expires_at'))
  return office && `waits on ${office}${until ? `, until ${until}` : ''}`
}
