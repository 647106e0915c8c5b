/** `sallyport watermark`: which reader a leak of the log was copied from. */
import { type Command, InvalidArgumentError } from 'commander'
import { textAt } from '../json.ts'
import type { Cli } from './cli.ts'
import { toldBy } from './decision.ts'
import { counted, formatFacts, listAt, quoted, utc } from './facts.ts'
import { isAnswered, waitForInquiry } from './inquiry-wait.ts'
import { readLeakInput } from './leak-input.ts'
import { words } from './option-forms.ts'
import { type Noun, recordPath } from './record-commands.ts'
import { fields, printRows, readList, readRecord } from './records.ts'
import { inquiryState, traceFacts } from './watermark-facts.ts'

const noun: Noun = { name: 'trace', path: '/traces', command: 'watermark' }

interface TraceOptions {
  readonly purpose: string
  readonly case?: string
  readonly epsilon?: number
  readonly utcOffset?: number
}

export function addWatermark(program: Command, cli: Cli): void {
  const command = program.command('watermark').description('which reader a leak of the log was copied from')
  command
    .command('trace')
    .description('ask who leaked what was found; it is recorded, and a job answers')
    .argument(
      '<file>',
      'a bundle, JSON lines, CSV, or anything with rows of the log in it; - reads it from stdin',
    )
    .requiredOption('--purpose <words>', 'what it is for: it stands in the log', words)
    .option('--case <id>', 'the case that it belongs to')
    .option('--epsilon <risk>', 'that anybody innocent is named: from 1e-9 to 0.01; 0.001 unless given', risk)
    .option(
      '--utc-offset <hours>',
      'of its times, where they name no zone, for instance +02:00',
      minutesAhead,
    )
    .addHelpText('after', help)
    .action((file: string, options: TraceOptions) => trace(cli, file, options))
  command
    .command('list')
    .description('traces that you asked for, the newest first')
    .action(() => list(cli))
  command
    .command('status')
    .description('a trace that you asked for: how far it is, and who is named')
    .argument('<trace>', 'its id')
    .option('--wait', 'until it is answered')
    .action(async (id: string, { wait }: { readonly wait?: true }) => {
      const path = recordPath(noun, id)
      await print(cli, wait ? await waitForInquiry(cli, path, again) : await readRecord(cli, path))
    })
}

const again = 'Mend what it names, and ask again: sallyport watermark trace'

async function trace(cli: Cli, file: string, options: TraceOptions): Promise<void> {
  const { purpose, epsilon, utcOffset } = options
  const { text, leftOut } = await readLeakInput(cli, file)
  if (leftOut > 0)
    cli.remark(
      `It is more than one trace takes: of its lines an even sample is handed in, and ${leftOut.toLocaleString('en-US')} are left out.`,
    )
  const { gateway } = await cli.openPerson()
  const asked = toldBy(
    gateway.issuer,
    await gateway.post(noun.path, {
      ...{ leak: text, purpose },
      ...(options.case !== undefined && { case: options.case }),
      ...(epsilon !== undefined && { epsilon }),
      ...(utcOffset !== undefined && { offset_minutes: utcOffset }),
      ...(leftOut > 0 && { left_out: leftOut }),
    }),
  )
  const id = textAt(asked, 'id') ?? ''
  cli.remark(`Trace ${id} was asked for.`)
  const answered = await waitForInquiry(cli, recordPath(noun, id), again)
  await print(cli, answered)
  if (!isAnswered(answered)) cli.remark(`See how far it is: sallyport watermark status ${id}`)
}

const print = (cli: Cli, found: unknown): Promise<void> =>
  cli.options().json
    ? cli.printValue(found)
    : cli.terminal.write(traceFacts(found).map(formatFacts).join('\n'))

async function list(cli: Cli): Promise<void> {
  const asked = (one: unknown): string => textAt(one, 'requested_at') ?? ''
  const traces = [...(await readList(cli, noun.path))].sort((a, b) => (asked(a) < asked(b) ? 1 : -1))
  await printRows(cli, traces, {
    table: one => [
      `${textAt(one, 'id')}  ${inquiryState(one)}`,
      [quoted(textAt(one, 'purpose') ?? ''), isAnswered(one) && namedText(one), `asked ${utc(asked(one))}`]
        .filter(Boolean)
        .join(', '),
    ],
    csv: fields(
      'id',
      'state',
      'purpose',
      'case',
      'epsilon',
      'requested_at',
      'made_at',
      'kept_until',
      'entry',
    ),
    none: 'You have asked for no trace.',
  })
}

const namedText = (one: unknown): string => {
  const readers = listAt(one, 'result', 'readers')
  return readers.length === 0 ? 'nobody is named' : `${counted(readers.length, 'reader')} named`
}

function risk(text: string): number {
  const value = Number(text)
  if (!(value >= 1e-9 && value <= 0.01))
    throw new InvalidArgumentError('It is a number from 1e-9 to 0.01, for instance 0.001.')
  return value
}

function minutesAhead(text: string): number {
  const [, sign, hours = '', minutes = '0'] = /^([+-])(\d{1,2})(?::?([0-5]\d))?$/.exec(text) ?? []
  const ahead = Number(hours) * 60 + Number(minutes)
  if (sign === undefined || ahead > 14 * 60)
    throw new InvalidArgumentError('It is hours and minutes ahead of UTC, for instance +02:00.')
  return sign === '-' ? -ahead : ahead
}

const help = `
  sallyport watermark trace found.csv --purpose 'A list on the web' --case <id>
  sallyport watermark trace bundle.zip --purpose 'Whose copy is it?'
Rows may be cut, rounded, or in any order; each needs its time or the id of its
entry. Of a picture, have the text recognised first. Of a leak of more than 3 MB
an even sample is handed in. The leak is gone from the gateway when the trace is
answered, and stands in no log.`
