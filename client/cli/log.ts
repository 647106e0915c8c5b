import type { Command } from 'commander'
import type { Api } from '../api.ts'
import type { Entry } from '../index.ts'
import { textAt } from '../json.ts'
import type { Cli } from './cli.ts'
import { formatFacts } from './facts.ts'
import { followEntries } from './follow.ts'
import { entryColumns } from './log-columns.ts'
import { addLogDeletions } from './log-deletions.ts'
import { entryFacts, entryLines, marksRemark } from './log-entry.ts'
import { addLogSearch } from './log-search.ts'
import { addLogStatus } from './log-status.ts'
import { addLogViews } from './log-views.ts'
import { rowCount } from './option-forms.ts'
import { formatJsonl } from './output.ts'
import { openReader } from './reader.ts'
import { printRows } from './records.ts'

const page = 100

interface TailOptions {
  readonly lines: number
  readonly follow?: boolean
  readonly decided?: true
  readonly all?: true
}

export function addLog(program: Command, cli: Cli): void {
  const log = program
    .command('log')
    .description('entries of accesses and decisions: yours to see, and bound to you')
  addLogSearch(log, cli)
  addLogViews(log, cli)
  addLogStatus(log, cli)
  addLogDeletions(log, cli)
  log
    .command('tail')
    .description(
      'the newest entries of your organisation but those of tokens that were issued, the newest one last; what else you may see: sallyport log search',
    )
    .option('-n, --lines <count>', 'how many', rowCount, 20)
    .option('-f, --follow', 'go on with those that come')
    .option('--decided', 'what your own people decided, in place of what is about your organisation')
    .option('--all', 'the tokens that were issued, too')
    .action(async ({ lines, follow = false, decided, all }: TailOptions) => {
      const { api } = await openReader(cli)
      const asked: Api['entries'] = query => api.entries({ ...query, ...(decided && { by: 'us' }) })
      const entries = all ? asked : withoutIssuances(cli, asked)
      if (follow) return tail(cli, { entries }, lines)
      const found = await newest({ entries }, lines)
      await printEntries(cli, found.reverse())
      if (found.length > 0) cli.remark(marksRemark)
    })
  log
    .command('get')
    .description('one entry, told to people; with --json as the log holds it')
    .argument('<eid>', 'its id')
    .option('--proof', 'with the proof that it is in the tree, for sallyport verify record')
    .action(async (eid: string, { proof }: { readonly proof?: true }) => {
      const { api } = await openReader(cli)
      const entry = await (proof ? api.provedEntry(eid) : api.entry(eid))
      const { json, output } = cli.options()
      await (json || output !== 'table'
        ? cli.printValue(entry)
        : cli.terminal.write(formatFacts(entryFacts(entry))))
      cli.remark(marksRemark)
    })
}

const printEntries = (cli: Cli, entries: readonly Entry[], first = true): Promise<void> =>
  cli.options().output === 'table'
    ? printRows(cli, entries, {
        table: entryLines,
        csv: [],
        none: 'There is no entry to show; --all shows those of tokens too.',
      })
    : cli.printRows(entries, entryColumns, first)

/** Pages in a row that are asked for in place of one that has nothing to show. */
const maxPages = 50

/** There is one for every few minutes that somebody is at work, and they hide what was done. */
function withoutIssuances(cli: Cli, entries: Api['entries']): Api['entries'] {
  return async query => {
    let after = query?.after
    for (let asked = 1; ; asked++) {
      const { items, next } = await entries({ ...query, limit: page, ...(after !== undefined && { after }) })
      const shown = items.filter(({ body }) => textAt(body, 'unmapped', 'kind') !== 'issuance')
      if (shown.length > 0 || next === null) return { items: shown, next }
      if (asked === maxPages) {
        cli.remark(`The newest ${maxPages * page} are of tokens alone: --all shows them.`)
        return { items: [], next: null }
      }
      after = next
    }
  }
}

async function newest(api: Pick<Api, 'entries'>, lines: number): Promise<Entry[]> {
  const found: Entry[] = []
  let after: string | undefined
  while (found.length < lines) {
    const { items, next } = await api.entries({ limit: Math.min(page, lines - found.length), after })
    found.push(...items)
    if (next === null) break
    after = next
  }
  return found.slice(0, lines)
}

/** A list without an end has no closing bracket, so that `--json` prints an object a line here. */
async function tail(cli: Cli, api: Pick<Api, 'entries'>, lines: number): Promise<void> {
  let first = true
  for await (const entries of followEntries(api, lines, cli.terminal)) {
    if (cli.options().json) await cli.terminal.write(formatJsonl(entries))
    else await printEntries(cli, entries, first)
    first = false
  }
}
