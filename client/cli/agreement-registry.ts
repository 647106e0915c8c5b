/** `agreement templates` and `agreement clauses`: what to draft from, and what each clause becomes. */
import type { Command } from 'commander'
import type { Clause } from '../../shared/domain/clauses.ts'
import { at, textAt } from '../json.ts'
import { clauseText } from './agreement-text.ts'
import { clauseTerms } from './clause-terms.ts'
import type { Cli } from './cli.ts'
import { listAt, wrapped } from './facts.ts'
import { exit, Failure } from './failure.ts'
import { fields, printRows, readRecord } from './records.ts'

export function addRegistry(agreement: Command, cli: Cli): void {
  agreement
    .command('templates')
    .description('what to draft from, all of it made up; one of them with its clauses')
    .argument('[template]', 'its id')
    .action(async (id: string | undefined) => {
      const rows = listAt(await readRecord(cli, '/agreement-templates'), 'items')
      if (id !== undefined) return printTemplate(cli, id, rows)
      await printRows(cli, rows, {
        table: row => [
          `${textAt(row, 'id')}  ${textAt(row, 'title')}`,
          `${textAt(row, 'kind')}: ${textAt(row, 'summary')}`,
          `${listAt(row, 'clauses').length} clauses: sallyport agreement templates ${textAt(row, 'id')}`,
        ],
        csv: fields('id', 'kind', 'title', 'summary'),
        none: 'There is no template.',
      })
    })
  agreement
    .command('clauses')
    .description('what an agreement can ask for, by which terms, and what enforces it')
    .action(async () => {
      const rows = listAt(await readRecord(cli, '/clauses'), 'items')
      await printRows(cli, rows, {
        table: row => [
          `${textAt(row, 'kind')}  ${textAt(row, 'title')}, ${textAt(row, 'enforcement')}${at(row, 'required') === true ? ', in every agreement' : ''}`,
          textAt(row, 'by'),
          ...termsOf(textAt(row, 'kind')),
          textAt(row, 'shows')?.replace(/^/, 'In the log: '),
        ],
        csv: fields('kind', 'title', 'enforcement', 'required', 'binds', 'by', 'shows'),
        none: 'There is no clause.',
      })
    })
}

/** Of a kind that this program does not know, what the gateway says of it is all. */
const termsOf = (kind: string | undefined): readonly string[] =>
  Object.entries(clauseTerms)
    .find(([name]) => name === kind)?.[1]
    .map(line => `- ${line}`) ?? []

async function printTemplate(cli: Cli, id: string, rows: readonly unknown[]): Promise<void> {
  const found = rows.find(row => textAt(row, 'id') === id)
  if (found === undefined)
    throw new Failure(exit.notFound, 'There is no such template.', {
      code: 'record_unknown',
      next: 'sallyport agreement templates',
    })
  if (cli.options().json) return cli.printValue(found)
  const clauses = listAt(found, 'clauses') as readonly Clause[]
  await cli.terminal.write(`${wrapped(textAt(found, 'title') ?? '', 0)}\n${clauses.map(clauseText).join('')}`)
}
