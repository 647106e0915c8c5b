/** `sallyport client`: the clients of an organisation, by whoever administers it, and by the machines that they run on. */
import { type Command, Option } from 'commander'
import { at, textAt } from '../json.ts'
import { addClaimOptions, type Claims, someClaims } from './claim-options.ts'
import type { Cli } from './cli.ts'
import { type EnrolOptions, enrolClient, rotateKey } from './client-enrol.ts'
import {
  addDecisionOptions,
  askDecision,
  type DecisionOptions,
  decide,
  printDecision,
  ratify,
} from './decision.ts'
import { claimText, clipped, type Fact, lapseFacts, listAt, stopFacts, utc } from './facts.ts'
import { exit, Failure } from './failure.ts'
import { instant, personId } from './option-forms.ts'
import { createSecretText, isThere, outExists } from './profile-file.ts'
import { addDecision, addGet, type Noun, recordPath } from './record-commands.ts'
import { column, fields, printList } from './records.ts'

const noun: Noun = { name: 'client', path: '/clients' }

export function addClient(program: Command, cli: Cli): void {
  const client = program.command('client').description('workloads and agents, and the keys that they have')
  client
    .command('list')
    .description('those that you see')
    .option('--organisation <id>', 'only those of one')
    .action(({ organisation }: { readonly organisation?: string }) =>
      printList(cli, {
        path: noun.path,
        query: { organisation },
        table: [
          column('ID', 'id'),
          { title: 'NAME', value: row => clipped(textAt(row, 'name'), 12) },
          column('OF', 'organisation'),
          column('STATE', 'state'),
          column('SEEN', 'seen_on'),
        ],
        csv: fields(
          ...[
            'id',
            'name',
            'organisation',
            'kind',
            'operator',
            'state',
            'created_at',
            'seen_on',
            'expires_at',
          ],
          ...['attributes.nationality.value', 'attributes.region.value', 'sponsor.person'],
          ...['sponsor.confirmed_until', 'version', 'attributes.screening.value'],
        ),
        none: 'There is no client for you to see.',
      }),
    )
  addGet(client, cli, noun, clientFacts)
  addMachine(client, cli)
  addTicket(client, cli)
  const decision = (
    verb: string,
    path: string,
    what: string,
    kind: { severe?: true; stops?: true },
  ): void => {
    addDecisionOptions(client.command(verb).description(what).argument('<client>', 'its id'), kind).action(
      (id: string, options: DecisionOptions) =>
        decide(cli, `${recordPath(noun, id)}/${path}`, {
          ...kind,
          id,
          noun: noun.name,
          record: recordPath(noun, id),
          options,
        }),
    )
  }
  decision('suspend', 'suspend', 'stop a client at once', { stops: true })
  decision('reinstate', 'reinstate', 'end a suspension, by two people', {})
  decision('revoke', 'revoke', 'end a client for good', { severe: true })
  // For good, and yet it asks for nothing more: a stop is made at once.
  decision('compromised', 'compromised', 'stop a client and all its keys at once, for good', { stops: true })
  addDecision<DecisionOptions & Claims>(client, cli, noun, {
    verb: 'attributes',
    what: 'vouch for its nationality, region or screening, until it expires',
    options: addClaimOptions,
    params: someClaims,
  })
  addDecision<DecisionOptions & { readonly sponsor?: string }>(client, cli, noun, {
    verb: 'confirm',
    what: 'as its sponsor, or an administrator there: answer for a contractor’s client anew',
    options: command => command.option('--sponsor <person>', 'who answers from now on', personId),
    params: ({ sponsor }) => (sponsor === undefined ? {} : { sponsor }),
  })
  client
    .command('ratify')
    .description('stand by a stop that another person put in force')
    .argument('<client>', 'its id')
    .action((id: string) => ratify(cli, recordPath(noun, id)))
}

const algorithm = () =>
  new Option('--algorithm <alg>', 'of the key').choices(['ES256', 'ES384', 'Ed25519']).default('ES256')

function addMachine(client: Command, cli: Cli): void {
  const ticketed = (command: Command): Command =>
    command
      .option('--ticket-file <file>', 'the ticket, in a file of mode 0600; - is stdin')
      .addOption(
        new Option('--ticket <->', 'only -, for stdin: an argument is no place for a secret').hideHelp(),
      )
      .addOption(algorithm())
  ticketed(client.command('enroll').description('make a key on this machine, and enrol it by a ticket'))
    .option('--purpose <name>', 'of the agreement, for the profile')
    .option('--model <id>', 'for the profile: whose token serves requests that name none')
    .action((options: EnrolOptions) => enrolClient(cli, options))
  ticketed(client.command('rotate').description('make the next key of the client of the profile')).action(
    (options: EnrolOptions) => rotateKey(cli, options),
  )
}

interface TicketAsked extends DecisionOptions {
  readonly name?: string
  readonly rotate?: string
  readonly operator?: string
  readonly sponsor?: string
  readonly expires?: string
  readonly overlapHours?: string
  readonly out?: string
}

function addTicket(client: Command, cli: Cli): void {
  const command = client
    .command('ticket')
    .description('a ticket for a machine, good once, for 15 minutes')
    .option('--name <name>', 'what the new client is called')
    .option('--operator <id>', 'the client or person that answers for it: it is an agent')
    .option('--sponsor <person>', 'who answers for a contractor’s', personId)
    .option('--expires <time>', 'RFC 3339; a year unless given', instant)
    .option('--rotate <client>', 'the next key of that client, in place of a new one')
    .option('--overlap-hours <n>', 'how long its old key still counts: 24 unless given, 168 at most')
    .option('--out <file>', 'write the ticket to a new file of mode 0600, and not to stdout')
  addDecisionOptions(command).action((options: TicketAsked) => makeTicket(cli, options))
}

async function makeTicket(cli: Cli, options: TicketAsked): Promise<void> {
  if (options.out !== undefined && (await isThere(options.out))) throw outExists(options.out)
  const told = await askDecision(cli, '/clients/tickets', {
    id: '',
    params: wanted(options),
    options,
  })
  const ticket = textAt(told, 'ticket')
  if (options.out !== undefined && ticket !== undefined) {
    await createSecretText(options.out, ticket)
    if (cli.options().json) await cli.printValue({ ...(told as object), ticket: null, file: options.out })
    cli.remark(`The ticket is in ${options.out}, good once until ${utc(textAt(told, 'ticket_expires_at'))}.`)
    return
  }
  if (cli.options().json) return cli.printValue(told)
  if (ticket === undefined) return printDecision(cli, told, { noun: noun.name, id: '' })
  // Alone on stdout: it can be piped to `sallyport client enroll --ticket-file -`.
  await cli.terminal.write(`${ticket}\n`)
  cli.remark(
    `Good once, until ${utc(textAt(told, 'ticket_expires_at'))}: sallyport client enroll --ticket-file -`,
  )
}

function wanted({
  name,
  rotate,
  operator,
  sponsor,
  expires,
  overlapHours,
}: TicketAsked): Record<string, unknown> {
  if ((name === undefined) === (rotate === undefined))
    throw new Failure(exit.usage, 'Name a new client by --name, or one whose key is rotated by --rotate.', {
      code: 'option_missing',
      next: 'For instance --name nightly-batch',
    })
  if (rotate !== undefined)
    return {
      kind: 'rotate',
      client: rotate,
      ...(overlapHours !== undefined && { overlap_hours: Number(overlapHours) }),
    }
  return {
    kind: 'enrol',
    name,
    client: operator === undefined ? 'workload' : 'agent',
    ...(operator !== undefined && { operator }),
    ...(sponsor !== undefined && { sponsor }),
    ...(expires !== undefined && { expires_at: expires }),
  }
}

const clientFacts = (client: unknown): readonly Fact[] => [
  ['client', textAt(client, 'id')],
  ['name', textAt(client, 'name')],
  ['of', textAt(client, 'organisation')],
  ['kind', textAt(client, 'kind')],
  ['operator', textAt(client, 'operator')],
  ['state', textAt(client, 'state')],
  ...stopFacts(at(client, 'stop'), `sallyport client ratify ${textAt(client, 'id')}`),
  ...lapseFacts(at(client, 'lapse')),
  ...listAt(client, 'keys').map((key): Fact => ['key', keyText(key)]),
  ['nationality', claimText(at(client, 'attributes', 'nationality'))],
  ['region', claimText(at(client, 'attributes', 'region'))],
  ['screening', claimText(at(client, 'attributes', 'screening'))],
  ['sponsor', sponsorText(client)],
  ['seen', textAt(client, 'seen_on') ?? 'never'],
  ['until', utc(textAt(client, 'expires_at'))],
]

function keyText(key: unknown): string {
  const [until, compromised] = [utc(textAt(key, 'until')), utc(textAt(key, 'compromised_at'))]
  const state = compromised
    ? `, compromised ${compromised}`
    : until
      ? `, replaced, counts until ${until}`
      : ''
  return `${textAt(key, 'kid')} (${textAt(key, 'alg')})${state}`
}

function sponsorText(client: unknown): string | undefined {
  const sponsor = textAt(client, 'sponsor', 'person')
  return sponsor && `${sponsor}, confirmed until ${utc(textAt(client, 'sponsor', 'confirmed_until'))}`
}
