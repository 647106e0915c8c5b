import { readFile } from 'node:fs/promises'
import type { Cli } from './cli.ts'
import { exit, Failure } from './failure.ts'

/** A JSON object in a file, or on stdin where that is `-`. Throws a `Failure` of usage that tells nothing of it. */
export async function readJsonFile(cli: Cli, path: string): Promise<Readonly<Record<string, unknown>>> {
  const text = path === '-' ? (await cli.readInput('JSON')).toString('utf8') : await readText(path)
  const what = path === '-' ? 'What came by stdin' : `The file ${path}`
  const parsed = parse(text)
  if (typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed))
    return parsed as Readonly<Record<string, unknown>>
  throw new Failure(exit.usage, `${what} is no JSON object.`)
}

const readText = (path: string): Promise<string> =>
  readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new Failure(exit.usage, `The file ${path} could not be read (${error.code}).`)
  })

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
