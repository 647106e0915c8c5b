/** `sallyport opinion`: what consultants say of a model that is shared with them. */
import { readFile } from 'node:fs/promises'
import type { Command } from 'commander'
import { at, textAt } from '../json.ts'
import type { Cli } from './cli.ts'
import { printDecision, toldBy } from './decision.ts'
import { quoted, signatureText } from './facts.ts'
import { exit, Failure, fileUnreadable } from './failure.ts'
import { type Noun, recordPath } from './record-commands.ts'
import { fields, printList } from './records.ts'

const model: Noun = { name: 'model', path: '/models' }

export function addOpinion(program: Command, cli: Cli): void {
  const opinion = program.command('opinion').description('what consultants say of a model')
  opinion
    .command('list')
    .description('those that you see')
    .argument('<model>', 'its id')
    .action((id: string) =>
      printList(cli, {
        path: `${recordPath(model, id)}/opinions`,
        table: row => [
          `${textAt(row, 'id')}  by ${signatureText(at(row, 'by'))}`,
          textAt(row, 'finding') && `on the finding ${textAt(row, 'finding')}`,
          at(row, 'withheld') === true ? 'its text is kept from you' : quoted(textAt(row, 'text') ?? ''),
        ],
        csv: fields('id', 'model', 'finding', 'organisation', 'by.name', 'at', 'entry', 'text'),
        none: 'There is no opinion for you to see.',
      }),
    )
  opinion
    .command('add')
    .description('as a consultant: say what you think of it; it changes nothing else')
    .argument('<model>', 'its id')
    .option('--text <words>', 'your words; - reads them from stdin')
    .option('--from <file>', 'a text file with them')
    .option('--finding <id>', 'a finding of the model that is shared with you')
    .option('--dry-run', 'change nothing; show whether it could be done')
    .action((id: string, options: Adding) => add(cli, id, options))
}

interface Adding {
  readonly text?: string
  readonly from?: string
  readonly finding?: string
  readonly dryRun?: true
}

async function add(cli: Cli, id: string, { text: given, from, finding, dryRun }: Adding): Promise<void> {
  const path = `${recordPath(model, id)}/opinions`
  if ((given === undefined) === (from === undefined))
    throw new Failure(exit.usage, 'Say it by --text <words>, or by --from <file>: one of both.', {
      code: 'option_missing',
      next: 'With --text - it is read from stdin',
    })
  const text =
    from === undefined ? await cli.readArgument(given, 'text of the opinion') : await readText(from)
  const { gateway } = await cli.openPerson()
  const body = { text, ...(finding !== undefined && { finding }), ...(dryRun && { dry_run: true }) }
  const told = toldBy(gateway.issuer, await gateway.post(path, body))
  await printDecision(cli, told, { id: '' })
}

const readText = (path: string): Promise<string> =>
  readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw fileUnreadable(path, error)
  })
