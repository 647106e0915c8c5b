/** `sallyport agreement`: what both sides sign, and what they have read when they do. */
import { hash } from 'node:crypto'
import canonicalize from 'canonicalize'
import type { Command } from 'commander'
import { at, textAt } from '../json.ts'
import { askLine } from './ask.ts'
import type { Cli } from './cli.ts'
import { addDecisionOptions, type DecisionOptions, decide } from './decision.ts'
import { type Fact, formatFacts, utc, utcShort, wordsAt } from './facts.ts'
import { exit, Failure } from './failure.ts'
import { readJsonFile } from './json-file.ts'
import { limitsText } from './limit-options.ts'
import { addGet, type Noun, recordPath } from './record-commands.ts'
import { column, fields, printList, readRecord } from './records.ts'

const noun: Noun = { name: 'agreement', path: '/agreements' }

export function addAgreement(program: Command, cli: Cli): void {
  const agreement = program.command('agreement').description('the protected agreements')
  agreement
    .command('list')
    .description('those that you see')
    .option('--partner <id>', 'only those of one')
    .action(({ partner }: { readonly partner?: string }) =>
      printList(cli, {
        path: noun.path,
        query: { partner },
        table: [
          column('ID', 'id'),
          column('PARTNER', 'terms', 'partner'),
          column('STATE', 'state'),
          { title: 'UNTIL', value: row => utcShort(textAt(row, 'terms', 'ends_at'))?.slice(0, 10) },
        ],
        csv: fields(
          ...['id', 'state', 'digest', 'terms.kind', 'terms.developer', 'terms.partner', 'terms.models'],
          ...['terms.starts_at', 'terms.ends_at', 'consented_at', 'version'],
        ),
        none: 'You see no agreement.',
      }),
    )
  addGet(agreement, cli, noun, agreementFacts)
  addOffer(agreement, cli)
  addSigning(agreement, cli, {
    verb: 'sign',
    what: 'read what is offered, and sign it; it is effective from then on',
  })
  addSigning(agreement, cli, {
    verb: 'acknowledge',
    what: 'acknowledge its notices; no call is admitted before',
  })
}

function addOffer(agreement: Command, cli: Cli): void {
  const command = agreement
    .command('offer')
    .description('offer a partner an agreement on models of your own')
    .requiredOption(
      '--from <file>',
      'the terms, a JSON object as `agreement get --json` shows them; - is stdin',
    )
  addDecisionOptions(command).action(async (options: DecisionOptions & { readonly from: string }) => {
    const terms = await readJsonFile(cli, options.from)
    await decide(cli, noun.path, { id: '', noun: noun.name, params: { terms }, options })
  })
}

interface Signing {
  readonly verb: 'sign' | 'acknowledge'
  readonly what: string
}

type SigningOptions = DecisionOptions & { readonly digest?: string }

function addSigning(agreement: Command, cli: Cli, { verb, what }: Signing): void {
  const command = agreement
    .command(verb)
    .description(what)
    .argument('<agreement>', 'its id')
    .option('--digest <digest>', 'of the version that you have read')
  addDecisionOptions(command).action(async (id: string, options: SigningOptions) => {
    const record = recordPath(noun, id)
    const digest = await readTerms(cli, record, verb, options)
    await decide(cli, `${record}/${verb}`, {
      id,
      noun: noun.name,
      record,
      params: { digest },
      options,
    })
  })
}

/** Shows what is signed; the digest is named, or agreed to at the terminal. It goes with the request. */
async function readTerms(cli: Cli, record: string, verb: string, options: SigningOptions): Promise<string> {
  const shown = await readRecord(cli, record)
  const digest = textAt(shown, 'digest') ?? ''
  if (digestOf(at(shown, 'terms')) !== digest)
    throw new Failure(exit.failed, 'The digest is not that of the terms that the gateway shows.', {
      code: 'digest_mismatch',
      next: 'Sign nothing, and ask whoever operates the gateway.',
    })
  if (options.digest !== undefined && options.digest !== digest)
    throw new Failure(exit.failed, `It is another version now: its digest is ${digest}.`, {
      code: 'version_stale',
      next: `Read it as it is now: sallyport agreement get ${textAt(shown, 'id')}`,
    })
  if (options.digest !== undefined || options.dryRun) return digest
  cli.terminal.say(formatFacts(agreementFacts(shown)))
  const answer = await askLine(cli, `Have you read it, and do you ${verb} it? [y/N] `)
  if (answer !== undefined && /^y(es)?$/i.test(answer)) return digest
  throw new Failure(exit.usage, 'Nothing was signed.', {
    code: 'confirmation_missing',
    next: `Once it is read, repeat it with --digest=${digest}`,
  })
}

/** SHA-256 of canonical JSON (RFC 8785), base64url. */
const digestOf = (terms: unknown): string =>
  typeof terms === 'object' && terms !== null
    ? hash('sha256', canonicalize(terms) ?? '', 'base64url')
    : 'no terms'

function agreementFacts(agreement: unknown): readonly Fact[] {
  const term = (name: string) => textAt(agreement, 'terms', name)
  const clauses = ['quota', 'purpose', 'capabilities', 'retention_notice'].flatMap(
    name => textAt(agreement, 'terms', 'clauses', name) ?? [],
  )
  const consented = utc(textAt(agreement, 'consented_at'))
  const same = digestOf(at(agreement, 'terms')) === textAt(agreement, 'digest')
  return [
    ['agreement', `${textAt(agreement, 'id')}, ${textAt(agreement, 'state')}`],
    ['kind', term('kind')],
    ['between', `${term('developer')} and ${term('partner')}`],
    ['models', wordsAt(agreement, 'terms', 'models')],
    ['term', `${utc(term('starts_at'))} to ${utc(term('ends_at'))}`],
    ['purposes', wordsAt(agreement, 'terms', 'purposes')],
    ['allows', wordsAt(agreement, 'terms', 'capabilities')],
    ['ceiling', limitsText(at(agreement, 'terms', 'ceiling'))],
    ['clauses', clauses.join(', ')],
    ['notices', consented ? `acknowledged ${consented}` : 'not acknowledged: no call is admitted yet'],
    ['digest', textAt(agreement, 'digest')],
    ['', same ? '(computed here from these terms)' : 'NOT THAT OF THESE TERMS: do not sign'],
  ]
}
