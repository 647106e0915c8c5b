/** `sallyport preservation`: what of the log is kept, until developer and office let go of it together. */
import { type Command, Option } from 'commander'
import { at, textAt } from '../json.ts'
import type { Cli } from './cli.ts'
import { addDecisionOptions, type DecisionOptions, decide } from './decision.ts'
import { type Fact, quoted, reasonFacts, signatureText, utc } from './facts.ts'
import { judgeQuery } from './query-fault.ts'
import { addDecision, addGet, type Noun } from './record-commands.ts'
import { fields, printList } from './records.ts'

const noun: Noun = { name: 'preservation', path: '/preservations' }

export function addPreservation(program: Command, cli: Cli): void {
  const preservation = program
    .command('preservation')
    .description('keep entries of the log beyond their time')
  preservation
    .command('list')
    .description('those that stand')
    .addOption(
      new Option('--state <state>', 'others than those that stand')
        .choices(['active', 'lifted', 'all'])
        .default('active'),
    )
    .action(({ state }: { readonly state: string }) =>
      printList(cli, {
        path: noun.path,
        query: { state: state === 'all' ? undefined : state },
        table: row => [
          `${textAt(row, 'id')}  ${textAt(row, 'state')}`,
          `keeps ${quoted(textAt(row, 'query') ?? '')}`,
          `placed by ${signatureText(at(row, 'placed_by'))}: ${textAt(row, 'reason', 'code')}`,
        ],
        csv: fields(
          ...['id', 'state', 'organisation', 'query', 'reason.code', 'placed_by.name', 'placed_at'],
          ...['kept_until', 'freed_at', 'entry', 'version'],
        ),
        none: `No preservation order that you see is ${state === 'all' ? 'there' : state}.`,
      }),
    )
  addGet(preservation, cli, noun, preservationFacts)
  addPlace(preservation, cli)
  addDecision(preservation, cli, noun, {
    verb: 'lift',
    what: 'let go of what no other order covers; it takes developer and office',
    severe: true,
  })
}

function addPlace(preservation: Command, cli: Cli): void {
  const command = preservation
    .command('place')
    .description('keep what a query finds, now and later, until it is lifted')
    .requiredOption('--query <words>', 'as for log search: key:value, -key:value, time:a..b')
  addDecisionOptions(command, { referenced: true }).action(
    (options: DecisionOptions & { readonly query: string }) => {
      judgeQuery(options.query)
      return decide(cli, noun.path, {
        id: '',
        noun: noun.name,
        params: { query: options.query },
        referenced: true,
        options,
      })
    },
  )
}

function preservationFacts(order: unknown): readonly Fact[] {
  const lifted = at(order, 'lifted')
  const by = at(lifted, 'by')
  const signers = Array.isArray(by) ? by.map(signatureText).filter(one => one !== undefined) : []
  return [
    ['preservation', `${textAt(order, 'id')}, ${textAt(order, 'state')}`],
    ['keeps', quoted(textAt(order, 'query') ?? '')],
    ['placed by', signatureText(at(order, 'placed_by'))],
    ['placed', utc(textAt(order, 'placed_at'))],
    ...reasonFacts(at(order, 'reason'), textAt(order, 'placed_by', 'name')),
    ['carried out', keptText(order)],
    ['lifted', lifted ? `${utc(textAt(lifted, 'at'))}, by ${signers.join(' and ')}` : undefined],
    ...reasonFacts(at(lifted, 'reason'), textAt(Array.isArray(by) ? by[0] : undefined, 'name')),
    ['let go', utc(textAt(order, 'freed_at'))],
    ['entry', textAt(order, 'entry')],
  ]
}

function keptText(order: unknown): string | undefined {
  if (textAt(order, 'state') !== 'active') return undefined
  const until = utc(textAt(order, 'kept_until'))
  return until ? `for all entries up to ${until}` : 'not yet: nothing that it covers is deleted meanwhile'
}
