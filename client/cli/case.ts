/** `sallyport case`: what people of one organisation gather from the log about something that they look into. */
import { type Command, Option } from 'commander'
import { at, textAt } from '../json.ts'
import { addCaseExport } from './case-export.ts'
import type { Cli } from './cli.ts'
import { printDecision, toldBy } from './decision.ts'
import { counted, type Fact, formatFacts, listAt, quoted, signatureText, utc, wrapped } from './facts.ts'
import { addDecision, type Noun, recordPath } from './record-commands.ts'
import { fields, printList, readRecord } from './records.ts'
import { readWords, type WordsOptions } from './words-file.ts'

const noun: Noun = { name: 'case', path: '/cases' }

interface Dry {
  readonly dryRun?: true
}

export function addCase(program: Command, cli: Cli): void {
  const command = program
    .command('case')
    .description('entries and notes that your organisation gathers, for its people alone')
  command
    .command('list')
    .description('those of your organisation')
    .addOption(new Option('--state <state>', 'only these').choices(['open', 'closed']))
    .action(({ state }: { readonly state?: string }) =>
      printList(cli, {
        path: noun.path,
        query: { state },
        table: row => [
          `${textAt(row, 'id')}  ${textAt(row, 'state')}  ${quoted(textAt(row, 'title') ?? '')}`,
          `${contentsText(row)}, opened ${utc(textAt(row, 'opened_at'))} by ${textAt(row, 'opened_by', 'name')}`,
        ],
        csv: fields(
          ...['id', 'title', 'state', 'entry_count', 'note_count', 'opened_by.name', 'opened_at'],
          ...['closed_by.name', 'closed_at', 'version'],
        ),
        none: 'Your organisation has no such case.',
      }),
    )
  command
    .command('get')
    .description('one, with its notes and what its entries tell you')
    .argument('<case>', 'its id')
    .action((id: string) => print(cli, id))
  dry(command.command('open'))
    .description('begin one')
    .argument('<title>', 'what is looked into; - reads it from stdin')
    .action(async (title: string, options: Dry) =>
      send(cli, noun.path, { title: await cli.readArgument(title, 'title of the case') }, options),
    )
  dry(command.command('add'))
    .description('put an entry into it that you may see')
    .argument('<case>', 'its id')
    .argument('<eid>', 'the id of the entry: see sallyport log search')
    .option('--note <words>', 'why it belongs there; - reads it from stdin')
    .action(async (id: string, eid: string, options: Dry & { readonly note?: string }) => {
      const path = `${recordPath(noun, id)}/entries`
      const note = options.note === undefined ? undefined : await cli.readArgument(options.note, 'note')
      return send(cli, path, { entry: eid, ...(note !== undefined && { note }) }, options)
    })
  dry(command.command('note'))
    .description('write a note on it, which is not changed any more')
    .argument('<case>', 'its id')
    .option('--text <words>', 'your words; - reads them from stdin')
    .option('--from <file>', 'a text file with them')
    .action(async (id: string, options: Dry & WordsOptions) => {
      const path = `${recordPath(noun, id)}/notes`
      return send(cli, path, { text: await readWords(cli, options, 'note') }, options)
    })
  addDecision(command, cli, noun, { verb: 'close', what: 'nothing more is put into it' })
  addDecision(command, cli, noun, { verb: 'reopen', what: 'go on with one that was closed' })
  addCaseExport(command, cli, noun)
}

const dry = (command: Command): Command =>
  command.option('--dry-run', 'change nothing; show whether it could be done')

async function send(cli: Cli, path: string, fieldsOf: object, { dryRun }: Dry): Promise<void> {
  const { gateway } = await cli.openPerson()
  const body = { ...fieldsOf, ...(dryRun && { dry_run: true }) }
  await printDecision(cli, toldBy(gateway.issuer, await gateway.post(path, body)), {
    id: '',
    noun: noun.name,
  })
}

const contentsText = (row: unknown): string =>
  `${counted(Number(at(row, 'entry_count')), 'entry', 'entries')}, ${counted(Number(at(row, 'note_count')), 'note')}`

async function print(cli: Cli, id: string): Promise<void> {
  const one = await readRecord(cli, recordPath(noun, id))
  if (cli.options().json) return cli.printValue(one)
  const lines = [...listAt(one, 'entries').flatMap(entryLines), ...listAt(one, 'notes').flatMap(noteLines)]
  await cli.terminal.write(formatFacts(caseFacts(one)) + lines.map(line => `${line}\n`).join(''))
}

function caseFacts(one: unknown): readonly Fact[] {
  const closed = signatureText(at(one, 'closed_by'))
  return [
    ['case', `${textAt(one, 'id')}, ${textAt(one, 'state')}`],
    ['title', quoted(textAt(one, 'title') ?? '')],
    ['of', textAt(one, 'organisation')],
    ['opened', `by ${signatureText(at(one, 'opened_by'))}`],
    ['closed', closed && `by ${closed}`],
    ['holds', contentsText(one)],
    ['entry', textAt(one, 'entry')],
  ]
}

/** The words of others are quoted, on a line that is theirs. */
function entryLines(entry: unknown): readonly string[] {
  const note = textAt(entry, 'note')
  const told = textAt(entry, 'sentence') ?? 'it is not there for you'
  return [
    '',
    wrapped(textAt(entry, 'eid') ?? '', 0),
    `  ${wrapped(told, 2)}`,
    `  ${wrapped(`added ${byText(entry)}${note ? `: ${quoted(note)}` : ''}`, 2)}`,
  ]
}

const noteLines = (note: unknown): readonly string[] => [
  '',
  wrapped(`note ${at(note, 'number')}, ${byText(note)}`, 0),
  `  ${wrapped(quoted(textAt(note, 'text') ?? ''), 2)}`,
]

const byText = (one: unknown): string => `${utc(textAt(one, 'at'))} by ${textAt(one, 'by', 'name')}`
