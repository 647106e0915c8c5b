import { type Command, Option } from 'commander'
import { readClientKey } from '../client-key.ts'
import {
  createGateway,
  createPersonGateway,
  type Gateway,
  type GatewayOptions,
  type PersonGateway,
  readSession,
} from '../index.ts'
import { readIssuer } from '../issuer.ts'
import { readStored, type StoredSession, storedIssuers } from './auth-session.ts'
import { wrapped } from './facts.ts'
import { exit, Failure, notSignedIn, unreachable } from './failure.ts'
import { keeperOf, readKeptToken } from './kept-token.ts'
import {
  type Column,
  type Format,
  formatCsv,
  formatJson,
  formatJsonl,
  formats,
  formatTable,
} from './output.ts'
import { type Profile, placeOf, readDemoIssuer, readProfile, readProfileIssuer } from './profile.ts'
import { advisingOnPurpose, purposeAdvice } from './purpose-advice.ts'
import type { Terminal } from './terminal.ts'

/** The options that every command takes. */
interface GlobalOptions {
  readonly json?: true
  readonly output: Format
  readonly profile?: string
  readonly endpoint?: string
  readonly quiet?: true
  /** `--no-input`: false. */
  readonly input: boolean
}

/** What the commands share: where they read and write, and the gateway that they act on. */
export interface Cli {
  readonly terminal: Terminal
  /** Ends with the terminal's interruption; throws a `Failure` that says where nobody answers. */
  readonly fetch: typeof globalThis.fetch
  options(): GlobalOptions
  /** Whom the command acts for; its issuer is that of `--endpoint` where one is given. */
  profile(): Promise<Profile>
  /** The client of the profile. */
  open(
    further?: Pick<GatewayOptions, 'purpose' | 'proofKey'>,
  ): Promise<{ gateway: Gateway; profile: Profile }>
  /**
   * The gateway that a person means: `--endpoint`, `SALLYPORT_ENDPOINT`, the issuer of the profile, or that of the
   * only session here. Throws a `Failure` of usage where none of them tells.
   */
  issuerOfPerson(): Promise<string>
  /** The person who is signed in there; throws a `Failure` with exit code 4 where nobody is. */
  openPerson(): Promise<{ gateway: PersonGateway; stored: StoredSession }>
  /** A list in the format that was asked for. `first` is false for what continues a list. */
  printRows<Row>(rows: readonly Row[], columns: RowColumns<Row>, first?: boolean): Promise<void>
  /** One thing: JSON, whatever the format. */
  printValue(value: unknown): Promise<void>
  /** A remark for a person, unless `--quiet`. */
  remark(text: string): void
  /** The argument, or what stdin holds where it is `-` or missing. */
  readArgument(argument: string | undefined, what: string): Promise<string>
  /** All of stdin; `what` it should hold, for the error where nobody is to type it. */
  readInput(what: string): Promise<Buffer>
  /** The exit code of a command that succeeded in what it does and has something else to say by it. */
  endWith(code: number): void
  readonly ending: number | undefined
}

/** A table is read at 80 columns; a CSV file has room for more. */
export interface RowColumns<Row> {
  readonly table: readonly Column<Row>[]
  readonly csv: readonly Column<Row>[]
}

const endpointInvalid = {
  code: 'option_invalid',
  next: 'Name an https URL: --endpoint <url>, or SALLYPORT_ENDPOINT',
}

export function addGlobalOptions(program: Command): void {
  program
    .option('--json', 'print JSON, errors too')
    .addOption(new Option('--output <format>', 'format of lists').choices(formats).default('table'))
    .option('--profile <name|path>', 'whose credentials to use (SALLYPORT_PROFILE)')
    .option('--endpoint <url>', 'the gateway, in place of the issuer of the profile (SALLYPORT_ENDPOINT)')
    .option('--quiet', 'no remarks on stderr, only errors')
    .option('--no-input', 'never wait for input from a terminal')
}

export function createCli(program: Command, terminal: Terminal): Cli {
  const options = (): GlobalOptions => program.opts()
  const send: typeof fetch = (input, init) => {
    const signals = [terminal.interrupted, ...(init?.signal ? [init.signal] : [])]
    return fetch(input, { ...init, signal: AbortSignal.any(signals) }).catch((error: unknown) => {
      throw unreachable(input instanceof Request ? input.url : String(input), error)
    })
  }
  let profile: Promise<Profile> | undefined
  let personIssuer: Promise<string> | undefined
  let ending: number | undefined
  async function readOwn(): Promise<Profile> {
    const { env } = terminal
    const { profile: name, endpoint = env.SALLYPORT_ENDPOINT || undefined, quiet = false } = options()
    const read = await readProfile(terminal, name ?? (env.SALLYPORT_PROFILE || undefined), quiet)
    try {
      return { ...read, issuer: readIssuer(endpoint ?? read.issuer).href }
    } catch (error) {
      const reason = error instanceof Error ? error.message : ''
      throw endpoint === undefined
        ? new Failure(exit.notSignedIn, `The profile cannot be used. ${reason}`, {
            code: 'profile_invalid',
            next: 'Correct the issuer in the profile.',
          })
        : new Failure(exit.usage, `The endpoint cannot be used. ${reason}`, endpointInvalid)
    }
  }
  async function profilePath(): Promise<string> {
    const name = options().profile ?? (terminal.env.SALLYPORT_PROFILE || undefined)
    return (await placeOf(terminal, name, true)).path
  }
  async function readPersonIssuer(): Promise<string> {
    const { env } = terminal
    const {
      profile: name = env.SALLYPORT_PROFILE || undefined,
      endpoint = env.SALLYPORT_ENDPOINT || undefined,
    } = options()
    const given = endpoint ?? (await readProfileIssuer(terminal, name))
    const known = given === undefined ? await storedIssuers(terminal) : [given]
    const demo = known.length === 0 ? await readDemoIssuer(terminal) : undefined
    const [only, ...others] = demo === undefined ? known : [demo]
    if (only === undefined || others.length > 0)
      throw new Failure(exit.usage, 'Which gateway is meant is not clear.', {
        code: 'issuer_missing',
        next: 'Name it: --endpoint <url>, or SALLYPORT_ENDPOINT',
      })
    try {
      return readIssuer(only).href
    } catch (error) {
      const reason = error instanceof Error ? error.message : ''
      throw new Failure(
        exit.usage,
        `The gateway ${endpoint ? 'of --endpoint' : 'of the profile'} cannot be used. ${reason}`,
        endpointInvalid,
      )
    }
  }
  const cli: Cli = {
    terminal,
    fetch: send,
    options,
    profile: () => (profile ??= readOwn()),
    async open(further = {}) {
      const profile = await cli.profile()
      const key = await readClientKey(profile.key, profile.kid).catch((error: Error) => {
        throw new Failure(exit.notSignedIn, error.message, {
          code: 'profile_invalid',
          next: 'Correct the key in the profile.',
        })
      })
      const { client_id: clientId, issuer, model } = profile
      const identity = { ...key, clientId, issuer, model, purpose: further.purpose ?? profile.purpose }
      // What was named for this one command is not the profile's.
      const fetch =
        further.purpose === undefined
          ? advisingOnPurpose(send, purposeAdvice(await profilePath(), profile.purpose))
          : send
      return { gateway: createGateway({ ...further, ...identity, fetch }), profile }
    },
    issuerOfPerson: () => (personIssuer ??= readPersonIssuer()),
    async openPerson() {
      const issuer = await cli.issuerOfPerson()
      const stored = await readStored(terminal, issuer)
      if (stored === undefined) throw notSignedIn(issuer)
      const session = await readSession(stored).catch((error: Error) => {
        throw new Failure(exit.notSignedIn, error.message, {
          code: 'session_invalid',
          next: 'sallyport auth login',
        })
      })
      const first = await readKeptToken(terminal, session)
      const keeper = keeperOf(terminal, session)
      const known = { ...session, ...(first && { first }) }
      return { gateway: createPersonGateway({ issuer, session: known, keeper, fetch: send }), stored }
    },
    printRows(rows, { table, csv }, first = true) {
      const { json, output } = options()
      if (json) return terminal.write(formatJson(rows))
      if (output === 'jsonl') return terminal.write(formatJsonl(rows))
      return terminal.write(output === 'csv' ? formatCsv(csv, rows, first) : formatTable(table, rows, first))
    },
    printValue: value => terminal.write(formatJson(value)),
    remark(text) {
      const lines = text.split('\n').map(line => (line.length > 80 ? wrapped(line, 0) : line))
      if (!options().quiet) terminal.say(`${lines.join('\n')}\n`)
    },
    async readArgument(argument, what) {
      if (argument !== undefined && argument !== '-') return argument
      return (await cli.readInput(what)).toString('utf8').trim()
    },
    async readInput(what) {
      if (terminal.interactive && !options().input)
        throw new Failure(exit.usage, `The ${what} is missing: give it, or pipe it in.`, {
          code: 'input_missing',
          next: 'Name a file or an argument in place of -, or leave out --no-input.',
        })
      const chunks: Uint8Array[] = []
      for await (const chunk of terminal.stdin) chunks.push(chunk)
      return Buffer.concat(chunks)
    },
    endWith(code) {
      ending = code
    },
    get ending() {
      return ending
    },
  }
  return cli
}
