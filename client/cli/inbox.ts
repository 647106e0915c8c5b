/** `sallyport inbox`: what an organisation was told. */
import type { Command } from 'commander'
import { textAt } from '../json.ts'
import type { Cli } from './cli.ts'
import { utc } from './facts.ts'
import { wholeNumber } from './limit-options.ts'
import { fields, printList } from './records.ts'

export function addInbox(program: Command, cli: Cli): void {
  program
    .command('inbox')
    .description('what your organisation was told, the newest first')
    .option('-n, --lines <count>', 'how many', wholeNumber, 20)
    .action(({ lines }: { readonly lines: number }) =>
      printList(cli, {
        path: '/inbox',
        atMost: Math.max(1, lines),
        table: row => [
          `${utc(textAt(row, 'at'))}  ${textAt(row, 'type')}`,
          textAt(row, 'text'),
          textAt(row, 'entry'),
          nextText(row),
        ],
        csv: fields('at', 'type', 'subject.kind', 'subject.id', 'subject.name', 'text', 'entry', 'next'),
        none: 'Your organisation was told nothing yet.',
      }),
    )
}

function nextText(row: unknown): string | undefined {
  const next = textAt(row, 'next')
  return next && `next: ${next}`
}
