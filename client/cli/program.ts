import { Command, CommanderError } from 'commander'
import manifest from '../package.json' with { type: 'json' }
import { addAgreement } from './agreement.ts'
import { addAppeal } from './appeal.ts'
import { addAttribute } from './attribute.ts'
import { addAuth } from './auth.ts'
import { addCase } from './case.ts'
import { addGlobalOptions, type Cli, createCli } from './cli.ts'
import { addClient } from './client.ts'
import { addCompletion } from './completion.ts'
import { addCurl } from './curl.ts'
import { addDoctor } from './doctor.ts'
import { addExports } from './export.ts'
import { exit, failureOf, renderFailure } from './failure.ts'
import { addFinding } from './finding.ts'
import { addGrant } from './grant.ts'
import { addHold } from './hold.ts'
import { addInbox } from './inbox.ts'
import { addLog } from './log.ts'
import { addModel } from './model.ts'
import { addOpinion } from './opinion.ts'
import { addOrganisation } from './organisation.ts'
import { namePerson } from './own-person.ts'
import { addPartner } from './partner.ts'
import { addPerson } from './person.ts'
import { addPreservation } from './preservation.ts'
import { addProposal } from './proposal.ts'
import { addProxy } from './proxy.ts'
import { addQuota } from './quota.ts'
import { addRequest } from './request.ts'
import { addReview } from './review.ts'
import { addRules } from './rules.ts'
import { addSession } from './session.ts'
import { addStatistics } from './statistics.ts'
import type { Terminal } from './terminal.ts'
import { addToken } from './token.ts'
import { usageFailure } from './usage.ts'
import { addVerify } from './verify.ts'
import { addWatermark } from './watermark.ts'
import { addWebhook } from './webhook.ts'
import { addWitness } from './witness.ts'

type Add = (program: Command, cli: Cli) => void

/** As the help shows them. */
const groups: readonly (readonly [title: string, ...commands: readonly Add[]])[] = [
  ['For people who sign in:', addAuth, addSession, addInbox, addRequest],
  ['For workloads and their engineers:', addToken, addCurl, addProxy, addQuota, addDoctor],
  ['For both:', addModel, addLog],
  ['Who takes part:', addOrganisation, addPerson, addPartner, addClient, addWebhook],
  [
    'What is decided:',
    addAgreement,
    addGrant,
    addFinding,
    addOpinion,
    addHold,
    addPreservation,
    addProposal,
    addAppeal,
    addReview,
    addRules,
    addStatistics,
  ],
  ['For whoever watches the log:', addCase, addExports, addVerify, addWatermark, addAttribute, addWitness],
  ['Of this program:', addCompletion, addVersion],
]

function addVersion(program: Command, cli: Cli): void {
  program
    .command('version')
    .description('the version of this program')
    .action(() =>
      cli.options().json
        ? cli.printValue({ version: manifest.version })
        : cli.terminal.write(`${manifest.version}\n`),
    )
}

const endings = `
Ends with
  0  done                      4  nobody is signed in
  1  failed                    5  refused by policy
  2  called wrongly            6  what was verified was tampered with
  3  waits for others to sign  7  not there, or not yours to see`

/** All commands, and what they share. */
export function createProgram(terminal: Terminal): { readonly program: Command; readonly cli: Cli } {
  const program = new Command('sallyport')
    .description('access to covered models through a Sallyport gateway')
    .addHelpText('after', endings)
    .exitOverride()
    // A long verb leaves the words beside it less room than Commander would break them in.
    .configureHelp({ minWidthToWrap: 20 })
    .configureOutput({
      writeOut: text => void terminal.write(text),
      writeErr: terminal.say,
      // What is wrong is told by `run`, like every other error.
      outputError: () => {},
    })
  program.version(manifest.version, '--version', 'the version of this program')
  addGlobalOptions(program)
  const cli = createCli(program, terminal)
  program.hook('preAction', (_, command) => namePerson(cli, command))
  for (const [title, ...commands] of groups) {
    program.commandsGroup(title)
    for (const add of commands) add(program, cli)
  }
  return { program, cli }
}

/**
 * Runs one command; `argv` is what stands behind the program's name. Resolves with the exit code, which is an
 * `Exit` unless the command ran another one.
 */
export async function run(argv: readonly string[], terminal: Terminal): Promise<number> {
  const { program, cli } = createProgram(terminal)
  try {
    await program.parseAsync(withoutSeparator(argv), { from: 'user' })
    return cli.ending ?? (terminal.interrupted.aborted ? exit.interrupted : exit.ok)
  } catch (error) {
    if (terminal.interrupted.aborted) return exit.interrupted
    if (error instanceof CommanderError && error.exitCode === 0) return exit.ok
    // Without a command, the help was the answer.
    if (error instanceof CommanderError && error.code === 'commander.help') return exit.usage
    const failure = error instanceof CommanderError ? usageFailure(error, program, argv) : failureOf(error)
    terminal.say(renderFailure(failure, argv.includes('--json')))
    return failure.exit
  }
}

/** `curl -- -X …` is `curl -X …`: the options behind the separator are meant for the request. */
function withoutSeparator(argv: readonly string[]): string[] {
  const separator = argv.indexOf('--')
  return argv.filter((_, i) => !(i === separator && argv[i - 1] === 'curl'))
}
