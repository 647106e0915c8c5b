/** Searches that are kept under a name: saved and used by `log search`, listed and removed here. */
import type { Command } from 'commander'
import { at, textAt } from '../json.ts'
import type { Cli } from './cli.ts'
import { changedSince, printDecision, readSeen, toldBy } from './decision.ts'
import { quoted } from './facts.ts'
import { exit, Failure } from './failure.ts'
import { type Noun, recordPath } from './record-commands.ts'
import { fields, printList, readList } from './records.ts'
import { printable } from './terminal.ts'

const noun: Noun = { name: 'view', path: '/views' }

export interface View {
  readonly id: string
  readonly q: string
  readonly by?: 'us'
}

export interface Saving {
  readonly name: string
  readonly q: string
  readonly by?: 'us'
  readonly shared?: true
}

export function addLogViews(log: Command, cli: Cli): void {
  const views = log
    .command('views')
    .description('saved searches: yours, and those that are shared with you')
    .action(() =>
      printList(cli, {
        path: noun.path,
        table: row => [
          `${quoted(textAt(row, 'name') ?? '')}  ${textAt(row, 'id')}`,
          `${textAt(row, 'q')}${at(row, 'by') === 'us' ? ' --decided' : ''}`,
          ownerText(row),
        ],
        csv: fields('id', 'name', 'q', 'by', 'shared', 'yours', 'saved_by.name', 'saved_at', 'version'),
        none: 'There is no saved search: sallyport log search --save <name>',
      }),
    )
  views
    .command('remove')
    .description('one of yours; as an administrator also a shared one')
    .argument('<view>', 'its name or its id')
    .option('--dry-run', 'change nothing; show whether it could be done')
    .action((named: string, options: { readonly dryRun?: true }) => remove(cli, named, options))
}

const ownerText = (row: unknown): string | undefined => {
  if (at(row, 'yours') === true)
    return at(row, 'shared') === true ? 'yours, shared with your organisation' : undefined
  return `shared by ${textAt(row, 'saved_by', 'name')}`
}

async function remove(cli: Cli, named: string, { dryRun }: { readonly dryRun?: true }): Promise<void> {
  const { id } = await findView(cli, named)
  const record = recordPath(noun, id)
  const { gateway } = await cli.openPerson()
  const seen = await readSeen(gateway, record)
  const body = dryRun ? { dry_run: true } : {}
  const answer = await gateway.post(`${record}/remove`, body, { ifMatch: seen.version })
  if (answer.status === 412) throw await changedSince(gateway, seen, answer)
  await printDecision(cli, toldBy(gateway.issuer, answer), { id })
}

/** By its id or its name: one's own before those of others. Throws a `Failure` where there is none, or several. */
export async function findView(cli: Cli, named: string): Promise<View> {
  const rows = await readList(cli, noun.path)
  const byName = rows.filter(row => textAt(row, 'name') === named)
  const own = byName.filter(row => at(row, 'yours') === true)
  const found = [rows.filter(row => textAt(row, 'id') === named), own, byName].find(all => all.length > 0)
  const [view, another] = found ?? []
  const id = textAt(view, 'id')
  if (view === undefined || id === undefined)
    throw new Failure(exit.notFound, `There is no saved search ${quoted(named)} for you.`, {
      code: 'record_unknown',
      next: 'See which there are: sallyport log views',
    })
  if (another !== undefined)
    throw new Failure(exit.usage, `Several colleagues share a search ${quoted(named)}.`, {
      code: 'option_invalid',
      next: `Name one by its id: sallyport log views; for instance ${id}`,
    })
  return { id, q: textAt(view, 'q') ?? '', ...(at(view, 'by') === 'us' && { by: 'us' }) }
}

export async function saveView(cli: Cli, saving: Saving): Promise<void> {
  const { gateway } = await cli.openPerson()
  const told = toldBy(gateway.issuer, await gateway.post(noun.path, saving))
  const id = textAt(told, 'subject', 'id')
  cli.remark(`The search is saved as ${quoted(printable(saving.name))}: sallyport log search --view ${id}`)
}
