/** `sallyport export`: what a query finds, as a file that anybody can verify without the gateway. */
import type { Command } from 'commander'
import { at, textAt } from '../json.ts'
import type { Cli } from './cli.ts'
import { toldBy } from './decision.ts'
import { download, notMade } from './export-download.ts'
import {
  addEvidenceOptions,
  addExportEvidence,
  createEvidence,
  type EvidenceOptions,
} from './export-evidence.ts'
import { exportFacts, isBegun, queryText, recordsText, stateText } from './export-facts.ts'
import { exportNoun } from './export-noun.ts'
import { counted, formatFacts, utc } from './facts.ts'
import { words } from './option-forms.ts'
import { judgeQuery } from './query-fault.ts'
import { recordPath } from './record-commands.ts'
import { fields, printRows, readList, readRecord } from './records.ts'

interface Waiting {
  readonly wait?: true
  readonly out?: string
}

interface CreateOptions extends Waiting {
  readonly purpose: string
  readonly decided?: true
  readonly archive?: true
}

/** Seconds between two looks; a large one takes minutes. Milliseconds. */
const firstLookMs = 500
const lastLookMs = 5_000
const ended: readonly string[] = ['done', 'failed', 'expired']

export function addExports(program: Command, cli: Cli): Command {
  const command = program
    .command('export')
    .description('records of the log as a file: your own copy, which proves itself')
  addEvidenceOptions(command.command('create'))
    .description('ask for what a query finds; it is recorded, and a job makes the file')
    .argument('[query...]', 'as for log search: key:value, -key:value, time:a..b')
    .requiredOption('--purpose <words>', 'what it is for: it stands in the log and in the file', words)
    .option('--decided', 'what your own people decided')
    .option('--archive', 'of what is kept after its entries can no longer be searched')
    .option('--wait', 'until it is made')
    .option('--out <file>', 'wait, and fetch it into this file')
    // A negated word looks like an option; what is neither is refused as a word of the query.
    .allowUnknownOption()
    .addHelpText('after', help)
    .action((query: readonly string[], options: CreateOptions & EvidenceOptions) =>
      options.evidence
        ? createEvidence(cli, query.join(' '), options)
        : create(cli, query.join(' '), options),
    )
  command
    .command('status')
    .description('how far one is, and what its file is')
    .argument('<export>', 'its id')
    .option('--wait', 'until it is made')
    .action(async (id: string, { wait }: Waiting) => {
      const path = recordPath(exportNoun, id)
      await print(cli, wait ? await waitFor(cli, path) : await readRecord(cli, path))
    })
  command
    .command('list')
    .description('those that you asked for, the newest first')
    .action(() => list(cli))
  command
    .command('download')
    .description('sign that the copy is yours, and fetch the file; what broke off is gone on with')
    .argument('<export>', 'its id')
    .option('--out <file>', 'where to; <export>.zip unless given')
    .option('--wait', 'until it is made')
    .action(async (id: string, { wait, out }: Waiting) => {
      const path = recordPath(exportNoun, id)
      await fetchTo(cli, wait ? await waitFor(cli, path) : await readRecord(cli, path), out)
    })
  addExportEvidence(command, cli)
  return command
}

async function create(cli: Cli, q: string, options: CreateOptions): Promise<void> {
  const { purpose, decided, archive, wait, out } = options
  judgeQuery(q)
  const { gateway } = await cli.openPerson()
  const asked = { q, purpose, ...(decided && { by: 'us' }), ...(archive && { archive }) }
  const job = toldBy(gateway.issuer, await gateway.post(exportNoun.path, asked))
  const id = textAt(job, 'id') ?? ''
  const path = recordPath(exportNoun, id)
  if (out !== undefined) {
    cli.remark(`Export ${id} was asked for.`)
    return fetchTo(cli, await waitFor(cli, path), out)
  }
  await print(cli, wait ? await waitFor(cli, path) : job)
  if (!wait) cli.remark(`See how far it is: sallyport export status ${id}`)
}

/** Until it is made; as it stands where that is interrupted. Throws a `Failure` where it fails. */
async function waitFor(cli: Cli, path: string): Promise<unknown> {
  const { terminal } = cli
  for (let pauseMs = firstLookMs; ; pauseMs = Math.min(pauseMs * 1.5, lastLookMs)) {
    const job = await readRecord(cli, path)
    const state = textAt(job, 'state')
    const watched = terminal.watched && !cli.options().quiet
    if (watched) terminal.say(`\r${recordsText(job)}${at(job, 'collected') === true ? ', packing' : ''} `)
    if (ended.includes(state ?? '') || terminal.interrupted.aborted) {
      if (watched) terminal.say('\n')
      if (state === 'failed') throw notMade(job)
      return job
    }
    await terminal.sleep(pauseMs)
  }
}

const print = (cli: Cli, job: unknown): Promise<void> =>
  cli.options().json ? cli.printValue(job) : cli.terminal.write(formatFacts(exportFacts(job)))

async function fetchTo(cli: Cli, job: unknown, out: string | undefined): Promise<void> {
  if (cli.terminal.interrupted.aborted) return
  const fetched = await download(cli, job, out)
  if (fetched === undefined) return
  const { file, bytes, sha256 } = fetched
  if (cli.options().json) return cli.printValue({ export: textAt(job, 'id'), ...fetched })
  await cli.terminal.write(
    formatFacts([
      ['written', `${file}, ${counted(bytes, 'byte')}, ${recordsText(job)}`],
      ['sha256', sha256],
      ['verify', `sallyport verify bundle ${file} --key <the log's key>`],
    ]),
  )
}

async function list(cli: Cli): Promise<void> {
  const jobs = [...(await readList(cli, exportNoun.path))]
  const asked = (job: unknown): string => textAt(job, 'requested_at') ?? ''
  jobs.sort((a, b) => (asked(a) < asked(b) ? 1 : -1))
  await printRows(cli, jobs, {
    table: job => [
      `${textAt(job, 'id')}  ${stateText(job)}`,
      [queryText(job), isBegun(job) && recordsText(job), `asked ${utc(asked(job))}`]
        .filter(Boolean)
        .join(', '),
    ],
    csv: fields(
      ...['id', 'kind', 'state', 'query', 'from', 'to', 'purpose', 'requested_at', 'records'],
      ...['bytes', 'sha256', 'made_at', 'kept_until', 'entry'],
    ),
    none: 'You have asked for no export.',
  })
}

const help = `
  sallyport export create partner:cedar time:2026-11-01..2026-11-30 --purpose 'Quarterly review' --out cedar.zip
  sallyport verify bundle cedar.zip --key log.vkey
The words of a query are those of: sallyport log search --help`
