/** `sallyport log search`: what a query finds, in the words of the API, each record with its reader's own slot. */
import type { Command } from 'commander'
import type { Entry, SearchPage } from '../api.ts'
import type { Cli } from './cli.ts'
import { counted, utcSeconds, wrapped } from './facts.ts'
import { exit, Failure } from './failure.ts'
import { entryColumns } from './log-columns.ts'
import { marksRemark, searchedLines } from './log-entry.ts'
import { findView, saveView } from './log-views.ts'
import { rowCount } from './option-forms.ts'
import { judgeQuery } from './query-fault.ts'
import { openReader } from './reader.ts'
import { printRows } from './records.ts'
import { printable } from './terminal.ts'

interface SearchOptions {
  readonly limit: number
  readonly decided?: true
  readonly proofs?: true
  readonly explain?: true
  readonly facets?: true
  readonly view?: string
  readonly save?: string
  readonly shared?: true
}

const page = 100

export function addLogSearch(log: Command, cli: Cli): void {
  log
    .command('search')
    .description('entries that a query finds, the newest first; without a time, those of the last 24 hours')
    .argument('[query...]', 'key:value, -key:value, time:a..b; see below')
    .option('-n, --limit <count>', 'entries at most', rowCount, 100)
    .option('--decided', 'what your own people decided')
    .option('--proofs', 'each with its proof, for sallyport verify')
    .option('--facets', 'count what occurs how often among what is found')
    .option('--explain', 'how the query would be answered')
    .option('--view <name>', 'a saved search, by its name or id; further words narrow it')
    .option('--save <name>', 'keep the search under this name, once it is answered')
    .option('--shared', 'with --save: for your whole organisation')
    // A negated word looks like an option; what is neither is refused as a word of the query.
    .allowUnknownOption()
    .addHelpText('after', help)
    .action(async (words: readonly string[], options: SearchOptions) => {
      const asked = await readAsked(cli, words, options)
      await answer(cli, asked, options)
      const { save, shared } = options
      if (save === undefined) return
      await saveView(cli, { name: save, ...asked, ...(shared && { shared }) })
    })
}

interface Asked {
  readonly q: string
  readonly by?: 'us'
}

/** The query of a saved search, and what was typed: both hold. */
async function readAsked(
  cli: Cli,
  words: readonly string[],
  { view: named, decided, save, shared }: SearchOptions,
): Promise<Asked> {
  if (shared && save === undefined)
    throw new Failure(exit.usage, '--shared goes with --save <name>.', {
      code: 'option_missing',
      next: 'Name the search: --save <name> --shared',
    })
  const view = named === undefined ? undefined : await findView(cli, named)
  const q = [view?.q ?? '', ...words].filter(word => word !== '').join(' ')
  // Of a colleague, perhaps.
  if (view) cli.remark(`The query is ${printable(q)}`)
  judgeQuery(q)
  return { q, ...((decided || view?.by) && { by: 'us' }) }
}

async function answer(cli: Cli, query: Asked, options: SearchOptions): Promise<void> {
  const { api } = await openReader(cli)
  const asked = { ...query, ...(options.proofs && { proofs: 'true' as const }) }
  if (options.explain) {
    const { explain = [] } = await api.search({ ...asked, explain: 'true' })
    return cli.options().json ? cli.printValue(explain) : cli.terminal.write(`${explain.join('\n')}\n`)
  }
  const found: Entry[] = []
  const pages: SearchPage[] = []
  let after: string | undefined
  do {
    const limit = Math.min(page, options.limit - found.length)
    const one = await api.search({ ...asked, limit, after })
    pages.push(one)
    found.push(...one.items)
    after = one.next ?? undefined
  } while (after !== undefined && found.length < options.limit)
  const isTable = cli.options().output === 'table' && !cli.options().json
  if (isTable)
    await printRows(cli, found, {
      table: searchedLines,
      csv: [],
      none: 'There is no such entry for you.',
    })
  else await cli.printRows(found, entryColumns)
  const counts = options.facets ? facetLines(pages) : []
  if (isTable) for (const line of counts) await cli.terminal.write(`${wrapped(line, 2)}\n`)
  tell(cli, pages, found.length)
  if (!isTable) for (const line of counts) cli.remark(line)
}

/** On stderr: what is found goes into a file. */
function tell(cli: Cli, pages: readonly SearchPage[], found: number): void {
  const [first, last] = [pages[0], pages.at(-1)]
  if (first === undefined || last === undefined) return
  const { from, to, size } = first.pin
  const range =
    Date.parse(from) > 0 ? `from ${utcSeconds(from)} to ${utcSeconds(to)}` : `up to ${utcSeconds(to)}`
  cli.remark(`${counted(found, 'entry', 'entries')} ${range}, in the tree of ${size}.`)
  if (found > 0) cli.remark(marksRemark)
  if (last.next !== null)
    cli.remark(
      `It ends with the --limit of ${found}: nobody has looked further back than ${utcSeconds(last.looked_until)}.`,
    )
}

function facetLines(pages: readonly SearchPage[]): readonly string[] {
  const sums = new Map<string, Map<string, number>>()
  for (const { key, values } of pages.flatMap(one => one.facets)) {
    const sum = sums.get(key) ?? new Map<string, number>()
    for (const { value, count } of values) sum.set(value, (sum.get(value) ?? 0) + count)
    sums.set(key, sum)
  }
  return [...sums].flatMap(([key, values]) => {
    const words = [...values].sort(([, a], [, b]) => b - a).map(([value, times]) => `${value} ${times}`)
    return words.length > 0 ? [`${key}: ${words.join(', ')}`] : []
  })
}

const help = `
A query is made of words, all of which hold:
  key:value      decision, code, partner, model, client, person, grant,
                 agreement, clause, purpose, type,
                 request, ending, action, charge, entry
  key:a,b        one or the other; key:abc* what begins so; key:"two words"
  -key:value     what is not so
  time:a..b      2026-11-27, 2026-11-27T10:00:00Z, -24h, -7d, now;
                 also time:>=a and time:<=b
  charge:>=1000  tokens; also <=, > and <
Values are ids, as log get and --facets show them, and not names:
client:client_…, person:person_…. A word of the wrong case finds nothing.
Who has read the log is left out, unless type:read is asked for.
Times are those of ten seconds; within them the order tells nothing.

  sallyport log search model:aurora-preview decision:refuse time:-7d..now
  sallyport log search --json --proofs partner:cedar > cedar.json
  sallyport log search --save refusals decision:refuse time:-7d..now
  sallyport log search --view refusals model:aurora-preview`
