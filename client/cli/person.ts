/** `sallyport person`: who may act for an organisation, in which roles. */
import { type Command, InvalidArgumentError } from 'commander'
import { roles as knownRoles } from '../../shared/domain/parties.ts'
import { at, textAt } from '../json.ts'
import { addClaimOptions, type Claims, claimsOf, someClaims } from './claim-options.ts'
import type { Cli } from './cli.ts'
import { addDecisionOptions, type DecisionOptions, decide } from './decision.ts'
import { claimText, clipped, type Fact, lapseFacts, listAt, stopFacts, utc, wordsAt } from './facts.ts'
import { exit, Failure } from './failure.ts'
import { personId } from './option-forms.ts'
import { addDecision, addGet, addRatify, type Noun, recordPath } from './record-commands.ts'
import { column, fields, printList } from './records.ts'
import { addSignKey } from './sign-key.ts'

const noun: Noun = { name: 'person', path: '/people' }

export function addPerson(program: Command, cli: Cli): void {
  const person = program.command('person').description('people, their roles, and who answers for them')
  person
    .command('list')
    .description('those of your organisation')
    .option('--organisation <id>', 'those of another that you decide about')
    .action(({ organisation }: { readonly organisation?: string }) =>
      printList(cli, {
        path: noun.path,
        query: { organisation },
        table: [
          column('ID', 'id'),
          { title: 'NAME', value: row => clipped(textAt(row, 'name'), 16) },
          { title: 'ROLES', value: row => clipped(wordsAt(row, 'roles'), 16) || undefined },
          column('STATE', 'state'),
        ],
        csv: fields(
          ...['id', 'name', 'organisation', 'roles', 'state', 'sponsor.person', 'sponsor.confirmed_until'],
          ...['attributes.nationality.value', 'attributes.region.value', 'created_at', 'version'],
          'attributes.screening.value',
        ),
        none: 'Nobody is enrolled there.',
      }),
    )
  addGet(person, cli, noun, personFacts)
  addAdd(person, cli)
  addRoles(person, cli)
  addDecision(person, cli, noun, {
    verb: 'first-admin',
    path: 'first_admin',
    what: 'make somebody the first administrator of theirs, developer and government together',
  })
  addDecision<DecisionOptions & Claims>(person, cli, noun, {
    verb: 'attributes',
    what: 'vouch for a nationality, a region or a screening, until it expires',
    options: addClaimOptions,
    params: someClaims,
  })
  addDecision<DecisionOptions & { readonly sponsor?: string }>(person, cli, noun, {
    verb: 'confirm',
    what: 'as their sponsor, or an administrator there: answer for a contractor anew',
    options: command => command.option('--sponsor <person>', 'who answers from now on', personId),
    params: ({ sponsor }) => (sponsor === undefined ? {} : { sponsor }),
  })
  addDecision(person, cli, noun, { verb: 'suspend', what: 'stop somebody at once', stops: true })
  addRatify(person, cli, noun)
  addDecision(person, cli, noun, { verb: 'reinstate', what: 'end a suspension, by two organisations' })
  addDecision(person, cli, noun, { verb: 'remove', what: 'remove somebody for good', severe: true })
  addSignKey(person, cli)
}

interface Enrolment extends DecisionOptions, Claims {
  readonly name: string
  readonly subject: string
  readonly organisation?: string
  readonly sponsor?: string
}

function addAdd(person: Command, cli: Cli): void {
  const command = person
    .command('add')
    .description('enrol somebody; of itself it gives no right')
    .requiredOption('--name <name>', 'what they are called')
    .requiredOption('--subject <sub>', 'who they are at their provider: its sub')
    .option('--organisation <id>', 'whose; your own unless given')
    .option('--sponsor <person>', 'who answers for them: they are a contractor', personId)
  addDecisionOptions(addClaimOptions(command)).action((options: Enrolment) => {
    const { name, subject, organisation, sponsor } = options
    const claims = claimsOf(options)
    return decide(cli, noun.path, {
      id: '',
      noun: noun.name,
      params: {
        ...{ name, subject },
        ...(organisation !== undefined && { organisation }),
        ...(sponsor !== undefined && { sponsor }),
        ...(Object.keys(claims).length > 0 && { attributes: claims }),
      },
      options,
    })
  })
}

function readRole(text: string, before: readonly string[] = []): readonly string[] {
  if (!knownRoles.some(role => role === text))
    throw new InvalidArgumentError(`It is one of ${knownRoles.join(', ')}.`)
  return [...before, text]
}

function addRoles(person: Command, cli: Cli): void {
  const command = person
    .command('roles')
    .description('set all roles that somebody holds; two organisations decide')
    .argument('<person>', 'their id')
    .argument('[roles...]', `of ${knownRoles.join(', ')}`, readRole)
    .option('--none', 'no role at all')
  addDecisionOptions(command).action(
    (
      id: string,
      given: readonly string[] | undefined,
      options: DecisionOptions & { readonly none?: true },
    ) => {
      const roles = given ?? []
      if ((roles.length === 0) !== (options.none === true))
        throw new Failure(exit.usage, 'Name the roles that they hold from then on, or --none.', {
          code: 'argument_missing',
          next: `Of ${knownRoles.join(', ')}: all that they are to hold`,
        })
      return decide(cli, `${recordPath(noun, id)}/roles`, {
        id,
        noun: noun.name,
        record: recordPath(noun, id),
        params: { roles },
        options,
      })
    },
  )
}

const personFacts = (person: unknown): readonly Fact[] => [
  ['person', textAt(person, 'id')],
  ['name', textAt(person, 'name')],
  ['of', textAt(person, 'organisation')],
  ['roles', wordsAt(person, 'roles') || 'none'],
  ['state', textAt(person, 'state')],
  ['sponsor', sponsorText(person)],
  ['citizen of', claimText(at(person, 'attributes', 'nationality'))],
  ['region', claimText(at(person, 'attributes', 'region'))],
  ['screening', claimText(at(person, 'attributes', 'screening'))],
  ['signs in', identityText(person)],
  ...listAt(person, 'signing_keys').map((key): Fact => ['signs with', keyText(key)]),
  ...stopFacts(at(person, 'stop'), `sallyport person ratify ${textAt(person, 'id')}`),
  ...lapseFacts(at(person, 'lapse')),
  ['since', utc(textAt(person, 'created_at'))],
]

function sponsorText(person: unknown): string | undefined {
  const sponsor = textAt(person, 'sponsor', 'person')
  return sponsor && `${sponsor}, confirmed until ${utc(textAt(person, 'sponsor', 'confirmed_until'))}`
}

function keyText(key: unknown): string {
  const [since, ended] = [utc(textAt(key, 'registered_at')), utc(textAt(key, 'ended_at'))]
  return `the key ${textAt(key, 'kid')}${since ? `, since ${since}` : ''}${ended ? `, until ${ended}` : ''}`
}

function identityText(person: unknown): string | undefined {
  const subject = textAt(person, 'identity', 'subject')
  return subject && `as ${subject} at ${textAt(person, 'identity', 'issuer')}`
}
