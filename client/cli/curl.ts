import { readFile } from 'node:fs/promises'
import type { Command } from 'commander'
import { at, readJson, textAt } from '../json.ts'
import type { Cli } from './cli.ts'
import { type Exit, exit, Failure, fileUnreadable, statusExit, usageMessage } from './failure.ts'

type HeaderLine = readonly [name: string, value: string]

interface CurlOptions {
  readonly request?: string
  readonly header: readonly HeaderLine[]
  readonly data?: string
  readonly include?: true
  readonly fail?: true
}

/** The part of curl's options that a call to the gateway needs, by their names there. */
export function addCurl(program: Command, cli: Cli): void {
  const command = program.command('curl')
  command
    .description('send one request with a token and a fresh proof')
    .argument('<url>', 'a URL of the gateway, or its path: /openai/v1/models')
    .option('-X, --request <method>', 'GET unless there is data, then POST')
    .option('-H, --header <line>', 'a header; may be repeated', addHeader, [])
    .option('-d, --data <data>', 'the body, or @file, or - for stdin; JSON unless a header says otherwise')
    .option('-i, --include', 'print the status and the headers too')
    .option('-N, --no-buffer', 'as curl has it; nothing is held back in any case')
    .option('-s, --silent', 'as curl has it; there is no progress to hide')
    .option('-f, --fail', 'turn an error of the gateway into one of the command, with its exit code')
    .exitOverride(error => {
      if (error.code !== 'commander.unknownOption') throw error
      const offered = command.options.map(({ short, long }) => `${short} ${long}`).join(', ')
      throw new Failure(exit.usage, `Only a part of curl's options exists here: ${usageMessage(error)}`, {
        next: `Use these: ${offered}`,
      })
    })
    .action((url: string, options: CurlOptions) => curl(cli, url, options))
}

async function curl(cli: Cli, url: string, options: CurlOptions): Promise<void> {
  const { gateway } = await cli.open()
  const { terminal } = cli
  const body = options.data === undefined ? undefined : await readData(cli, options.data)
  const headers = new Headers(options.header.map(([name, value]) => [name, value]))
  if (body !== undefined && !headers.has('content-type')) headers.set('content-type', 'application/json')

  const method = options.request ?? (body === undefined ? 'GET' : 'POST')
  const init = { method, headers, ...(body !== undefined && { body }) }
  const response = await gateway.fetch(target(url, gateway.issuer), init).catch((error: unknown) => {
    // Without a cause nothing was sent: the URL is not the gateway's, or the method is none.
    if (error instanceof TypeError && error.cause === undefined) throw new Failure(exit.usage, error.message)
    throw error
  })

  if (options.include) await terminal.write(head(response))
  const code = statusExit(response.status)
  if (options.fail && code !== exit.ok) throw await failureAnswered(response, code)
  let empty = true
  for await (const chunk of response.body ?? []) {
    empty = false
    await terminal.write(chunk)
  }
  if (empty && code !== exit.ok) terminal.say(`The gateway answered ${response.status} without a body.\n`)
}

function target(url: string, issuer: string): string {
  if (url.startsWith('/')) return issuer + url
  if (/^https?:/i.test(url) && URL.canParse(url)) return url
  throw new Failure(exit.usage, 'What was given is no URL, and a path begins with a slash.', {
    next: 'Write it like this: sallyport curl /openai/v1/models',
  })
}

/** What the gate or the API refused, in its words; `code` is what it ends the command with. */
export async function failureAnswered(response: Response, code: Exit): Promise<Failure> {
  const body = await readJson(response)
  const told = at(body, 'error', 'sallyport') ?? body
  const message =
    textAt(body, 'error', 'message') ?? textAt(body, 'title') ?? `The gateway answered ${response.status}.`
  const next = textAt(told, 'next')
  // The providers' shape has the next step in the message too, for SDKs that show nothing else.
  return new Failure(code, next === undefined ? message : message.replace(` ${next}`, ''), {
    code: textAt(told, 'code'),
    next,
    requestId: response.headers.get('x-request-id') ?? undefined,
  })
}

async function readData(cli: Cli, data: string): Promise<string | Buffer> {
  if (data === '-' || data === '@-') return cli.readInput('body')
  if (!data.startsWith('@')) return data
  const path = data.slice(1)
  return readFile(path).catch((error: NodeJS.ErrnoException) => {
    throw fileUnreadable(path, error)
  })
}

function head(response: Response): string {
  const lines = [`HTTP/1.1 ${response.status} ${response.statusText}`.trimEnd()]
  for (const [name, value] of response.headers) lines.push(`${name}: ${value}`)
  return `${lines.join('\r\n')}\r\n\r\n`
}

/** Commander would repeat what is wrong with its own error, and it may be a credential. */
function addHeader(line: string, lines: readonly HeaderLine[]): readonly HeaderLine[] {
  const colon = line.indexOf(':')
  if (colon < 1) throw new Failure(exit.usage, 'A header is written as name: value.')
  return [...lines, [line.slice(0, colon).trim(), line.slice(colon + 1).trim()]]
}
