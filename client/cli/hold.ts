/** `sallyport hold`: calls that are stopped by what they have in common. */
import { type Command, Option } from 'commander'
import { at, textAt } from '../json.ts'
import type { Cli } from './cli.ts'
import { addDecisionOptions, type DecisionOptions, decide } from './decision.ts'
import { effectFacts } from './decision-lines.ts'
import { counted, type Fact, reasonFacts, signatureText, stopFacts, utc } from './facts.ts'
import { exit, Failure } from './failure.ts'
import { country, region } from './option-forms.ts'
import { addDecision, addGet, addRatify, type Noun } from './record-commands.ts'
import { fields, printList } from './records.ts'

const noun: Noun = { name: 'hold', path: '/holds' }
const scopeFields = ['model', 'organisation', 'client', 'person', 'nationality', 'region'] as const
type Scope = Partial<Record<(typeof scopeFields)[number], string>>

export function addHold(program: Command, cli: Cli): void {
  const hold = program.command('hold').description('stop the calls that match a scope, and let them go on')
  hold
    .command('list')
    .description('those that are active')
    .addOption(
      new Option('--state <state>', 'others than the active ones')
        .choices(['active', 'lifted', 'lapsed', 'all'])
        .default('active'),
    )
    .action(({ state }: { readonly state: string }) =>
      printList(cli, {
        path: noun.path,
        query: { state: state === 'all' ? undefined : state },
        table: row => [
          `${textAt(row, 'id')}  ${textAt(row, 'state')}`,
          `stops ${scopeText(at(row, 'scope'))}`,
          `placed by ${signatureText(at(row, 'placed_by'))}: ${textAt(row, 'reason', 'code')}`,
          lapseText(row),
          ownText(row)?.replace(/^/, 'stopped '),
          appealText(row)?.replace(/^/, 'appeal '),
        ],
        csv: fields(
          ...['id', 'state', ...scopeFields.map(name => `scope.${name}`), 'reason.code', 'placed_by.name'],
          ...['placed_at', 'until', 'stop.ratify_by', 'version'],
        ),
        none: `No hold that you see is ${state === 'all' ? 'there' : state}.`,
      }),
    )
  addGet(hold, cli, noun, holdFacts)
  addPlace(hold, cli, 'preview', 'whom a hold would hit; nothing is changed')
  addPlace(hold, cli, 'place', 'stop at once every call that matches all that is named')
  addRatify(hold, cli, noun)
  addDecision(hold, cli, noun, {
    verb: 'concur',
    what: 'as the developer, stand by a hold of the government: it no longer lapses',
  })
  addDecision(hold, cli, noun, { verb: 'lift', what: 'let the calls go on' })
}

function addPlace(hold: Command, cli: Cli, verb: 'preview' | 'place', what: string): void {
  const command = hold
    .command(verb)
    .description(what)
    .option('--model <id>', 'calls to this model')
    .option('--organisation <id>', 'of this organisation')
    .option('--client <id>', 'of this client')
    .option('--person <id>', 'of this person')
    .option('--nationality <code>', 'of this nationality: ISO 3166-1, two capital letters', country)
    .option('--region <code>', 'from this region: ISO 3166-1 or 3166-2, in capitals', region)
  const previews = verb === 'preview'
  if (!previews) addDecisionOptions(command, { stops: true, referenced: true })
  command.action((options: DecisionOptions & Scope) => {
    const scope = scopeOf(options)
    return decide(cli, noun.path, {
      id: '',
      noun: noun.name,
      params: { scope },
      scope,
      referenced: true,
      options: previews ? { dryRun: true } : options,
      // A preview is kept nowhere.
      ...(previews && { usual: { code: 'operational', text: 'Preview of a hold.' } }),
    })
  })
}

function scopeOf(options: Scope): Scope {
  const given = scopeFields.flatMap(name => {
    const value = options[name]
    return value === undefined ? [] : [[name, value] as const]
  })
  if (given.length === 0)
    throw new Failure(
      exit.usage,
      'A hold names what it stops: --client, --organisation, --model and others.',
      {
        code: 'scope_missing',
        next: 'See whom it would hit: sallyport hold preview --client <id>',
      },
    )
  return Object.fromEntries(given)
}

const scopeText = (scope: unknown): string =>
  scopeFields
    .flatMap(name => {
      const value = textAt(scope, name)
      return value === undefined ? [] : [`${name} ${value}`]
    })
    .join(' and ')

const lapseText = (hold: unknown): string | undefined => {
  const until = utc(textAt(hold, 'until'))
  return textAt(hold, 'state') === 'active' && until
    ? `lapses ${until} unless the developer concurs`
    : undefined
}

const hitText = (hit: unknown): string => {
  const [clients, people] = ['clients', 'people'].map(name => Number(at(hit, name) ?? 0))
  return `${counted(clients ?? 0, 'client')}, ${counted(people ?? 0, 'person', 'people')}`
}

/** For a partner that it hits, whether it is named or not. */
function ownText(hold: unknown): string | undefined {
  const hit = at(hold, 'hit')
  return hit ? `of yours, when it was placed: ${hitText(hit)}` : undefined
}

/** For whom it hits, while there is something to give back. */
function appealText(hold: unknown): string | undefined {
  const command = textAt(hold, 'stop', 'appeal')
  return command && textAt(hold, 'state') === 'active' ? `once: ${command}` : undefined
}

function holdFacts(hold: unknown): readonly Fact[] {
  const id = textAt(hold, 'id')
  const by = textAt(hold, 'placed_by', 'name')
  const active = textAt(hold, 'state') === 'active'
  const endedBy = textAt(hold, 'ended', 'by', 'name')
  const ended = utc(textAt(hold, 'ended', 'at'))
  return [
    ['hold', `${id}, ${textAt(hold, 'state')}`],
    ['stops', `calls of ${scopeText(at(hold, 'scope'))}`],
    ['placed by', signatureText(at(hold, 'placed_by'))],
    ...reasonFacts(at(hold, 'reason'), by),
    ...effectFacts(hold, at(hold, 'scope')),
    ['stopped', ownText(hold)],
    ['appeal', appealText(hold)],
    ['concurred', signatureText(at(hold, 'concurred'))],
    ['lapses', lapseText(hold)?.replace('lapses ', '')],
    ...stopFacts(at(hold, 'stop'), `sallyport hold ratify ${id}`).filter(
      ([name]) =>
        ['entry', 'ratified'].includes(name) || (active && ['to ratify', 'they run'].includes(name)),
    ),
    ['ended', ended && `${ended}${endedBy ? `, by ${endedBy}` : ''}`],
    ...reasonFacts(at(hold, 'ended', 'reason'), textAt(hold, 'ended', 'by', 'name')),
  ]
}
