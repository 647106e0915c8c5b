import { readFile } from 'node:fs/promises'
import type { Cli } from './cli.ts'
import { exit, Failure, fileUnreadable } from './failure.ts'

/** A JSON object in a file, or on stdin where that is `-`. Throws a `Failure` of usage that tells nothing of it. */
export async function readJsonFile(cli: Cli, path: string): Promise<Readonly<Record<string, unknown>>> {
  const text = path === '-' ? (await cli.readInput('JSON')).toString('utf8') : await readText(path)
  const what = path === '-' ? 'What came by stdin' : `The file ${path}`
  const parsed = parse(text)
  if (typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed))
    return parsed as Readonly<Record<string, unknown>>
  throw new Failure(exit.usage, `${what} is no JSON object.`, {
    code: 'file_malformed',
    next: 'A JSON object begins with { and ends with }; is it the file that you mean?',
  })
}

const readText = (path: string): Promise<string> =>
  readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw fileUnreadable(path, error)
  })

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
