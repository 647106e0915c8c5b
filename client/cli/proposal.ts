/** `sallyport proposal`: what waits for the signatures of several people. */
import { type Command, Option } from 'commander'
import { textAt } from '../json.ts'
import type { Cli } from './cli.ts'
import {
  addReasonOptions,
  changedSince,
  type DecisionOptions,
  readReason,
  readSeen,
  toldBy,
} from './decision.ts'
import { utc } from './facts.ts'
import {
  type ApprovalOptions,
  addApprovalOptions,
  approveProposal,
  askedText,
  printEnd,
  proposalFacts,
  proposalPath,
  proposals,
} from './proposal-approval.ts'
import { addGet } from './record-commands.ts'
import { fields, printList } from './records.ts'

const states = ['open', 'applied', 'declined', 'withdrawn', 'timed_out', 'stale', 'all']

export function addProposal(program: Command, cli: Cli): void {
  const proposal = program.command('proposal').description('what waits for signatures')
  proposal
    .command('list')
    .description('those that are open')
    .addOption(new Option('--state <state>', 'others than the open ones').choices(states).default('open'))
    .option('--mine', 'only those that your signature is missing from')
    .action(({ state, mine }: { readonly state: string; readonly mine?: true }) =>
      printList(cli, {
        path: '/proposals',
        query: { state: state === 'all' ? undefined : state, waits_on: mine && 'me' },
        table: row => [
          `${textAt(row, 'id')}  ${textAt(row, 'state')}`,
          `${askedText(row)}, asked by ${textAt(row, 'proposed_by', 'name')}`,
          waitsLine(row),
        ],
        csv: fields(
          ...['id', 'state', 'action', 'subject.kind', 'subject.id', 'proposed_by.name', 'waits_on'],
          ...['created_at', 'expires_at', 'severe', 'entry', 'version'],
        ),
        none: mine ? 'Nothing waits on you.' : `No proposal that you see is ${state}.`,
      }),
    )
  addGet(proposal, cli, proposals, proposalFacts)
  addApprovalOptions(
    proposal
      .command('approve')
      .description('see it, and add your signature; with the last one it is applied')
      .argument('<proposal>', 'its id'),
  ).action((id: string, options: ApprovalOptions) => approveProposal(cli, id, options))
  addAnswer(proposal, cli, { verb: 'decline', what: 'say no, and why: it ends', reasoned: true })
  addAnswer(proposal, cli, {
    verb: 'withdraw',
    what: 'take back what you proposed yourself',
    reasoned: false,
  })
}

function waitsLine(row: unknown): string | undefined {
  const office = textAt(row, 'waits_on')
  return office && `waits on ${office}, until ${utc(textAt(row, 'expires_at'))}`
}

type Why = Pick<DecisionOptions, 'reason' | 'text' | 'reference' | 'sealed'>

interface AnswerCommand {
  readonly verb: 'decline' | 'withdraw'
  readonly what: string
  /** Who is told no can appeal, and has to know against what. */
  readonly reasoned: boolean
}

function addAnswer(parent: Command, cli: Cli, { verb, what, reasoned }: AnswerCommand): void {
  addReasonOptions(parent.command(verb).description(what).argument('<proposal>', 'its id'), reasoned).action(
    async (id: string, options: Why) => {
      const said = options.reason !== undefined || options.text !== undefined
      const body = said ? { reason: await readReason(cli, options) } : {}
      const { gateway } = await cli.openPerson()
      const seen = await readSeen(gateway, proposalPath(id))
      const answer = await gateway.post(`${seen.record}/${verb}`, body, { ifMatch: seen.version })
      if (answer.status === 412) throw await changedSince(gateway, seen, answer)
      await printEnd(cli, toldBy(gateway.issuer, answer))
    },
  )
}
