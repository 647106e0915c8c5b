/** `agreement diff`: what one version says that another does not, compared here over documents of the stated digests. */
import type { Command } from 'commander'
import { type Changed, differenceOf } from '../../shared/agreements/document.ts'
import { at, textAt } from '../json.ts'
import { digestOption, judgeVersion, noun, readVersion, type Version } from './agreement-document.ts'
import { termLines, valueText } from './agreement-text.ts'
import type { Cli } from './cli.ts'
import { formatFacts, quoted, wrapped } from './facts.ts'
import { exit, Failure } from './failure.ts'
import { recordPath } from './record-commands.ts'
import { readRecord } from './records.ts'

interface Digests {
  readonly from?: string
  readonly to?: string
}

export function addDiff(agreement: Command, cli: Cli): void {
  agreement
    .command('diff')
    .description('what changes: from the version in force to the next one, or between two that are named')
    .argument('<agreement>', 'its id')
    .option('--from <digest>', 'the one before', digestOption)
    .option('--to <digest>', 'the one after', digestOption)
    .action(async (id: string, digests: Digests) => {
      const [from, to] = await readBoth(cli, id, digests)
      const changes = changesOf(from, to)
      if (cli.options().json) return cli.printValue({ from: from.digest, to: to.digest, changes })
      await cli.terminal.write(
        `${formatFacts([
          ['agreement', id],
          ['from', `version ${from.document.version}, ${from.digest}`],
          ['to', `version ${to.document.version}, ${to.digest}`],
        ])}${changesText(changes) || '\nBoth say the same.\n'}`,
      )
    })
}

/** But that the version is another one. */
export const changesOf = (from: Version, to: Version): readonly Changed[] =>
  differenceOf(from.document, to.document).filter(({ path }) => path !== 'version')

export const changesText = (changes: readonly Changed[]): string => changes.map(changeText).join('')

async function readBoth(cli: Cli, id: string, { from, to }: Digests): Promise<readonly [Version, Version]> {
  if (from !== undefined && to !== undefined)
    return [await readVersion(cli, id, from), await readVersion(cli, id, to)]
  const shown = await readRecord(cli, recordPath(noun, id))
  const [current, next] = [textAt(shown, 'digest') ?? '', at(shown, 'next')]
  const previous = textAt(shown, 'previous', 'digest')
  const version = (digest: string): Promise<Version> | Version =>
    digest === current ? judgeVersion(id, shown) : readVersion(cli, id, digest)
  if (to !== undefined) return [await version(current), await version(to)]
  if (next !== undefined && next !== null) return [await version(from ?? current), judgeVersion(id, next)]
  const before = from ?? previous
  if (before !== undefined) return [await version(before), await version(current)]
  throw new Failure(
    exit.notFound,
    `${id} has one version that you see: there is nothing to compare it with.`,
    {
      code: 'version_missing',
      next: `See its versions: sallyport agreement versions ${id}`,
    },
  )
}

/** One place, and what stood and stands there, on lines of their own. */
function changeText({ path, from, to }: Changed): string {
  return `\n${wrapped(path, 0)}\n${side('-', from)}${side('+', to)}`
}

const side = (mark: '-' | '+', value: unknown): string =>
  value === null
    ? ''
    : linesOf(value)
        .map(line => `  ${mark} ${wrapped(line, 4)}\n`)
        .join('')

/** A whole clause comes or goes with its text and its terms. */
function linesOf(value: unknown): readonly string[] {
  const [kind, text] = [textAt(value, 'kind'), textAt(value, 'text')]
  if (kind !== undefined && text !== undefined)
    return [`the clause ${kind}: ${quoted(text)}`, ...termLines(at(value, 'terms'))]
  const terms = termLines(value)
  return terms.length > 0 ? terms : valueText(value).split(/\r?\n/)
}
