import { textAt } from '../json.ts'
import type { Cli } from './cli.ts'
import { exit, Failure } from './failure.ts'
import { readRecord } from './records.ts'

/** Of the person who is signed in, by what the gateway says. */
export async function ownOrganisation(cli: Cli): Promise<string> {
  const id = textAt(await readRecord(cli, '/me'), 'organisation', 'id')
  if (id === undefined)
    throw new Failure(exit.failed, 'The gateway does not say which organisation is yours.')
  return id
}
