/** `me`, wherever a person is named: whoever is signed in. */
import type { Command } from 'commander'
import { textAt } from '../json.ts'
import type { Cli } from './cli.ts'
import { exit, Failure } from './failure.ts'
import { readRecord } from './records.ts'

/** Options that name a person by an id. */
const options = ['person', 'sponsor']

/** Before a command runs: its arguments and options that say `me` are given the id in its place. */
export async function namePerson(cli: Cli, command: Command): Promise<void> {
  const places = command.registeredArguments.flatMap((one, i) => (one.name() === 'person' ? [i] : []))
  const said = places.filter(i => command.processedArgs[i] === 'me')
  const chosen = options.filter(name => command.getOptionValue(name) === 'me')
  if (said.length + chosen.length === 0) return
  const own = await ownPerson(cli)
  for (const i of said) command.processedArgs[i] = own
  for (const name of chosen) command.setOptionValueWithSource(name, own, 'cli')
}

async function ownPerson(cli: Cli): Promise<string> {
  const own = textAt(await readRecord(cli, '/me'), 'person', 'id')
  if (own === undefined) throw new Failure(exit.failed, 'The gateway does not say who you are.')
  return own
}
