import type { Command } from 'commander'
import type { Model } from '../index.ts'
import type { Cli } from './cli.ts'
import type { Column } from './output.ts'

const columns: readonly Column<Model>[] = [
  { title: 'ID', value: row => row.id },
  { title: 'NAME', value: row => row.name },
  { title: 'STATE', value: row => row.state },
  { title: 'OPEN', value: row => (row.open ? 'yes' : 'no') },
  { title: 'DEVELOPER', value: row => row.developer },
  { title: 'PROTOCOLS', value: row => row.protocols.join(' ') },
]

export function addModel(program: Command, cli: Cli): void {
  program
    .command('model')
    .description('the covered models')
    .command('list')
    .description('those that your organisation holds a grant of')
    .action(async () => {
      const { gateway } = await cli.open()
      await cli.printRows(await gateway.models(), { table: columns, csv: columns })
    })
}
