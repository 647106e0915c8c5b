/** What is between a developer and the government about a model: assessment, determination, window, sharing. */
import { Argument, type Command, Option } from 'commander'
import type { Cli } from './cli.ts'
import { addDecisionOptions, type DecisionOptions, decide } from './decision.ts'
import { addAllLimitOptions, type LimitOptions, limitsOf, wholeNumber } from './limit-options.ts'
import { instant } from './option-forms.ts'
import { addDecision, type Noun, recordPath } from './record-commands.ts'

export function addGovernment(model: Command, cli: Cli, noun: Noun): void {
  addDecision<DecisionOptions & { readonly days?: number }>(model, cli, noun, {
    verb: 'assess',
    what: 'as its office, say that it is being assessed; by itself that lapses',
    options: command =>
      command.addOption(
        new Option('--days <n>', 'for how many days, 1 to 30; 14 unless given').argParser(wholeNumber),
      ),
    params: ({ days }) => ({ ...(days !== undefined && { days }) }),
  })
  addDetermination(model, cli, noun, {
    verb: 'designate',
    what: 'as its office, determine that it is a covered frontier model',
  })
  addDetermination(model, cli, noun, {
    verb: 'not-designate',
    path: 'not_designate',
    what: 'as its office, determine that it is no covered frontier model',
  })
  addWindow(model, cli, noun)
  addDecision(model, cli, noun, {
    verb: 'close-window',
    path: 'close_window',
    what: 'as its developer, end the government window at once, or take it back',
    atOnce: true,
  })
  addShare(model, cli, noun)
}

type Determination = DecisionOptions & { readonly determination: string; readonly signer: string }

const addDetermination = (
  model: Command,
  cli: Cli,
  noun: Noun,
  decision: { readonly verb: string; readonly path?: string; readonly what: string },
): void =>
  addDecision<Determination>(model, cli, noun, {
    ...decision,
    options: command =>
      command
        .requiredOption('--determination <reference>', 'of your office; never a score or a threshold')
        .requiredOption('--signer <name>', 'who signed the determination'),
    params: ({ determination, signer }) => ({ determination, signer }),
  })

type Window = DecisionOptions &
  LimitOptions & {
    readonly opens?: string
    readonly ends: string
    readonly clients: readonly string[]
    readonly becomes?: string
  }

const addWindow = (model: Command, cli: Cli, noun: Noun): void =>
  addDecision<Window>(model, cli, noun, {
    verb: 'window',
    what: 'as its developer, offer the office the use of it for a time; it opens and ends by itself',
    options: command =>
      addAllLimitOptions(
        command
          .option('--opens <time>', 'RFC 3339; once the office takes it, unless given', instant)
          .requiredOption('--ends <time>', 'RFC 3339, at most 30 days later', instant)
          .requiredOption('--clients <id...>', 'clients of the office: nobody else is admitted')
          .addOption(
            new Option(
              '--becomes <state>',
              'what the model is when it has ended; partner_access unless given',
            ).choices(['partner_access', 'designated']),
          ),
      ),
    params: options => {
      const { opens, ends, clients, becomes } = options
      return {
        ...(opens !== undefined && { opens_at: opens }),
        ends_at: ends,
        clients,
        limits: limitsOf(options),
        ...(becomes !== undefined && { becomes }),
      }
    },
  })

function addShare(model: Command, cli: Cli, noun: Noun): void {
  const command = model
    .command('share')
    .description('show it to the consultants of an office, or no longer: they decide nothing')
    .argument('<model>', 'its id')
    .argument('<organisation>', 'the office')
    .addArgument(new Argument('[on|off]', 'whether they see it').choices(['on', 'off']).default('on'))
  addDecisionOptions(command).action(
    (id: string, organisation: string, state: string, options: DecisionOptions) =>
      decide(cli, `${recordPath(noun, id)}/share`, {
        id,
        noun: noun.name,
        record: recordPath(noun, id),
        params: { organisation, shared: state === 'on' },
        options,
      }),
  )
}
