import { Command, CommanderError } from 'commander'
import manifest from '../package.json' with { type: 'json' }
import { addGlobalOptions, createCli } from './cli.ts'
import { addCurl } from './curl.ts'
import { addDoctor } from './doctor.ts'
import { exit, failureOf, renderFailure } from './failure.ts'
import { addLog } from './log.ts'
import { addModel } from './model.ts'
import { addProxy } from './proxy.ts'
import { addQuota } from './quota.ts'
import type { Terminal } from './terminal.ts'
import { addToken } from './token.ts'

/**
 * Runs one command; `argv` is what stands behind the program's name. Resolves with the exit code, which is an
 * `Exit` unless the command ran another one.
 */
export async function run(argv: readonly string[], terminal: Terminal): Promise<number> {
  const program = new Command('sallyport')
    .description('access to covered models through a Sallyport gateway')
    .exitOverride()
    .configureOutput({
      writeOut: text => void terminal.write(text),
      writeErr: terminal.say,
      // What is wrong is told below, like every other error.
      outputError: () => {},
    })
  program.version(manifest.version, '--version', 'the version of this program')
  addGlobalOptions(program)
  const cli = createCli(program, terminal)
  for (const add of [addToken, addCurl, addProxy, addDoctor, addQuota, addModel, addLog]) add(program, cli)
  program
    .command('version')
    .description('the version of this program')
    .action(() =>
      cli.options().json
        ? cli.printValue({ version: manifest.version })
        : terminal.write(`${manifest.version}\n`),
    )

  try {
    await program.parseAsync(withoutSeparator(argv), { from: 'user' })
    return cli.ending ?? (terminal.interrupted.aborted ? exit.interrupted : exit.ok)
  } catch (error) {
    if (terminal.interrupted.aborted) return exit.interrupted
    if (error instanceof CommanderError && error.exitCode === 0) return exit.ok
    // Without a command, the help was the answer.
    if (error instanceof CommanderError && error.code === 'commander.help') return exit.usage
    const failure = failureOf(error)
    terminal.say(renderFailure(failure, argv.includes('--json')))
    return failure.exit
  }
}

/** `curl -- -X …` is `curl -X …`: the options behind the separator are meant for the request. */
function withoutSeparator(argv: readonly string[]): string[] {
  const separator = argv.indexOf('--')
  return argv.filter((_, i) => !(i === separator && argv[i - 1] === 'curl'))
}
