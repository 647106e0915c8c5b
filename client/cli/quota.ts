import type { Command } from 'commander'
import type { Quota } from '../index.ts'
import type { Cli, RowColumns } from './cli.ts'
import { exit, Failure } from './failure.ts'

/** What stands in the way of a call: what is closed, then whatever refuses it, then a limit. */
const status = ({ state, refused, binding }: Quota): string | null =>
  state === 'open' ? (refused?.code ?? binding) : state

const columns: RowColumns<Quota> = {
  table: [
    { title: 'MODEL', value: row => (row.shared ? `${row.model} (${row.shared})` : row.model) },
    { title: 'STATUS', value: row => status(row) ?? 'open' },
    { title: 'TOTAL', numeric: true, value: row => row.limits.total },
    { title: 'USED', numeric: true, value: row => row.used },
    { title: 'RESERVED', numeric: true, value: row => row.reserved },
    { title: 'REMAINING', numeric: true, value: row => row.remaining },
    { title: 'STREAMS', numeric: true, value: row => row.streams_in_use },
  ],
  csv: [
    { title: 'model', value: row => row.model },
    { title: 'grant', value: row => row.grant },
    { title: 'agreement', value: row => row.agreement },
    { title: 'meter', value: row => row.meter },
    { title: 'shared', value: row => row.shared },
    { title: 'state', value: row => row.state },
    { title: 'binding', value: row => row.binding },
    { title: 'refused', value: row => row.refused?.code ?? null },
    { title: 'total', value: row => row.limits.total },
    { title: 'used', value: row => row.used },
    { title: 'reserved', value: row => row.reserved },
    { title: 'remaining', value: row => row.remaining },
    { title: 'per_day', value: row => row.limits.per_day },
    { title: 'day_used', value: row => row.day_used },
    { title: 'rpm', value: row => row.limits.rpm },
    { title: 'burst', value: row => row.limits.burst },
    { title: 'streams', value: row => row.limits.streams },
    { title: 'streams_in_use', value: row => row.streams_in_use },
    { title: 'expires_at', value: row => row.expires_at },
  ],
}

export function addQuota(program: Command, cli: Cli): void {
  program
    .command('quota')
    .description('what is left of the tokens, and which limit binds')
    .argument('[model]', 'only this model')
    .action(async (model?: string) => {
      const { gateway } = await cli.open()
      const rows = await gateway.quota(model)
      if (model !== undefined && rows.length === 0)
        throw new Failure(exit.notFound, `Your organisation holds no grant of ${model}.`, {
          next: 'List the models you may use: sallyport model list',
        })
      await cli.printRows(rows, columns)
    })
}
