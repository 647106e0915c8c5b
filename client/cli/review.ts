/** `sallyport review`: access reviews, which an organisation certifies again and again. */
import { readFile } from 'node:fs/promises'
import { type Command, Option } from 'commander'
import { statementTypes, verifyStatement } from '../../shared/agreements/statement.ts'
import { at, textAt } from '../json.ts'
import type { Cli } from './cli.ts'
import { addDecisionOptions, type DecisionOptions, decide, toldBy } from './decision.ts'
import { counted, type Fact, formatFacts, listAt, signatureText, utc } from './facts.ts'
import { exit, Failure, fileUnreadable } from './failure.ts'
import { addGet, type Noun, recordPath } from './record-commands.ts'
import { fields, printList } from './records.ts'

const noun: Noun = { name: 'review', path: '/reviews' }

export function addReview(program: Command, cli: Cli): void {
  const review = program.command('review').description('access reviews: who still needs their access')
  review
    .command('list')
    .description('those that you see')
    .addOption(new Option('--state <state>', 'only these').choices(['due', 'certified', 'ended']))
    .option('--organisation <id>', 'of this organisation')
    .action(({ state, organisation }: { readonly state?: string; readonly organisation?: string }) =>
      printList(cli, {
        path: noun.path,
        query: { state, organisation },
        table: row => [
          `${textAt(row, 'id')}  ${stateText(row)}`,
          `of ${textAt(row, 'organisation')}, due ${utc(textAt(row, 'due_at'))}, under ${textAt(row, 'agreement')}`,
        ],
        csv: fields(
          ...['id', 'organisation', 'agreement', 'clause', 'state', 'missed', 'opened_at', 'due_at'],
          ...['certified.by.name', 'certified.at', 'certified.kept_count', 'version'],
        ),
        none: 'There is no access review for you to see.',
      }),
    )
  addGet(review, cli, noun, reviewFacts)
  addCertify(review, cli)
  review
    .command('verify')
    .description('whether the certificate of one is signed by this gateway, and says what the review says')
    .argument('<review>', 'its id')
    .action((id: string) => verify(cli, id))
}

interface Certifying extends DecisionOptions {
  readonly all?: true
  readonly from?: string
}

function addCertify(review: Command, cli: Cli): void {
  const command = review
    .command('certify')
    .description('name all who keep their access; who is to lose it is removed or revoked first')
    .argument('<review>', 'its id')
    .argument('[kept...]', 'the ids of people and clients, each that review get lists')
    .option('--all', 'every one that review get lists, once you have looked at it')
    .option('--from <file>', 'a file with the ids, one a line; - is stdin')
  addDecisionOptions(command).action(async (id: string, given: readonly string[], options: Certifying) => {
    const record = recordPath(noun, id)
    const named = await idsOf(cli, id, given, options)
    return decide(cli, `${record}/certify`, {
      id,
      noun: noun.name,
      record,
      options,
      params: seen => ({ kept: named ?? holders(seen) }),
    })
  })
}

/** `undefined` for all. */
async function idsOf(
  cli: Cli,
  id: string,
  given: readonly string[],
  { all, from }: Certifying,
): Promise<readonly string[] | undefined> {
  if ([given.length > 0, all === true, from !== undefined].filter(Boolean).length !== 1)
    throw new Failure(exit.usage, 'Name who keeps access: by ids, by --from <file>, or by --all.', {
      code: 'option_missing',
      next: `See who has it: sallyport review get ${id}`,
    })
  if (from === undefined) return all ? undefined : given
  const text = from === '-' ? (await cli.readInput('list of ids')).toString('utf8') : await readText(from)
  return text.split(/\s+/).filter(Boolean)
}

const readText = (path: string): Promise<string> =>
  readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw fileUnreadable(path, error)
  })

const holders = (review: unknown): readonly string[] =>
  listAt(review, 'subjects').flatMap(one => textAt(one, 'id') ?? [])

async function verify(cli: Cli, id: string): Promise<void> {
  const { gateway } = await cli.openPerson()
  const review = toldBy(gateway.issuer, await gateway.get(recordPath(noun, id)))
  const jws = textAt(review, 'certified', 'certificate')
  if (jws === undefined)
    throw new Failure(exit.failed, 'It has not been certified: there is no certificate.', {
      code: 'state_forbids',
      next: `sallyport review get ${id}`,
    })
  const published = listAt(toldBy(gateway.issuer, await gateway.get('/keys')), 'keys')
  const found = published.map(jwk =>
    verifyStatement(jws, statementTypes.review, jwk as Parameters<typeof verifyStatement>[2]),
  )
  const verified = found.find(one => typeof one !== 'string')
  if (verified === undefined) throw wrong(`no published key verifies it (${found[0] ?? 'none is there'})`)
  const claims: unknown = JSON.parse(verified.payload.toString('utf8'))
  const differs = difference(gateway.issuer, review, claims)
  if (differs !== undefined) throw wrong(`its ${differs} is not that of the review`)
  if (cli.options().json) return cli.printValue({ verified: true, kid: verified.kid, claims })
  await cli.terminal.write(
    formatFacts([
      ['verified', `certificate of ${id}, by the key ${verified.kid}`],
      ['of', textAt(claims, 'organisation')],
      ['by', `${textAt(claims, 'by', 'name')} (${textAt(claims, 'by', 'role')})`],
      ['keeps', `${counted(listAt(claims, 'kept', 'ids').length, 'person or client', 'people and clients')}`],
    ]),
  )
}

/** The first claim that says otherwise than the review does. */
function difference(issuer: string, review: unknown, claims: unknown): string | undefined {
  const same = (one: unknown, other: unknown): boolean => JSON.stringify(one) === JSON.stringify(other)
  const claimed: readonly (readonly [string, unknown, unknown])[] = [
    ['iss', at(claims, 'iss'), issuer],
    ['review', at(claims, 'review'), at(review, 'id')],
    ...['agreement', 'clause', 'organisation'].map(
      name => [name, at(claims, name), at(review, name)] as const,
    ),
    ['by', at(claims, 'by', 'person'), at(review, 'certified', 'by', 'person')],
    ['kept', at(claims, 'kept', 'ids'), at(review, 'certified', 'kept')],
  ]
  return claimed.find(([, one, other]) => !same(one, other))?.[0]
}

const wrong = (what: string): Failure =>
  new Failure(exit.failed, `The certificate does not hold: ${what}.`, { code: 'signature_invalid' })

const stateText = (review: unknown): string =>
  `${textAt(review, 'state')}${at(review, 'missed') === true && textAt(review, 'state') === 'due' ? ', OVERDUE' : ''}`

const reviewFacts = (review: unknown): readonly Fact[] => [
  ['review', `${textAt(review, 'id')}, ${stateText(review)}`],
  ['of', textAt(review, 'organisation')],
  ['under', `${textAt(review, 'agreement')}, clause ${textAt(review, 'clause')}`],
  ['due', utc(textAt(review, 'due_at'))],
  ...listAt(review, 'subjects').map((one): Fact => ['has access', subjectText(one)]),
  ['to certify', certifyText(review)],
  ['certified', signatureText(at(review, 'certified', 'by'))],
  ['keeps', keptText(review)],
  ['entry', textAt(review, 'certified', 'entry')],
]

const subjectText = (one: unknown): string =>
  `${textAt(one, 'id')} (${textAt(one, 'name')}), ${textAt(one, 'state')}, seen ${textAt(one, 'last_seen') ?? 'never'}`

const certifyText = (review: unknown): string | undefined =>
  textAt(review, 'state') === 'due' && listAt(review, 'subjects').length > 0
    ? `sallyport review certify ${textAt(review, 'id')} --all`
    : undefined

function keptText(review: unknown): string | undefined {
  const count = at(review, 'certified', 'kept_count')
  return typeof count === 'number' ? counted(count, 'person or client', 'people and clients') : undefined
}
