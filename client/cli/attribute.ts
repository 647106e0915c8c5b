/** `sallyport attribute`: which partner a text of a model was sent to. */
import { readFile } from 'node:fs/promises'
import type { Command } from 'commander'
import { guaranteedRun } from '../../shared/fingerprint/fingerprints.ts'
import { units } from '../../shared/fingerprint/units.ts'
import { textAt } from '../json.ts'
import { attributionFacts } from './attribute-facts.ts'
import type { Cli } from './cli.ts'
import { toldBy } from './decision.ts'
import { counted, formatFacts, listAt, quoted, utc } from './facts.ts'
import { exit, Failure, fileUnreadable } from './failure.ts'
import { isAnswered, waitForInquiry } from './inquiry-wait.ts'
import { notText } from './leak-input.ts'
import { instant, words } from './option-forms.ts'
import { type Noun, recordPath } from './record-commands.ts'
import { fields, printRows, readList, readRecord } from './records.ts'
import { inquiryState } from './watermark-facts.ts'

const noun: Noun = { name: 'attribution', path: '/attributions', command: 'attribute' }

interface AskOptions {
  readonly file?: string
  readonly purpose?: string
  readonly case?: string
  readonly from?: string
  readonly to?: string
}

/** Bytes of UTF-8, as the gateway takes them. */
const maxBytes = 200_000

export function addAttribute(program: Command, cli: Cli): void {
  const command = program
    .command('attribute')
    .description('which partner a text of a model was sent to; it is recorded, and a job answers')
    .argument('[text...]', 'what was found, at least eight words of it; or --file')
    .option('--file <path>', 'the text in a file; - reads it from stdin')
    .option('--purpose <words>', 'what it is for: it stands in the log', words)
    .option('--case <id>', 'the case that it belongs to')
    .option('--from <time>', 'of replies from then on', instant)
    .option('--to <time>', 'of replies until then', instant)
    .addHelpText('after', help)
    .action((text: readonly string[], options: AskOptions) => ask(cli, text.join(' '), options))
  command
    .command('list')
    .description('attributions that you asked for, the newest first')
    .action(() => list(cli))
  command
    .command('status')
    .description('one that you asked for: how far it is, and which partner is named')
    .argument('<attribution>', 'its id')
    .option('--wait', 'until it is answered')
    .action(async (id: string, { wait }: { readonly wait?: true }) => {
      const path = recordPath(noun, id)
      await print(cli, wait ? await waitForInquiry(cli, path, again) : await readRecord(cli, path))
    })
}

const again = 'Mend what it names, and ask again: sallyport attribute'

async function ask(cli: Cli, argument: string, options: AskOptions): Promise<void> {
  const { file, purpose, from, to } = options
  if (purpose === undefined)
    throw new Failure(exit.usage, 'What it is for is missing: --purpose <words>. It stands in the log.', {
      code: 'option_missing',
      next: "For instance: sallyport attribute --file found.txt --purpose 'A text on the web'",
    })
  const text = await readExcerpt(cli, argument, file)
  const { gateway } = await cli.openPerson()
  const asked = toldBy(
    gateway.issuer,
    await gateway.post(noun.path, {
      ...{ text, purpose },
      ...(options.case !== undefined && { case: options.case }),
      ...(from !== undefined && { from }),
      ...(to !== undefined && { to }),
    }),
  )
  const id = textAt(asked, 'id') ?? ''
  cli.remark(`Attribution ${id} was asked for.`)
  const answered = await waitForInquiry(cli, recordPath(noun, id), again)
  await print(cli, answered, text)
  if (!isAnswered(answered)) cli.remark(`See how far it is: sallyport attribute status ${id}`)
}

async function readExcerpt(cli: Cli, argument: string, file: string | undefined): Promise<string> {
  if ((argument === '') === (file === undefined))
    throw new Failure(exit.usage, 'Hand in one text: behind the command, or by --file <path>.', {
      code: 'text_missing',
      next: 'Write it into a file and name it by --file; - is stdin.',
    })
  const text = await (file === undefined ? argument : readText(cli, file))
  if (text.includes('\0')) throw notText('text')
  const count = units(text).length
  if (count < guaranteedRun)
    throw new Failure(
      exit.usage,
      `It has ${counted(count, 'word')}; fewer than ${guaranteedRun} say nothing of where they are from.`,
      { code: 'text_too_short', next: 'Hand in more of what was found.' },
    )
  if (Buffer.byteLength(text) > maxBytes)
    throw new Failure(exit.usage, `It has more than ${maxBytes.toLocaleString('en-US')} bytes.`, {
      code: 'text_too_long',
      next: 'Hand in a part of it: the passage that may be a model’s says most.',
    })
  return text
}

const readText = (cli: Cli, file: string): Promise<string> =>
  file === '-'
    ? cli.readArgument('-', 'text')
    : readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
        throw fileUnreadable(file, error)
      })

const print = (cli: Cli, found: unknown, excerpt?: string): Promise<void> =>
  cli.options().json
    ? cli.printValue(found)
    : cli.terminal.write(attributionFacts(found, excerpt).map(formatFacts).join('\n'))

async function list(cli: Cli): Promise<void> {
  const asked = (one: unknown): string => textAt(one, 'requested_at') ?? ''
  const all = [...(await readList(cli, noun.path))].sort((a, b) => (asked(a) < asked(b) ? 1 : -1))
  await printRows(cli, all, {
    table: one => [
      `${textAt(one, 'id')}  ${inquiryState(one)}`,
      [quoted(textAt(one, 'purpose') ?? ''), isAnswered(one) && namedText(one), `asked ${utc(asked(one))}`]
        .filter(Boolean)
        .join(', '),
    ],
    csv: fields('id', 'state', 'purpose', 'case', 'requested_at', 'made_at', 'kept_until', 'entry'),
    none: 'You have asked for no attribution.',
  })
}

function namedText(one: unknown): string {
  const partners = listAt(one, 'result', 'partners')
  if (textAt(one, 'result', 'verdict') !== 'named') return 'nobody is named'
  return partners.map(partner => textAt(partner, 'partner')).join(', ')
}

const help = `
--purpose is needed.
  sallyport attribute --file found.txt --purpose 'A text on the web' --case <id>
  sallyport attribute --file - --purpose 'A text in a report' < found.txt
Of scripts without blanks each character counts as a word. The text is gone from
the gateway when it is answered, and stands in no log. The words of its runs are
shown from what is at hand here.`
