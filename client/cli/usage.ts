/** What is wrong with a command line, in the form of all errors: what, of which option, and where it is explained. */
import type { Command, CommanderError, Option } from 'commander'
import { exit, Failure, usageMessage } from './failure.ts'

export function usageFailure(error: CommanderError, program: Command, argv: readonly string[]): Failure {
  const command = commandOf(program, argv)
  return new Failure(exit.usage, messageOf(error, command), {
    code: codes[error.code] ?? 'usage_invalid',
    next: `${nameOf(command)} --help`,
  })
}

const codes: Readonly<Record<string, string>> = {
  'commander.missingMandatoryOptionValue': 'option_missing',
  'commander.optionMissingArgument': 'option_invalid',
  'commander.invalidArgument': 'option_invalid',
  'commander.unknownOption': 'option_unknown',
  'commander.unknownCommand': 'command_unknown',
  'commander.missingArgument': 'argument_missing',
  'commander.excessArguments': 'argument_unknown',
}

/** Without what was typed: it may be a secret in the wrong place. */
function messageOf(error: CommanderError, command: Command): string {
  if (error.code === 'commander.missingMandatoryOptionValue') {
    const missing = missingOptions(command)
    if (missing.length > 0) return `Missing: ${missing.map(({ flags }) => flags).join(', ')}.`
  }
  const expected = /^error: too many arguments.*Expected (\d+)/s.exec(error.message)?.[1]
  if (expected !== undefined) return `Too many arguments: it takes ${expected}.`
  const option = /^error: option '(.+?)' argument '.*' is invalid\. (.*)$/s.exec(error.message)
  const argument = /^error: command-argument value '.*' is invalid for argument '(.+?)'\. (.*)$/s.exec(
    error.message,
  )
  const [, name, rule = ''] = option ?? argument ?? []
  if (name === undefined) return usageMessage(error)
  return `${argument ? `<${name}>` : name}: ${rule.replace(/^Allowed choices are /, 'it is one of ')}`
}

/** All at once: whoever is told of one only has to ask for the next. */
const missingOptions = (command: Command): readonly Option[] =>
  command.options.filter(one => one.mandatory && command.getOptionValue(one.attributeName()) === undefined)

/** The deepest one that the words name; the value of an option that all commands take names none. */
function commandOf(program: Command, argv: readonly string[]): Command {
  let command = program
  let isValue = false
  for (const word of argv) {
    if (word === '--') break
    const option = program.options.find(one => one.long === word)
    const named = isValue ? undefined : command.commands.find(one => one.name() === word)
    if (named) command = named
    isValue = !isValue && option?.required === true
  }
  return command
}

const nameOf = (command: Command): string =>
  command.parent ? `${nameOf(command.parent)} ${command.name()}` : command.name()
