/** Longer words of a person: from a file, from stdin, or from the command itself. */
import { readFile } from 'node:fs/promises'
import type { Cli } from './cli.ts'
import { exit, Failure, fileUnreadable } from './failure.ts'

export interface WordsOptions {
  readonly from?: string
  readonly text?: string
}

/** Throws a `Failure` of usage where there are none. `what` they are of. */
export async function readWords(cli: Cli, { from, text }: WordsOptions, what: string): Promise<string> {
  const source = from ?? text
  if (source === undefined)
    throw new Failure(exit.usage, `The words of the ${what} are missing: --from <file>, or --text <words>.`, {
      code: 'text_missing',
      next: 'Write them into a file and name it by --from; - is stdin.',
    })
  const read =
    source === '-' ? await cli.readArgument('-', what) : from === undefined ? source : await fileText(from)
  if (read.trim() === '')
    throw new Failure(exit.usage, `The ${what} has no words.`, {
      code: 'text_missing',
      next: 'Write what there is to say.',
    })
  return read
}

const fileText = (path: string): Promise<string> =>
  readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw fileUnreadable(path, error)
  })
