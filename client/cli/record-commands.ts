/** The commands that most nouns have: one record, a decision about it, and the second look at a stop. */
import type { Command } from 'commander'
import type { Cli } from './cli.ts'
import {
  addDecisionOptions,
  type Deciding,
  type DecisionOptions,
  decide,
  type Kind,
  ratify,
} from './decision.ts'
import type { Fact } from './facts.ts'
import { exit, Failure } from './failure.ts'
import { printRecord } from './records.ts'

export interface Noun {
  /** As it stands on the command line. */
  readonly name: string
  /** Of its records, below `/api/v1`. */
  readonly path: string
  /** Whose `list` tells the ids; the name unless it says so. */
  readonly command?: string
}

/**
 * An id goes into a path as one part of it. Throws a `Failure` of usage for what can be none: people have names at hand,
 * and two records may have the same.
 */
export function recordPath({ name, path, command = name }: Noun, id: string): string {
  if (/^(?!\.+$)[A-Za-z0-9._~-]{1,200}$/.test(id)) return `${path}/${encodeURIComponent(id)}`
  throw new Failure(
    exit.usage,
    `That is no id of ${/^[aeio]/.test(name) ? 'an' : 'a'} ${name}: one looks like ${exampleOf(name)}.`,
    {
      code: 'id_malformed',
      next: `sallyport ${command} list`,
    },
  )
}

/** Ids of organisations and models are chosen by people. */
const exampleOf = (noun: string): string =>
  ({ partner: 'cedar-medical', organisation: 'cedar-medical', model: 'aurora-preview' })[noun] ??
  `${noun}_5aesfvr6ahgd79gey2aj1jye76`

export function addGet(
  command: Command,
  cli: Cli,
  noun: Noun,
  factsOf: (record: unknown) => readonly Fact[],
): void {
  command
    .command('get')
    .description('one, with all that you may see of it')
    .argument(`<${noun.name}>`, 'its id')
    .action((id: string) => printRecord(cli, recordPath(noun, id), factsOf))
}

export function addRatify(
  command: Command,
  cli: Cli,
  noun: Noun,
  what = 'stand by a stop that another person put in force',
): void {
  command
    .command('ratify')
    .description(what)
    .argument(`<${noun.name}>`, 'its id')
    .action((id: string) => ratify(cli, recordPath(noun, id)))
}

export interface DecisionCommand<O extends DecisionOptions> extends Kind, Pick<Deciding, 'patch' | 'after'> {
  readonly verb: string
  readonly what: string
  /** Below the record; the verb unless given. */
  readonly path?: string
  /** It is made on the record as it stands: its version is not asked for. */
  readonly atOnce?: true
  /** Options of its own. */
  readonly options?: (command: Command) => Command
  /** Fields of the body beside the reason, by the options and the record that was read. */
  readonly params?: (options: O, record: unknown) => Readonly<Record<string, unknown>>
}

export function addDecision<O extends DecisionOptions = DecisionOptions>(
  parent: Command,
  cli: Cli,
  noun: Noun,
  decision: DecisionCommand<O>,
): void {
  const { verb, what, path = verb, options: own, params, atOnce, patch, severe, stops, after } = decision
  const command = parent.command(verb).description(what).argument(`<${noun.name}>`, 'its id')
  addDecisionOptions(own ? own(command) : command, {
    ...(severe && { severe }),
    ...(stops && { stops }),
  }).action((id: string, options: O) => {
    const record = recordPath(noun, id)
    return decide(cli, path === '' ? record : `${record}/${path}`, {
      id,
      noun: noun.name,
      options,
      ...(!atOnce && { record }),
      ...(params && { params: (seen: unknown) => params(options, seen) }),
      ...(patch && { patch }),
      ...(severe && { severe }),
      ...(stops && { stops }),
      ...(after && { after }),
    })
  })
}
