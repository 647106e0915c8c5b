/** `sallyport model`: the covered models, for those who use them and those who decide about them. */
import type { Command } from 'commander'
import type { Model } from '../index.ts'
import { at, textAt } from '../json.ts'
import type { Cli } from './cli.ts'
import { addDecisionOptions, type DecisionOptions, decide } from './decision.ts'
import { clipped, type Fact, utc, wordsAt } from './facts.ts'
import { exit, Failure } from './failure.ts'
import { readJsonFile } from './json-file.ts'
import { modelFileHelp } from './model-file.ts'
import { addGovernment } from './model-government.ts'
import { addLedger } from './model-ledger.ts'
import type { Column } from './output.ts'
import { openReader } from './reader.ts'
import { addDecision, addGet, type DecisionCommand, type Noun, recordPath } from './record-commands.ts'
import { fields, printList } from './records.ts'

const noun: Noun = { name: 'model', path: '/models' }

const columns: readonly Column<Model>[] = [
  { title: 'ID', value: row => row.id },
  { title: 'NAME', value: row => row.name },
  { title: 'STATE', value: row => row.state },
  { title: 'OPEN', value: row => (row.open ? 'yes' : 'no') },
  { title: 'DEVELOPER', value: row => row.developer },
  { title: 'PROTOCOLS', value: row => row.protocols.join(' ') },
]

export function addModel(program: Command, cli: Cli): void {
  const model = program.command('model').description('the covered models')
  model
    .command('list')
    .description('those that you see; for a client those that its organisation holds a grant of')
    .action(() => list(cli))
  addGet(model, cli, noun, modelFacts)
  addEngage(model, cli)
  addChange(model, cli)
  addGovernment(model, cli, noun)
  addDecision(model, cli, noun, { verb: 'open', what: 'open one that is designated to trusted partners' })
  for (const decision of alone) addDecision(model, cli, noun, { ...decision, atOnce: true })
  addDecision(model, cli, noun, { verb: 'resume', what: 'let calls go on after the kill switch' })
  addLedger(model, cli, noun)
}

/** The developer's own, at once, whatever somebody else changes at the same moment. */
const alone: readonly DecisionCommand<DecisionOptions>[] = [
  { verb: 'kill', what: 'stop every call to it at once; resume lets them go on' },
  { verb: 'release', what: 'release it: what the government stopped on it ends', severe: true },
  { verb: 'withdraw', what: 'withdraw it: nothing more is served from it here', severe: true },
]

async function list(cli: Cli): Promise<void> {
  const { as, api } = await openReader(cli)
  if (as === 'client') return cli.printRows(await api.models(), { table: columns, csv: columns })
  await printList(cli, {
    path: noun.path,
    table: [
      { title: 'ID', value: row => textAt(row, 'id') },
      { title: 'NAME', value: row => clipped(textAt(row, 'name'), 24) },
      { title: 'STATE', value: row => stateOf(row) },
      { title: 'DEVELOPER', value: row => textAt(row, 'developer') },
    ],
    csv: fields(
      'id',
      'name',
      'state',
      'killed',
      'developer',
      'governments',
      'protocols',
      'created_at',
      'version',
    ),
    none: 'You see no model.',
  })
}

const stateOf = (model: unknown): string | undefined =>
  at(model, 'killed') === true ? `${textAt(model, 'state')}, killed` : textAt(model, 'state')

interface Spec {
  readonly from?: string
  readonly name?: string
}

const fromFile = 'a JSON file with upstreams and tokens; - is stdin. It names a credential and holds none'

function addEngage(model: Command, cli: Cli): void {
  const command = model
    .command('engage')
    .description('engage a model of your own with a government office')
    .argument('<model>', 'the id that it gets: a–z, 0–9 and -')
    .requiredOption('--name <name>', 'what it is called')
    .requiredOption('--government <id>', 'the office')
    .requiredOption('--agreement <id>', 'the engagement agreement with it, which names the model')
    .requiredOption('--from <file>', fromFile)
    .addHelpText('after', modelFileHelp)
  type Engagement = DecisionOptions &
    Required<Spec> & { readonly government: string; readonly agreement: string }
  addDecisionOptions(command).action(async (id: string, options: Engagement) => {
    const { upstreams, tokens } = await readJsonFile(cli, options.from)
    const { name, government, agreement } = options
    await decide(cli, noun.path, {
      id,
      noun: noun.name,
      params: { id, name, government, agreement, upstreams, tokens },
      options,
    })
  })
}

function addChange(model: Command, cli: Cli): void {
  const command = model
    .command('change')
    .description('change its name, where it is served, or what a request may cost')
    .argument('<model>', 'its id')
    .option('--name <name>', 'what it is called')
    .option('--from <file>', fromFile)
    .addHelpText('after', modelFileHelp)
  addDecisionOptions(command).action(async (id: string, options: DecisionOptions & Spec) => {
    const { upstreams, tokens } = options.from === undefined ? {} : await readJsonFile(cli, options.from)
    const params = {
      ...(options.name !== undefined && { name: options.name }),
      ...(upstreams !== undefined && { upstreams }),
      ...(tokens !== undefined && { tokens }),
    }
    if (Object.keys(params).length === 0)
      throw new Failure(exit.usage, 'Nothing is named to change: --name, or --from a file that says it.', {
        code: options.from === undefined ? 'option_missing' : 'file_malformed',
        next: 'A file has upstreams, tokens or both: sallyport model engage --help shows one.',
      })
    const record = recordPath(noun, id)
    await decide(cli, record, { id, noun: noun.name, record, params, options, patch: true })
  })
}

const until = (term: unknown): string | undefined => {
  const ends = utc(textAt(term, 'ends_at'))
  return ends && `until ${ends}, unless it is determined before`
}

function designationFacts(designation: unknown): readonly Fact[] {
  const outcome = textAt(designation, 'outcome')?.replaceAll('_', ' ')
  if (outcome === undefined) return []
  const signer = textAt(designation, 'signer')
  return [
    ['determined', `${outcome}, ${utc(textAt(designation, 'at'))}${signer ? `, signed by ${signer}` : ''}`],
    ['reference', textAt(designation, 'determination')],
    ['entry', textAt(designation, 'entry')],
  ]
}

function windowFacts(window: unknown): readonly Fact[] {
  const opens = utc(textAt(window, 'opens_at'))
  if (opens === undefined) return []
  const becomes = textAt(window, 'becomes')?.replaceAll('_', ' ')
  return [
    [
      'window',
      `of ${textAt(window, 'government')}, ${opens} to ${utc(textAt(window, 'ends_at'))}; then ${becomes}`,
    ],
    ['its grant', textAt(window, 'grant')],
  ]
}

const modelFacts = (model: unknown): readonly Fact[] => [
  ['model', textAt(model, 'id')],
  ['name', textAt(model, 'name')],
  ['state', stateOf(model)],
  ['open', at(model, 'open') === true ? 'your organisation could call it now, budgets apart' : undefined],
  ['developer', textAt(model, 'developer')],
  ['offices', wordsAt(model, 'governments')],
  ['agreement', textAt(model, 'agreement')],
  ['assessed', until(at(model, 'assessment'))],
  ...designationFacts(at(model, 'designation')),
  ...windowFacts(at(model, 'window')),
  ['shared', wordsAt(model, 'shared_with')],
  ['protocols', wordsAt(model, 'protocols')],
  ...['openai', 'anthropic'].map(
    (protocol): Fact => [protocol, upstreamText(at(model, 'upstreams', protocol))],
  ),
  ['created', utc(textAt(model, 'created_at'))],
]

function upstreamText(upstream: unknown): string | undefined {
  const url = textAt(upstream, 'url')
  return url && `${url}, model ${textAt(upstream, 'model')}, credential ${textAt(upstream, 'credential')}`
}
