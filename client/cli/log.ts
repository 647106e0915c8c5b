import { type Command, InvalidArgumentError } from 'commander'
import type { Entry, Gateway } from '../index.ts'
import { at, textAt } from '../json.ts'
import type { Cli, RowColumns } from './cli.ts'
import { followEntries } from './follow.ts'
import { formatJsonl } from './output.ts'

const page = 100

const columns: RowColumns<Entry> = {
  table: [
    { title: 'TIME', value: ({ body }) => instant(body.time)?.slice(5, 19).replace('T', ' ') },
    { title: 'WHAT', width: 14, value: what },
    {
      title: 'TOKENS',
      width: 6,
      numeric: true,
      value: ({ body }) => numberOr(at(body, 'unmapped', 'charge')),
    },
    { title: 'ENTRY', value: ({ eid }) => eid },
  ],
  csv: [
    { title: 'time', value: ({ body }) => instant(body.time) },
    { title: 'kind', value: ({ body }) => textAt(body, 'unmapped', 'kind') },
    { title: 'decision', value: ({ body }) => textAt(body, 'unmapped', 'decision') },
    { title: 'code', value: ({ body }) => textAt(body, 'unmapped', 'code') },
    { title: 'ending', value: ({ body }) => textAt(body, 'unmapped', 'ending') },
    { title: 'model', value: ({ body }) => textAt(body, 'ai_model', 'uid') },
    { title: 'client', value: ({ body }) => textAt(body, 'actor', 'app_uid') ?? textAt(body, 'user', 'uid') },
    { title: 'charge', value: ({ body }) => numberOr(at(body, 'unmapped', 'charge')) },
    { title: 'request', value: ({ body }) => textAt(body, 'unmapped', 'request') },
    { title: 'eid', value: ({ eid }) => eid },
    { title: 'digest', value: ({ digest }) => digest },
  ],
}

/** The word that tells most: why it was refused, how it ended, else what it is. */
function what({ body }: Entry): string | undefined {
  const own = (name: string) => textAt(body, 'unmapped', name)
  return own('code') ?? own('ending') ?? own('kind')
}

const instant = (ms: unknown): string | undefined =>
  typeof ms === 'number' ? new Date(ms).toISOString() : undefined

const numberOr = (value: unknown): number | undefined => (typeof value === 'number' ? value : undefined)

export function addLog(program: Command, cli: Cli): void {
  const log = program.command('log').description("your organisation's entries")
  log
    .command('tail')
    .description('the newest entries, the newest one last')
    .option('-n, --lines <count>', 'how many', count, 20)
    .option('-f, --follow', 'go on with those that come')
    .action(async ({ lines, follow = false }: { lines: number; follow?: boolean }) => {
      const { gateway } = await cli.open()
      if (follow) return tail(cli, gateway, lines)
      await cli.printRows((await newest(gateway, lines)).reverse(), columns)
    })
  log
    .command('get')
    .description('one entry, whole')
    .argument('<eid>', 'its id')
    .action(async (eid: string) => {
      const { gateway } = await cli.open()
      await cli.printValue(await gateway.entry(eid))
    })
}

async function newest(gateway: Gateway, lines: number): Promise<Entry[]> {
  const found: Entry[] = []
  let after: string | undefined
  while (found.length < lines) {
    const { items, next } = await gateway.entries({ limit: Math.min(page, lines - found.length), after })
    found.push(...items)
    if (next === null) break
    after = next
  }
  return found
}

/** A list without an end has no closing bracket, so that `--json` prints an object a line here. */
async function tail(cli: Cli, gateway: Gateway, lines: number): Promise<void> {
  let first = true
  for await (const entries of followEntries(gateway, lines, cli.terminal)) {
    if (cli.options().json) await cli.terminal.write(formatJsonl(entries))
    else await cli.printRows(entries, columns, first)
    first = false
  }
}

function count(text: string): number {
  const lines = Number(text)
  if (!Number.isInteger(lines) || lines < 1 || lines > 10_000)
    throw new InvalidArgumentError('It is a number from 1 to 10,000.')
  return lines
}
