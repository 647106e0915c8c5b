/** `sallyport case export`: the entries of a case as files that anybody can verify, each as large as one query can name. */
import type { Command } from 'commander'
import { at, textAt } from '../json.ts'
import type { Cli } from './cli.ts'
import { toldBy } from './decision.ts'
import { stateText } from './export-facts.ts'
import { exportNoun } from './export-noun.ts'
import { counted, listAt } from './facts.ts'
import { exit, Failure } from './failure.ts'
import { words } from './option-forms.ts'
import { type Noun, recordPath } from './record-commands.ts'
import { fields, printRows, readRecord } from './records.ts'

/** What a query of the API holds. Characters. */
const maxQuery = 4_000

export function addCaseExport(parent: Command, cli: Cli, noun: Noun): void {
  parent
    .command('export')
    .description('ask for the entries of it that are there for you, as files of your own')
    .argument('<case>', 'its id')
    .requiredOption('--purpose <words>', 'what it is for: it stands in the log and in the file', words)
    .action((id: string, { purpose }: { readonly purpose: string }) =>
      exportCase(cli, recordPath(noun, id), purpose),
    )
}

async function exportCase(cli: Cli, path: string, purpose: string): Promise<void> {
  const entries = listAt(await readRecord(cli, path), 'entries')
  const eids = entries.flatMap(one =>
    textAt(one, 'sentence') === undefined ? [] : [textAt(one, 'eid') ?? ''],
  )
  if (eids.length === 0)
    throw new Failure(exit.failed, 'There is no entry in the case that is there for you.', {
      code: 'case_empty',
      next: 'Put some into it: sallyport case add <case> <eid>',
    })
  const { gateway } = await cli.openPerson()
  const jobs: unknown[] = []
  for (const q of queriesOf(eids)) {
    jobs.push(toldBy(gateway.issuer, await gateway.post(exportNoun.path, { q, purpose })))
    // Said at once: a later one may be refused.
    cli.remark(`Export ${textAt(jobs.at(-1), 'id')} was asked for.`)
  }
  await printRows(cli, jobs, {
    table: job => [
      `${textAt(job, 'id')}  ${stateText(job)}`,
      `of ${counted(named(job), 'entry', 'entries')}`,
    ],
    csv: fields('id', 'state', 'query', 'purpose', 'requested_at', 'entry'),
    none: '',
  })
  const left = entries.length - eids.length
  if (left > 0)
    cli.remark(
      `${counted(left, 'entry', 'entries')} of the case ${left === 1 ? 'is' : 'are'} not there for you.`,
    )
  cli.remark('See how far one is: sallyport export status <export>')
}

const named = (job: unknown): number => String(at(job, 'query') ?? '').split(',').length

/** `entry:a,b,c`, as few as there can be. */
export function queriesOf(eids: readonly string[]): readonly string[] {
  const queries: string[] = []
  for (const eid of eids) {
    const last = queries.at(-1)
    if (last !== undefined && last.length + 1 + eid.length <= maxQuery)
      queries[queries.length - 1] = `${last},${eid}`
    else queries.push(`entry:${eid}`)
  }
  return queries
}
