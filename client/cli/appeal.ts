/** `sallyport appeal`, and `partner appeal`: a decision is looked at once more. */
import { type Command, Option } from 'commander'
import { at, textAt } from '../json.ts'
import type { Cli } from './cli.ts'
import { toldBy } from './decision.ts'
import {
  type Fact,
  formatFacts,
  listAt,
  nameAndId,
  quoted,
  reasonFacts,
  signatureText,
  utc,
} from './facts.ts'
import { words } from './option-forms.ts'
import { addDecision, addGet, type Noun } from './record-commands.ts'
import { fields, printList } from './records.ts'

const noun: Noun = { name: 'appeal', path: '/appeals' }

export function addAppeal(program: Command, cli: Cli): void {
  const appeal = program.command('appeal').description('decisions that partners have asked to look at again')
  appeal
    .command('list')
    .description('those that you see')
    .addOption(new Option('--state <state>', 'only these').choices(['open', 'upheld', 'dismissed']))
    .action(({ state }: { readonly state?: string }) =>
      printList(cli, {
        path: noun.path,
        query: { state },
        table: row => [
          `${textAt(row, 'id')}  ${textAt(row, 'state')}, due ${utc(textAt(row, 'due_at'))}`,
          `of ${textAt(row, 'organisation')}, about ${textAt(row, 'subject', 'kind')} ${nameAndId(at(row, 'subject'))}`,
        ],
        csv: fields(
          'id',
          'organisation',
          'entry',
          'subject.kind',
          'subject.id',
          'state',
          'at',
          'due_at',
          'waits_on',
        ),
        none: 'There is no appeal for you to see.',
      }),
    )
  addGet(appeal, cli, noun, appealFacts)
  addDecision(appeal, cli, noun, {
    verb: 'uphold',
    what: 'give back what the decision took, developer and government together',
  })
  addDecision(appeal, cli, noun, { verb: 'dismiss', what: 'let the decision stand, by two people' })
}

interface Lodging {
  readonly text: string
}

/** For a partner, once for each decision. */
export function addLodge(partner: Command, cli: Cli): void {
  partner
    .command('appeal')
    .description('ask once to look again at a decision about your organisation')
    .argument('<entry>', 'the entry that records the decision: see log tail, and inbox')
    .requiredOption('--text <words>', 'why it should be looked at again; - reads them from stdin', words)
    .action(async (entry: string, options: Lodging) => {
      const text = await cli.readArgument(options.text, 'text of the appeal')
      const { gateway } = await cli.openPerson()
      const told = toldBy(gateway.issuer, await gateway.post(noun.path, { entry, text }))
      await (cli.options().json ? cli.printValue(told) : cli.terminal.write(formatFacts(appealFacts(told))))
    })
}

const appealFacts = (appeal: unknown): readonly Fact[] => [
  ['appeal', `${textAt(appeal, 'id')}, ${textAt(appeal, 'state')}`],
  ['against', textAt(appeal, 'entry')],
  ['about', `${textAt(appeal, 'subject', 'kind')} ${nameAndId(at(appeal, 'subject'))}`],
  ['by', signatureText(at(appeal, 'by'))],
  ['says', `entered by ${textAt(appeal, 'by', 'name')}: ${quoted(textAt(appeal, 'text') ?? '')}`],
  ['waits on', textAt(appeal, 'waits_on')],
  ['due', utc(textAt(appeal, 'due_at'))],
  ...listAt(appeal, 'decided', 'by').map((one): Fact => ['decided', `by ${signatureText(one)}`]),
  ...reasonFacts(at(appeal, 'decided', 'reason'), textAt(listAt(appeal, 'decided', 'by')[0], 'name')),
]
