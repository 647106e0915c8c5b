/** `sallyport webhook`: addresses at which an organisation hears of what concerns it. */
import type { Command } from 'commander'
import { textAt } from '../json.ts'
import type { Cli } from './cli.ts'
import { addDecisionOptions, type DecisionOptions, decide } from './decision.ts'
import { listAt, utc } from './facts.ts'
import { ownOrganisation } from './own-organisation.ts'
import { createSecretText, isThere, outExists } from './profile-file.ts'
import { fields, printRows, readRecord } from './records.ts'

export function addWebhook(program: Command, cli: Cli): void {
  const webhook = program.command('webhook').description('be told of what concerns your organisation')
  webhook
    .command('list')
    .description('those of your organisation')
    .action(async () => {
      const rows = listAt(await readRecord(cli, await ownPath(cli)), 'webhooks')
      await printRows(cli, rows, {
        table: row => [
          `${textAt(row, 'id')}  ${textAt(row, 'disabled_at') ? `given up ${utc(textAt(row, 'disabled_at'))}` : 'active'}`,
          textAt(row, 'url'),
        ],
        csv: fields('id', 'url', 'created_at', 'disabled_at'),
        none: 'There is none, or it is not for you to see.',
      })
    })
  addDecisionOptions(
    webhook
      .command('add')
      .description('be told at an address of yours; what is sent is signed')
      .argument('<url>', 'https. It stands in the log: it should hold no secret'),
  ).action(async (url: string, options: DecisionOptions) => {
    await decide(cli, `${await ownPath(cli)}/webhooks`, { id: '', params: { url }, options })
    if (!options.dryRun)
      cli.remark('See its id by: sallyport webhook list. What verifies it: sallyport webhook secret <id>')
  })
  addDecisionOptions(
    webhook.command('remove').description('send nothing more there').argument('<webhook>', 'its id'),
  ).action(async (id: string, options: DecisionOptions) => {
    const record = await ownPath(cli)
    await decide(cli, `${record}/webhooks/${encodeURIComponent(id)}/remove`, {
      id,
      record,
      options,
    })
  })
  webhook
    .command('secret')
    .description('what your receiver verifies signatures with')
    .argument('<webhook>', 'its id')
    .option('--out <file>', 'write it to a new file of mode 0600, and not to stdout')
    .action((id: string, { out }: { readonly out?: string }) => secret(cli, id, out))
}

const ownPath = async (cli: Cli): Promise<string> =>
  `/organisations/${encodeURIComponent(await ownOrganisation(cli))}`

async function secret(cli: Cli, id: string, out: string | undefined): Promise<void> {
  if (out !== undefined && (await isThere(out))) throw outExists(out)
  const told = await readRecord(cli, `${await ownPath(cli)}/webhooks/${encodeURIComponent(id)}/secret`)
  const text = textAt(told, 'secret') ?? ''
  if (out !== undefined) {
    await createSecretText(out, text)
    return cli.remark(`The secret is in ${out}.`)
  }
  await (cli.options().json ? cli.printValue(told) : cli.terminal.write(`${text}\n`))
}
