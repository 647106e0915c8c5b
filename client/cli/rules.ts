/** `sallyport rules`: the clocks of approval. Who decides what is no rule that could be changed here. */
import type { Command } from 'commander'
import { at } from '../json.ts'
import type { Cli } from './cli.ts'
import { addDecisionOptions, type DecisionOptions, decide } from './decision.ts'
import type { Fact } from './facts.ts'
import { exit, Failure } from './failure.ts'
import { wholeNumber } from './limit-options.ts'
import { printRecord } from './records.ts'

/** By the names of the API: the option, its unit, and what it says. */
const rules = {
  proposal_hours: ['proposalHours', 'hours', 'that a proposal waits for its signatures'],
  ratify_hours: ['ratifyHours', 'hours', 'for a second person to stand by a stop'],
  government_hold_days: [
    'governmentHoldDays',
    'days',
    'until a government hold lapses, unless concurred with',
  ],
  confirmation_days: ['confirmationDays', 'days', 'that a sponsor’s confirmation holds'],
  inactivity_days: ['inactivityDays', 'days', 'until a client that asks for no token is suspended'],
  fresh_minutes: ['freshMinutes', 'minutes', 'within which one has signed in, to approve'],
} as const
type RuleName = keyof typeof rules
type RuleOption = (typeof rules)[RuleName][0]

const names = Object.keys(rules) as readonly RuleName[]

export function addRules(program: Command, cli: Cli): void {
  const command = program.command('rules').description('the clocks of approval')
  command
    .command('get')
    .description('those that are in force')
    .action(() => printRecord(cli, '/rules', ruleFacts))
  const change = command
    .command('change')
    .description('change some, developer and government together; what is not named stays')
  for (const name of names) {
    const [, unit, what] = rules[name]
    change.option(`--${name.replaceAll('_', '-')} <n>`, `${unit} ${what}`, wholeNumber)
  }
  addDecisionOptions(change).action((options: DecisionOptions & Partial<Record<RuleOption, number>>) => {
    const given = names.flatMap(name => {
      const value = options[rules[name][0]]
      return value === undefined ? [] : [[name, value] as const]
    })
    if (given.length === 0)
      throw new Failure(exit.usage, 'Name a rule to change.', {
        code: 'option_missing',
        next: 'For instance --proposal-hours 48; sallyport rules --help has them all.',
      })
    return decide(cli, '/rules/change', {
      id: 'rules',
      record: '/rules',
      params: { rules: Object.fromEntries(given) },
      options,
    })
  })
}

const ruleFacts = (record: unknown): readonly Fact[] => [
  ['version', String(at(record, 'version'))],
  ...names.map((name): Fact => {
    const [, unit, what] = rules[name]
    return [`${at(record, name)} ${unit}`, what]
  }),
]
