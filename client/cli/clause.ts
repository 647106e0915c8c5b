/** `sallyport agreement effects`: what a clause of an agreement did. */
import type { Command } from 'commander'
import { at, textAt } from '../json.ts'
import type { Cli } from './cli.ts'
import { counted, type Fact, formatFacts, listAt, quoted, utc, wordsAt } from './facts.ts'
import { exit, Failure } from './failure.ts'
import { limitsText } from './limit-options.ts'
import { instant } from './option-forms.ts'
import { recordPath } from './record-commands.ts'
import { readRecord } from './records.ts'

export function addClauseCommands(agreement: Command, cli: Cli): void {
  agreement
    .command('effects')
    .description('what a clause did: the grants it limits, and the entries that name it')
    .argument('<agreement>', 'its id')
    .argument('<clause>', 'the id of the clause, as the document has it')
    .option('--since <time>', 'RFC 3339; 24 hours ago unless given', instant)
    .action(async (id: string, clause: string, { since }: { readonly since?: string }) => {
      const query = since === undefined ? '' : `?${new URLSearchParams({ since })}`
      const record = recordPath({ name: 'agreement', path: '/agreements' }, id)
      const told = await readRecord(cli, `${record}/clauses/${clausePart(id, clause)}/effects${query}`)
      if (cli.options().json) return cli.printValue(told)
      await cli.terminal.write(formatFacts(effectFacts(told)))
      if (at(told, 'at_least') === true)
        cli.remark('There were more entries than were looked at: these are the least figures.')
    })
}

/** The parties number their clauses as they like, within what a path can hold. */
function clausePart(agreement: string, clause: string): string {
  if (/^(?!\.+$)[A-Za-z0-9._~-]{1,200}$/.test(clause)) return clause
  throw new Failure(exit.usage, 'That is no id of a clause: one looks like quota-1.', {
    code: 'id_malformed',
    next: `sallyport agreement get ${agreement}`,
  })
}

function effectFacts(told: unknown): readonly Fact[] {
  const title = textAt(told, 'clause', 'title')
  const pool = at(told, 'pool')
  const codes = Object.entries(at(told, 'refusals', 'by_code') ?? {})
  return [
    ['clause', `${textAt(told, 'clause', 'id')}, ${title}: ${textAt(told, 'clause', 'enforcement')}`],
    ['says', quoted(textAt(told, 'clause', 'text') ?? '')],
    ['becomes', textAt(told, 'clause', 'by')],
    ['agreement', textAt(told, 'agreement')],
    ['versions', wordsAt(told, 'versions')],
    ['pool', pool ? `${limitsText(at(pool, 'limits'))} (${textAt(pool, 'meter')})` : undefined],
    ...listAt(told, 'grants').map((grant): Fact => ['grant', grantText(grant)]),
    ['since', utc(textAt(told, 'since'))],
    ['tokens', tracedText(told, 'tokens', 'token')],
    ['admitted', tracedText(told, 'admissions', 'call')],
    ['refused', tracedText(told, 'refusals', 'time')],
    ['', codes.map(([code, count]) => `${code} ${count}`).join(', ')],
    ['decided', tracedText(told, 'decisions', 'decision')],
    ['findings', tracedText(told, 'findings', 'entry', 'entries')],
  ]
}

function grantText(grant: unknown): string {
  const limits = at(grant, 'limits')
  const text = `${textAt(grant, 'id')}, ${textAt(grant, 'model')} for ${textAt(grant, 'organisation')}, ${textAt(grant, 'state')}`
  return limits ? `${text}: ${limitsText(limits)}` : text
}

/** How often, and the entries to look at: `sallyport log get` shows one. */
function tracedText(told: unknown, name: string, one: string, many?: string): string {
  const latest = wordsAt(told, name, 'latest')
  const count = counted(Number(at(told, name, 'count') ?? 0), one, many)
  return latest === '' ? count : `${count}; the latest: ${latest}`
}
