import { CommanderError } from 'commander'
import { type Answer, ApiRefused, DiscoveryFailed, SignInRefused, TokenRefused } from '../index.ts'
import { at, textAt } from '../json.ts'
import { SecretFileError } from '../key-file.ts'
import { wrapped } from './facts.ts'
import { escaped, printable } from './terminal.ts'

export const exit = {
  ok: 0,
  failed: 1,
  usage: 2,
  notSignedIn: 4,
  refused: 5,
  /** What was verified is not what was signed, or not whole. */
  tampered: 6,
  notFound: 7,
  interrupted: 130,
} as const
export type Exit = (typeof exit)[keyof typeof exit]

interface Further {
  readonly code?: string | undefined
  /** Of the request: what was wrong with it. */
  readonly field?: string | undefined
  readonly next?: string | undefined
  readonly requestId?: string | undefined
}

/** How a command ended that did not succeed. The message is one sentence for its user, without a secret. */
export class Failure extends Error {
  override readonly name = 'Failure'
  readonly exit: Exit
  readonly further: Further

  constructor(exit: Exit, message: string, further: Further = {}) {
    super(message)
    this.exit = exit
    this.further = further
  }
}

/** Any error as a failure, with the exit code that it stands for. */
export function failureOf(error: unknown): Failure {
  if (error instanceof Failure) return error
  if (error instanceof CommanderError) return new Failure(exit.usage, usageMessage(error))
  if (error instanceof SecretFileError) return new Failure(exit.notSignedIn, error.message, error)
  if (error instanceof SignInRefused) return new Failure(exit.notSignedIn, error.message, signInAdvice(error))
  if (error instanceof DiscoveryFailed) return new Failure(exit.failed, error.message, error)
  if (error instanceof TokenRefused || error instanceof ApiRefused)
    return new Failure(refusalExit(error), error.message, error)
  if (!(error instanceof Error)) return new Failure(exit.failed, 'Something failed that has no name.')
  const reason = lostConnection(error)
  return reason === undefined
    ? new Failure(exit.failed, error.message)
    : new Failure(exit.failed, `The connection to the gateway broke off (${reason}).`, {
        code: 'connection_lost',
        next: 'See what became of it: sallyport log tail',
      })
}

const signInAdvice = ({ code }: SignInRefused): Further => ({
  code,
  next:
    code === 'access_denied'
      ? 'sallyport auth login --organisation <id of your own>'
      : 'sallyport auth login',
})

/** Nobody is signed in at the gateway, or no longer; `reason` is the gateway's. */
export const notSignedIn = (issuer: string, reason?: string): Failure =>
  new Failure(exit.notSignedIn, `You are not signed in at ${issuer}.${reason ? ` ${reason}` : ''}`, {
    code: 'not_signed_in',
    next: 'sallyport auth login',
  })

/** A file that somebody named cannot be read. */
export const fileUnreadable = (path: string, { code, message }: NodeJS.ErrnoException): Failure =>
  new Failure(exit.usage, `The file ${path} could not be read (${code ?? message}).`, {
    code: 'file_unreadable',
    next: /^https?:\/\//i.test(path)
      ? 'An address is not read. Fetch it into a file first: curl -s <address> -o <file>'
      : 'Name a file that is there and that you may read; - is stdin.',
  })

/** What the API refused to a person, in its words (RFC 9457). */
export function answerFailure({ status, body }: Answer): Failure {
  const title = textAt(body, 'title') ?? `The gateway answered ${status}`
  const detail = textAt(body, 'detail')
  return new Failure(statusExit(status), [title, detail].filter(Boolean).join('. ').replace(/\.?$/, '.'), {
    code: textAt(body, 'code'),
    field: refusedField(body),
    next: textAt(body, 'next'),
    requestId: textAt(body, 'request_id'),
  })
}

/** The first field that a refusal names (RFC 9457), as an extension of it. */
export const refusedField = (body: unknown): string | undefined => {
  const errors = at(body, 'errors')
  return Array.isArray(errors) ? textAt(errors[0], 'path') : undefined
}

/** `fetch` itself does not say where it tried; `error` is returned as it is where that is not what failed. */
export function unreachable(url: string, error: unknown): unknown {
  const reason = lostConnection(error)
  if (reason === undefined) return error
  return new Failure(exit.failed, `Nobody answers at ${new URL(url).origin} (${reason}).`, {
    code: 'gateway_unreachable',
    next: 'Is it running? npm start runs one here. Is it elsewhere? --endpoint, or the issuer of the profile.',
  })
}

/** Of a `TypeError` that `fetch` threw for the network's sake, and of a timeout. */
function lostConnection(error: unknown): string | undefined {
  if (error instanceof DOMException && error.name === 'TimeoutError') return 'it took too long'
  if (!(error instanceof TypeError && error.cause instanceof Error)) return undefined
  const { cause } = error
  return 'code' in cause ? String(cause.code) : cause.message
}

/** By OAuth a token that is not given for a reason of policy is a 400, like a request that is wrong. */
function refusalExit(error: TokenRefused | ApiRefused): Exit {
  const byPolicy =
    error instanceof TokenRefused &&
    error.status === 400 &&
    (error.code !== error.error || policyErrors.has(error.error))
  return byPolicy ? exit.refused : statusExit(error.status)
}

const policyErrors = new Set(['unauthorized_client', 'invalid_scope', 'invalid_target', 'access_denied'])

/** What the status of an answer says by itself; a redirect is no error of a command that does not follow it. */
export function statusExit(status: number): Exit {
  if (status < 400) return exit.ok
  if (status === 401) return exit.notSignedIn
  if (status === 403 || status === 429) return exit.refused
  return status === 404 ? exit.notFound : exit.failed
}

/** Commander repeats the argument that it does not know, and with it what stands behind a `=`. */
export const usageMessage = ({ message }: CommanderError): string =>
  message
    .replace(/^error: /, '')
    .replace(/=.*'/s, "=…'")
    .replace(/\s*\n\s*/g, ' ')

/** Between quotes, and with quotes in it as a shell takes them. */
const quotedWords = /'[^']*'(\\''[^']*')*/g

/** It is copied to be run, and in one piece. One with a comma is a sentence, unless that stands in quotes. */
const isCommand = (text: string): boolean =>
  /^(sallyport|chmod) [\x20-\x2b\x2d-\x7e]*$/.test(text.replace(quotedWords, ''))

/** One readable block, or with `json` one JSON object. */
export function renderFailure({ message, exit, further }: Failure, json: boolean): string {
  const { code, field, next, requestId } = further
  if (json)
    return `${escaped(JSON.stringify({ error: { message, code, field, next, request_id: requestId, exit } }))}\n`
  const lines = [`error: ${wrapped(message, 7)}`]
  for (const [name, value] of [
    ['code', code],
    ['field', field !== undefined && message.includes(field) ? undefined : field],
    ['next', next],
    ['request', requestId],
  ] as const)
    if (value !== undefined)
      lines.push(`  ${name.padEnd(8)} ${isCommand(value) ? printable(value) : wrapped(value, 11)}`)
  return `${lines.join('\n')}\n`
}
