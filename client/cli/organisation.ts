/** `sallyport org`: the organisations that take part, and where their people sign in. */
import { type Command, Option } from 'commander'
import { at, textAt } from '../json.ts'
import type { Cli } from './cli.ts'
import { addDecisionOptions, type DecisionOptions, decide } from './decision.ts'
import { clipped, type Fact, listAt, wordsAt } from './facts.ts'
import { exit, Failure } from './failure.ts'
import { addProviderOptions, type ProviderOptions, providerOf, readMove } from './provider-options.ts'
import { addDecision, addGet, type Noun } from './record-commands.ts'
import { column, fields, printList } from './records.ts'

const noun: Noun = { name: 'organisation', path: '/organisations' }

export function addOrganisation(program: Command, cli: Cli): void {
  const organisation = program.command('org').description('the organisations, and where their people sign in')
  organisation
    .command('list')
    .description('your own, and those that it has to do with')
    .action(() =>
      printList(cli, {
        path: noun.path,
        table: [
          column('ID', 'id'),
          { title: 'NAME', value: row => clipped(textAt(row, 'name'), 32) },
          column('KIND', 'kind'),
          column('STATE', 'state'),
        ],
        csv: fields('id', 'name', 'kind', 'state', 'version'),
        none: 'You see no organisation.',
      }),
    )
  addGet(organisation, cli, noun, organisationFacts)
  addRegister(organisation, cli)
  addDecision<DecisionOptions & { readonly url: string }>(organisation, cli, noun, {
    verb: 'clearinghouse',
    what: 'set where an office takes findings, developer and government together',
    severe: true,
    options: command =>
      command.requiredOption('--url <url>', 'https. It stands in the log: it should hold no secret'),
    params: ({ url }) => ({ url }),
  })
  addDecision<DecisionOptions & ProviderOptions & { readonly move?: readonly unknown[] }>(
    organisation,
    cli,
    noun,
    {
      verb: 'provider',
      what: 'set where its people sign in, developer and government together; their sessions end',
      severe: true,
      options: command =>
        addProviderOptions(command).option(
          '--move <person=sub>',
          'who somebody is at another issuer; once for each',
          readMove,
        ),
      params: options => {
        const provider = providerOf(options)
        if (provider === undefined)
          throw new Failure(exit.usage, 'Name the provider: --issuer, --client-id, and --acr or --amr.', {
            code: 'option_missing',
            next: 'sallyport org provider --help',
          })
        return { provider, ...(options.move && { moves: options.move }) }
      },
    },
  )
}

interface Registration extends DecisionOptions, ProviderOptions {
  readonly name: string
  readonly kind: string
  readonly developer: string
  readonly government: string
  readonly audits?: readonly string[]
}

function addRegister(organisation: Command, cli: Cli): void {
  const command = organisation
    .command('register')
    .description('a developer, a government office or an auditor; partners are nominated')
    .argument('<organisation>', 'the id that it gets: a–z, 0–9 and -')
    .requiredOption('--name <name>', 'what it is called')
    .addOption(
      new Option('--kind <kind>', 'what it is')
        .choices(['developer', 'government', 'auditor'])
        .makeOptionMandatory(),
    )
    .requiredOption('--developer <id>', 'who decides about it, for the models')
    .requiredOption('--government <id>', 'the office that decides with them')
    .option('--audits <model...>', 'of an auditor: the models of its engagement')
  addDecisionOptions(addProviderOptions(command)).action((id: string, options: Registration) => {
    const { name, kind, developer, government, audits } = options
    const provider = providerOf(options)
    return decide(cli, noun.path, {
      id,
      params: {
        ...{ id, name, kind, developer, government },
        ...(provider && { provider }),
        ...(audits && { audits }),
      },
      options,
    })
  })
}

function organisationFacts(one: unknown): readonly Fact[] {
  const issuer = textAt(one, 'provider', 'issuer')
  const proofs = ['acr', 'amr'].flatMap(name => {
    const values = wordsAt(one, 'provider', 'phishing_resistant', name)
    return values ? [`${name} ${values}`] : []
  })
  return [
    ['id', textAt(one, 'id')],
    ['name', textAt(one, 'name')],
    ['kind', textAt(one, 'kind')],
    ['state', textAt(one, 'state')],
    ['developers', wordsAt(one, 'developers')],
    ['offices', wordsAt(one, 'governments')],
    ['audits', wordsAt(one, 'audits')],
    [
      'findings',
      at(one, 'takes_findings') === true
        ? `taken${textAt(one, 'clearinghouse', 'url')?.replace(/^/, ' at ') ?? ''}`
        : undefined,
    ],
    ['sign-in', issuer && `${issuer} as ${textAt(one, 'provider', 'client_id')}`],
    ['proof', proofs.join(' or ')],
    ...listAt(one, 'webhooks').map(
      (hook): Fact => [
        'webhook',
        `${textAt(hook, 'id')} ${textAt(hook, 'url')}${at(hook, 'disabled_at') ? ', given up' : ''}`,
      ],
    ),
  ]
}
