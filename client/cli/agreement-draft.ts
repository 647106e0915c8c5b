/** `agreement draft`: a first draft, a change of it, or a version that is to come. */
import { type Command, InvalidArgumentError, Option } from 'commander'
import { at, textAt } from '../json.ts'
import { changesOf, changesText } from './agreement-diff.ts'
import { judgeVersion, noun, type Version } from './agreement-document.ts'
import type { Cli } from './cli.ts'
import { addDecisionOptions, askDecision, type DecisionOptions, printDecision } from './decision.ts'
import { exit, Failure, failureOf } from './failure.ts'
import { readJsonFile } from './json-file.ts'
import { instant } from './option-forms.ts'
import { recordPath } from './record-commands.ts'
import { readRecord } from './records.ts'

interface Draft {
  readonly kind?: string
  readonly with?: string
  readonly thirdParty?: string
  readonly template?: string
  readonly title?: string
  readonly model?: readonly string[]
  readonly starts?: string
  readonly ends?: string
  readonly from?: string
}

export function addDraft(agreement: Command, cli: Cli): void {
  const command = agreement
    .command('draft')
    .description('draft an agreement on models of yours; nobody else sees it before it is offered')
    .argument('[agreement]', 'its id: change its draft, or draft the next version of what is signed')
    .addOption(
      new Option('--kind <kind>', 'access: with a partner; engagement: with an office').choices([
        'access',
        'engagement',
      ]),
    )
    .option('--with <id>', 'the partner, or the office')
    .option('--third-party <id>', 'an office that signs an access agreement too; none: nobody does')
    .option('--template <id>', 'where its clauses come from: see agreement templates')
    .option('--title <title>', 'what it is called', title)
    .option('--model <id...>', 'on which models')
    .option('--starts <time>', 'RFC 3339: when its term begins', instant)
    .option('--ends <time>', 'RFC 3339: when its term ends', instant)
    .option(
      '--from <file>',
      'its clauses, in place of those of a template: a JSON object with clauses; - is stdin',
    )
  // Before anybody is asked.
  command.hook('preAction', one => judge(one.args[0], one.opts()))
  addDecisionOptions(command).action(async (id: string | undefined, options: DecisionOptions & Draft) => {
    const params = await paramsOf(cli, options)
    const record = id === undefined ? undefined : recordPath(noun, id)
    const asked = { id: id ?? '', noun: noun.name }
    const before = id === undefined || options.dryRun ? undefined : await readDrafted(cli, id)
    const told = await askDecision(cli, record ?? noun.path, {
      ...asked,
      ...(record !== undefined && { record, patch: true }),
      params,
      options,
    })
    await printDecision(cli, told, asked)
    const made = textAt(told, 'subject', 'id')
    if (textAt(told, 'step') !== 'applied' || made === undefined) return
    if (before && !cli.options().json) await printChanges(cli, made, before)
    const { roles = [] } = (await cli.openPerson()).stored
    const who = roles.includes('developer-admin') ? 'Offer it' : 'An administrator of yours offers it'
    cli.remark(`Read it:\nsallyport agreement get ${made}\n${who}:\nsallyport agreement offer ${made}`)
  })
}

/** The draft of the next version where there is one, else what that would follow, or the first draft. */
async function readDrafted(cli: Cli, id: string): Promise<Version> {
  const shown = await readRecord(cli, recordPath(noun, id))
  return judgeVersion(id, at(shown, 'next') ?? shown)
}

/** Each clause and term that says something else now, compared here. The draft is made, whatever becomes of this. */
async function printChanges(cli: Cli, id: string, before: Version): Promise<void> {
  try {
    const changes = changesOf(before, await readDrafted(cli, id))
    await cli.terminal.write(changesText(changes) || '\nIt says the same as before.\n')
  } catch (error) {
    cli.terminal.interrupted.throwIfAborted()
    cli.remark(`What has changed in it could not be read: ${failureOf(error).message}`)
  }
}

function title(text: string): string {
  if (text.trim() === '')
    throw new InvalidArgumentError("It is what it is called, for instance 'Access to Aurora'.")
  return text
}

function judge(id: string | undefined, options: Draft): void {
  if (id !== undefined) {
    if (named.every(name => options[name] === undefined))
      throw new Failure(exit.usage, `Name what changes: ${flags(named)}.`, {
        code: 'option_missing',
        next: 'What is not named stays as it is.',
      })
    return
  }
  const missing = (['kind', 'with', 'model', 'starts', 'ends'] as const).filter(
    name => options[name] === undefined,
  )
  if (missing.length > 0)
    throw new Failure(exit.usage, `Missing: ${flags(missing)}.`, {
      code: 'option_missing',
      next: 'Of a draft that is there already, name its id: sallyport agreement draft <agreement>',
    })
  if (options.template === undefined && options.from === undefined)
    throw new Failure(exit.usage, 'Where do its clauses come from? Name --template <id>, or --from <file>.', {
      code: 'option_missing',
      next: 'sallyport agreement templates',
    })
}

const named = ['kind', 'with', 'thirdParty', 'template', 'title', 'model', 'starts', 'ends', 'from'] as const
const flags = (names: readonly string[]): string =>
  names.map(name => `--${name.replace(/[A-Z]/g, letter => `-${letter.toLowerCase()}`)}`).join(', ')

async function paramsOf(cli: Cli, options: Draft): Promise<Readonly<Record<string, unknown>>> {
  const { kind, thirdParty, template, title, model, starts, ends, from } = options
  return {
    ...(kind !== undefined && { kind }),
    ...(options.with !== undefined && { counterparty: options.with }),
    ...(thirdParty !== undefined && { third_party: thirdParty === 'none' ? null : thirdParty }),
    ...(template !== undefined && { template }),
    ...(title !== undefined && { title }),
    ...(model !== undefined && { models: model }),
    ...(starts !== undefined && { starts_at: starts }),
    ...(ends !== undefined && { ends_at: ends }),
    ...(from !== undefined && { clauses: await readClauses(cli, from) }),
  }
}

/** Of a template or a document as it is printed, or of a version that has its document in it. */
async function readClauses(cli: Cli, from: string): Promise<readonly unknown[]> {
  const file = await readJsonFile(cli, from)
  const clauses = at(file, 'clauses') ?? at(file, 'document', 'clauses')
  if (Array.isArray(clauses)) return clauses
  throw new Failure(exit.usage, 'There are no clauses: it is a JSON object with a list of that name.', {
    code: 'file_malformed',
    next: 'Begin with those of a template: sallyport --json agreement templates <id>',
  })
}
