/** `sallyport grant`: access of an organisation to a model, under an agreement. */
import { Argument, type Command, Option } from 'commander'
import { at, textAt } from '../json.ts'
import type { Cli } from './cli.ts'
import { addDecisionOptions, type DecisionOptions, decide } from './decision.ts'
import { type Fact, listAt, reasonFacts, stopFacts, utc, utcShort } from './facts.ts'
import { exit, Failure } from './failure.ts'
import {
  addAllLimitOptions,
  addLimitOptions,
  type LimitOptions,
  limitsOf,
  limitsText,
} from './limit-options.ts'
import { instant } from './option-forms.ts'
import { ownOrganisation } from './own-organisation.ts'
import { type ApprovalOptions, addApprovalOptions, approveProposal } from './proposal-approval.ts'
import { addDecision, addGet, addRatify, type Noun, recordPath } from './record-commands.ts'
import { column, fields, printList, readList } from './records.ts'

const noun: Noun = { name: 'grant', path: '/grants' }
const states = ['requested', 'approved', 'active', 'suspended', 'expired', 'revoked']

export function addGrant(program: Command, cli: Cli): void {
  const grant = program.command('grant').description('who may use which model, and how much')
  grant
    .command('list')
    .description('those that you see')
    .option('--organisation <id>', 'only those of one')
    .option('--model <id>', 'only those to one')
    .addOption(new Option('--state <state>', 'only these').choices(states))
    .action((query: { readonly organisation?: string; readonly model?: string; readonly state?: string }) =>
      printList(cli, {
        path: noun.path,
        query: { ...query },
        table: [
          column('ID', 'id'),
          column('OF', 'organisation'),
          column('MODEL', 'model'),
          column('STATE', 'state'),
          { title: 'UNTIL', value: row => utcShort(textAt(row, 'expires_at'))?.slice(0, 10) },
        ],
        csv: fields(
          ...['id', 'organisation', 'model', 'agreement', 'state', 'starts_at', 'expires_at'],
          ...['mission_continuity', 'version'],
        ),
        none: 'There is no such grant for you to see.',
      }),
    )
  addGet(grant, cli, noun, grantFacts)
  addRequest(grant, cli)
  addApprovalOptions(
    grant.command('approve').description('sign what is proposed about one').argument('<grant>', 'its id'),
  ).action((id: string, options: ApprovalOptions) => approveOf(cli, id, options))
  addDecision<DecisionOptions & LimitOptions>(grant, cli, noun, {
    verb: 'quota',
    what: 'change its limits, under the ceiling of the agreement; what is not named stays',
    options: command => addLimitOptions(command).hook('preAction', one => judgeSome(one.opts())),
    params: (options, grant) => ({ limits: limitsOf(options, at(ownMeter(grant), 'limits')) }),
  })
  addContinuity(grant, cli)
  addDecision(grant, cli, noun, { verb: 'suspend', what: 'stop it at once', stops: true })
  addRatify(grant, cli, noun)
  addDecision(grant, cli, noun, {
    verb: 'reinstate',
    what: 'end a suspension, developer and government together',
  })
  addDecision(grant, cli, noun, { verb: 'revoke', what: 'end it for good, by two people', severe: true })
}

/** Of its own meter: what it shares with others is not its own to change. */
const ownMeter = (grant: unknown): unknown => listAt(grant, 'quota').find(one => at(one, 'shared') === null)

function judgeSome({ total, perDay, rpm, burst, streams }: LimitOptions): void {
  if ([total, perDay, rpm, burst, streams].every(one => one === undefined))
    throw new Failure(
      exit.usage,
      'Name a limit to change: --total, --per-day, --rpm, --burst or --streams.',
      {
        code: 'option_missing',
        next: 'For instance --per-day 5,000,000; what is not named stays as it is.',
      },
    )
}

interface Asked extends DecisionOptions, LimitOptions {
  readonly organisation?: string
  readonly model: string
  readonly agreement: string
  readonly starts?: string
  readonly expires: string
  readonly pool?: readonly string[]
}

function addRequest(grant: Command, cli: Cli): void {
  const command = grant
    .command('request')
    .description('ask for one, or propose one; developer and government decide')
    .option('--organisation <id>', 'for whom; your own unless given')
    .requiredOption('--model <id>', 'to which model')
    .requiredOption('--agreement <id>', 'under which agreement')
    .requiredOption('--expires <time>', 'RFC 3339, within the term of the agreement', instant)
    .option('--starts <time>', 'RFC 3339; once it is decided, unless given', instant)
    .option('--pool <id...>', 'budgets that it shares with others')
  addDecisionOptions(addAllLimitOptions(command)).action(async (options: Asked) => {
    const { model, agreement, starts, expires, pool } = options
    const limits = limitsOf(options)
    await decide(cli, noun.path, {
      id: '',
      noun: noun.name,
      params: {
        organisation: options.organisation ?? (await ownOrganisation(cli)),
        model,
        agreement,
        limits,
        ...(starts !== undefined && { starts_at: starts }),
        expires_at: expires,
        ...(pool && { pools: pool }),
      },
      options,
    })
  })
}

function addContinuity(grant: Command, cli: Cli): void {
  const command = grant
    .command('continuity')
    .description(
      'say that a mission hangs on it, or no longer: then two people are needed even to suspend it',
    )
    .argument('<grant>', 'its id')
    .addArgument(new Argument('<on|off>', 'whether one does').choices(['on', 'off']))
  addDecisionOptions(command).action((id: string, state: string, options: DecisionOptions) =>
    decide(cli, `${recordPath(noun, id)}/continuity`, {
      id,
      noun: noun.name,
      record: recordPath(noun, id),
      params: { mission_continuity: state === 'on' },
      options,
    }),
  )
}

async function approveOf(cli: Cli, id: string, options: ApprovalOptions): Promise<void> {
  const open = await readList(cli, '/proposals', { state: 'open' })
  const about = open.filter(
    one => textAt(one, 'subject', 'kind') === 'grant' && textAt(one, 'subject', 'id') === id,
  )
  const [only, ...others] = about.flatMap(one => textAt(one, 'id') ?? [])
  if (only === undefined)
    throw new Failure(exit.notFound, `Nothing is proposed about ${id} that you see.`, {
      code: 'record_unknown',
      next: 'See what is: sallyport proposal list',
    })
  if (others.length > 0)
    throw new Failure(
      exit.usage,
      `More than one change of ${id} is proposed: ${[only, ...others].join(', ')}.`,
      { code: 'proposal_ambiguous', next: 'sallyport proposal approve <one of them>' },
    )
  await approveProposal(cli, only, options)
}

const grantFacts = (grant: unknown): readonly Fact[] => [
  ['grant', `${textAt(grant, 'id')}, ${textAt(grant, 'state')}`],
  ['of', `${textAt(grant, 'organisation')} to ${textAt(grant, 'model')}`],
  ['under', textAt(grant, 'agreement')],
  ['term', `${utc(textAt(grant, 'starts_at'))} to ${utc(textAt(grant, 'expires_at'))}`],
  [
    'mission',
    at(grant, 'mission_continuity') === true ? 'hangs on it: two people even to suspend it' : undefined,
  ],
  ...stopFacts(at(grant, 'stop'), `sallyport grant ratify ${textAt(grant, 'id')}`),
  ...endFacts(at(grant, 'ended')),
  ...listAt(grant, 'quota').flatMap(quotaFacts),
]

/** The decision by which it ended; its term alone tells nothing. */
function endFacts(ended: unknown): readonly Fact[] {
  const how = textAt(ended, 'how')?.replaceAll('_', ' ')
  if (how === undefined) return []
  const appeal = textAt(ended, 'appeal')
  return [
    ['ended', `${how}, ${utc(textAt(ended, 'at'))}`],
    ...reasonFacts(at(ended, 'reason'), undefined),
    ['entry', textAt(ended, 'entry')],
    ['appeal', appeal && `once: ${appeal}`],
  ]
}

function quotaFacts(quota: unknown): readonly Fact[] {
  const of = (name: string): string => Number(at(quota, name) ?? 0).toLocaleString('en-US')
  const shared = textAt(quota, 'shared')
  const binds = textAt(quota, 'binding')
  return [
    [shared ? `in ${shared}` : 'limits', limitsText(at(quota, 'limits'))],
    [
      'spent',
      `${of('used')} used, ${of('reserved')} reserved, ${of('remaining')} left; ${of('day_used')} today; ${of('streams_in_use')} calls under way`,
    ],
    ['meter', `${textAt(quota, 'meter')}, ${textAt(quota, 'state')}`],
    ['binds', binds && `${binds} would refuse a call now`],
  ]
}
