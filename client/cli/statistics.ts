/** `sallyport statistics`: how decisions are made, in numbers, of nobody by name. */
import type { Command } from 'commander'
import { at, textAt } from '../json.ts'
import type { Cli } from './cli.ts'
import { type Fact, formatFacts, listAt, utc } from './facts.ts'
import { instant } from './option-forms.ts'
import { formatTable } from './output.ts'
import { column, fields, readRecord } from './records.ts'

export function addStatistics(program: Command, cli: Cli): void {
  program
    .command('statistics')
    .description('how decisions are made, in numbers, over what you see')
    .option('--from <time>', 'RFC 3339; 90 days before the end unless given', instant)
    .option('--to <time>', 'RFC 3339; now unless given', instant)
    .action(async ({ from, to }: { readonly from?: string; readonly to?: string }) => {
      const query = new URLSearchParams({ ...(from && { from }), ...(to && { to }) })
      const told = await readRecord(cli, `/statistics?${query}`)
      const { json, output } = cli.options()
      if (json) return cli.printValue(told)
      const rows = listAt(told, 'proposals')
      const csv = fields('action', 'outcome', 'count')
      if (output !== 'table') return cli.printRows(rows, { table: [], csv })
      const table = [
        column('PROPOSED', 'action'),
        column('OUTCOME', 'outcome'),
        { title: 'COUNT', numeric: true as const, value: (row: unknown) => Number(at(row, 'count')) },
      ]
      await cli.terminal.write(formatFacts(statisticsFacts(told)))
      if (rows.length > 0) await cli.terminal.write(`\n${formatTable(table, rows)}`)
      if (at(told, 'truncated') === true)
        cli.remark('There were more records than were looked at: these are the least figures.')
    })
}

function statisticsFacts(told: unknown): readonly Fact[] {
  const count = (...path: readonly string[]): string => Number(at(told, ...path) ?? 0).toLocaleString('en-US')
  const hours = (name: string): string => {
    const value = Number(at(told, 'hours_to_end', name))
    return value < 1 ? 'an hour' : `${value.toLocaleString('en-US')} hours`
  }
  return [
    ['from', utc(textAt(told, 'from'))],
    ['to', utc(textAt(told, 'to'))],
    [
      'decided',
      at(told, 'hours_to_end')
        ? `half within ${hours('median')}, nine of ten within ${hours('p90')}`
        : 'no proposal has ended in that time',
    ],
    ['holds', ['active', 'lifted', 'lapsed'].map(name => `${count('holds', name)} ${name}`).join(', ')],
    [
      'appeals',
      ['open', 'upheld', 'dismissed', 'overdue'].map(name => `${count('appeals', name)} ${name}`).join(', '),
    ],
    ['overdue', `${count('overdue_ratifications')} stops stand without the second look that was due`],
  ]
}
