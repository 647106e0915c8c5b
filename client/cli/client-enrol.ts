/** `client enroll` and `client rotate`: what the machine does that a client runs on. Its private key never leaves it. */
import { createHash } from 'node:crypto'
import { open, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { ApiRefused } from '../api.ts'
import type { PrivateJwk } from '../client-key.ts'
import { type Enrolled, enrol, generateClientKey, type KeyAlgorithm } from '../enrol.ts'
import { createGateway, TokenRefused } from '../index.ts'
import { apiResource, readIssuer } from '../issuer.ts'
import { textAt } from '../json.ts'
import { SecretFileError } from '../key-file.ts'
import type { Cli } from './cli.ts'
import { utc } from './facts.ts'
import { exit, Failure } from './failure.ts'
import { type Place, type Profile, placeOf } from './profile.ts'
import {
  besideProfile,
  createSecretFile,
  existing,
  isThere,
  newProfilePath,
  readIfThere,
  replaceSecretFile,
  switchKey,
} from './profile-file.ts'
import { printable } from './terminal.ts'

export interface TicketOptions {
  /** Only `-`, for stdin. */
  readonly ticket?: string
  readonly ticketFile?: string
}

export interface EnrolOptions extends TicketOptions {
  readonly algorithm: KeyAlgorithm
  readonly purpose?: string
  readonly model?: string
}

/** A key that is on this machine, and perhaps registered already: the answer may have been lost. */
interface Pending {
  readonly issuer: string
  readonly kid: string
  readonly key: PrivateJwk
  /** Of a rotation, or once it is known. */
  readonly client_id?: string
}

/**
 * The key is written down before it is registered, under the name of the ticket: whoever repeats an enrolment that broke
 * off sends the same key, and gets the same client.
 */
export async function enrolClient(cli: Cli, options: EnrolOptions): Promise<void> {
  const path = newProfilePath(cli.terminal, profileName(cli))
  if (await isThere(path)) throw existing(path)
  const ticket = await readTicket(cli, options)
  const issuer = await issuerToEnrolAt(cli)
  const digest = createHash('sha256').update(ticket).digest('hex').slice(0, 16)
  // Whatever the profile is to be called: it may be another name the second time.
  const kept = join(dirname(path), `.enrolling-${digest}.json`)
  const begun = await readPending(kept, issuer)
  const pending = begun ?? (await makePending(issuer, options.algorithm))
  if (begun === undefined) await createSecretFile(kept, pending)

  const enrolled = await register(cli, pending, ticket, kept, begun !== undefined)
  const { kid, key } = pending
  const { purpose, model } = options
  const profile = {
    issuer,
    client_id: enrolled.clientId,
    kid,
    key: bare(key),
    ...(purpose !== undefined && { purpose }),
    ...(model !== undefined && { model }),
  }
  await createSecretFile(path, profile)
  await rm(kept, { force: true })
  await tell(cli, enrolled, path, `Enrolled as ${enrolled.clientId} of ${enrolled.organisation}`)
}

/** The new key is registered before the profile has it, and the old one counts on for a while: no moment is without. */
export async function rotateKey(
  cli: Cli,
  options: TicketOptions & Pick<EnrolOptions, 'algorithm'>,
): Promise<void> {
  const profile = await cli.profile()
  const place = await placeOf(cli.terminal, profileName(cli), true)
  const kept = besideProfile(place.path, `rotating-${profile.client_id}`)
  const begun = await readPending(kept, profile.issuer)
  if (begun && (await isRegistered(cli, profile, begun))) {
    await finish(place, profile, begun, kept)
    const { client_id, issuer } = profile
    if (cli.options().json) await cli.printValue({ client_id, kid: begun.kid, issuer, profile: place.path })
    return cli.remark('The rotation that broke off is done. No ticket was used now.')
  }
  const ticket = await readTicket(cli, options)
  const pending = begun ?? {
    ...(await makePending(profile.issuer, options.algorithm)),
    client_id: profile.client_id,
  }
  if (begun === undefined) await createSecretFile(kept, pending)
  const enrolled = await register(cli, pending, ticket, kept, begun !== undefined)
  if (enrolled.clientId !== profile.client_id) await refuseOther(enrolled, profile, pending, place.path, kept)
  await finish(place, profile, pending, kept)
  await tell(cli, enrolled, place.path, `${profile.client_id} has the new key ${enrolled.kid}`)
}

async function finish(place: Place, profile: Profile, { kid, key }: Pending, kept: string): Promise<void> {
  await switchKey(place, profile, { kid, key: bare(key) })
  await rm(kept, { force: true })
}

/** Whether the service takes assertions by it. Any other trouble than an unknown key is told. */
async function isRegistered(
  cli: Cli,
  { client_id, issuer }: Profile,
  { key, kid }: Pending,
): Promise<boolean> {
  try {
    await createGateway({ issuer, clientId: client_id, key, kid, fetch: cli.fetch }).token({
      resource: apiResource(issuer),
    })
    return true
  } catch (error) {
    if (error instanceof TokenRefused && error.error === 'invalid_client') return false
    throw error
  }
}

async function register(
  cli: Cli,
  { issuer, key }: Pending,
  ticket: string,
  kept: string,
  begun: boolean,
): Promise<Enrolled> {
  try {
    return await enrol({ issuer, ticket, key, fetch: cli.fetch })
  } catch (error) {
    // A refusal is certain: the key that was made for this is nothing. One from before may be registered.
    if (!(error instanceof ApiRefused) || error.status >= 500) throw error
    if (!begun) await rm(kept, { force: true })
    if (!begun || error.code !== 'record_exists') throw error
    // It was registered for something that is over, and can never be again.
    const aside = kept.replace(/json$/, `${error.requestId ?? 'unused'}.json`)
    await rename(kept, aside)
    throw new Failure(exit.failed, `The key of the last attempt cannot be used any more. ${error.message}`, {
      code: error.code,
      next: `Run it again with the same ticket: a new key is made. The other is in ${aside}.`,
      requestId: error.requestId,
    })
  }
}

/** The ticket was another client's, which has the key now: it is kept as a profile of its own. */
async function refuseOther(
  { clientId }: Enrolled,
  { client_id }: Profile,
  { issuer, kid, key }: Pending,
  path: string,
  kept: string,
): Promise<never> {
  const own = besideProfile(path, clientId)
  await replaceSecretFile(own, { issuer, client_id: clientId, kid, key: bare(key) })
  await rm(kept, { force: true })
  throw new Failure(
    exit.failed,
    `The ticket was for ${clientId}, not for ${client_id}, which is as it was.`,
    {
      code: 'ticket_of_another',
      next: `The key is kept as a profile of ${clientId}: --profile ${own}`,
    },
  )
}

async function makePending(
  issuer: string,
  algorithm: KeyAlgorithm,
): Promise<Pending & { readonly kid: string }> {
  const key = await generateClientKey(algorithm)
  return { issuer, kid: key.kid ?? '', key }
}

/** A JWK as profiles have it: the kid stands beside it. */
const bare = ({ kty, crv, x, y, d }: PrivateJwk): Profile['key'] =>
  ({ kty, crv, x, ...(y !== undefined && { y }), d }) as Profile['key']

async function readPending(path: string, issuer: string): Promise<Pending | undefined> {
  const content = await readIfThere(path)
  if (content === undefined || textAt(content, 'issuer') !== issuer) return undefined
  const [kid, kty, crv, x, d] = [
    textAt(content, 'kid'),
    ...['kty', 'crv', 'x', 'd'].map(name => textAt(content, 'key', name)),
  ]
  if (!kid || !kty || !crv || !x || !d)
    throw new Failure(exit.failed, `The file ${path} holds no key.`, {
      code: 'profile_invalid',
      next: `Take it away: ${path}`,
    })
  const y = textAt(content, 'key', 'y')
  const client = textAt(content, 'client_id')
  return {
    issuer,
    kid,
    key: { kty, crv, x, ...(y !== undefined && { y }), d },
    ...(client !== undefined && { client_id: client }),
  }
}

const profileName = (cli: Cli): string | undefined =>
  cli.options().profile ?? (cli.terminal.env.SALLYPORT_PROFILE || undefined)

/** There is no profile yet that could name it; where a person is signed in at one gateway, that is meant. */
async function issuerToEnrolAt(cli: Cli): Promise<string> {
  const endpoint = cli.options().endpoint ?? (cli.terminal.env.SALLYPORT_ENDPOINT || undefined)
  if (endpoint === undefined && profileName(cli) === undefined) return cli.issuerOfPerson()
  try {
    return readIssuer(endpoint ?? '').href
  } catch (error) {
    const reason = endpoint && error instanceof Error ? ` ${error.message}` : ''
    throw new Failure(exit.usage, `Which gateway to enrol at is not clear.${reason}`, {
      code: 'issuer_missing',
      next: 'Name it: --endpoint <url>, or SALLYPORT_ENDPOINT',
    })
  }
}

/** From a file or stdin: arguments stand in the list of processes, which everybody on a machine reads. */
async function readTicket(cli: Cli, { ticket, ticketFile }: TicketOptions): Promise<string> {
  if (ticket !== undefined && ticket !== '-')
    throw new Failure(
      exit.usage,
      'A ticket is a secret, and everybody on this machine can read the arguments of a command.',
      { code: 'secret_as_argument', next: 'Give it by --ticket-file <file>, or by stdin: --ticket-file -' },
    )
  const from = ticketFile ?? ticket ?? '-'
  if (from === '-' && cli.terminal.interactive) cli.remark('Paste the ticket, and end with Ctrl-D.')
  const text = from === '-' ? await cli.readInput('ticket') : await readTicketFile(from)
  const secret = text.toString('utf8').trim()
  if (/^[A-Za-z0-9_-]{43}$/.test(secret)) return secret
  throw new Failure(exit.usage, 'What was given is no ticket: it is 43 characters of base64url.', {
    code: 'ticket_malformed',
    next: 'Give it by --ticket-file <file>, or by stdin: --ticket-file -',
  })
}

async function readTicketFile(path: string): Promise<Buffer> {
  const file = await open(path, 'r').catch((error: NodeJS.ErrnoException) => {
    throw new Failure(exit.usage, `The ticket ${path} could not be read (${error.code}).`, {
      code: 'file_unreadable',
      next: 'Give a file that holds it, of mode 0600, or stdin: --ticket-file -',
    })
  })
  try {
    const stat = await file.stat()
    if (process.platform !== 'win32' && (stat.mode & 0o077) !== 0)
      throw new SecretFileError(
        'file_exposed',
        `Others may read ${path}: it must have the mode 0600.`,
        `chmod 600 ${path}`,
      )
    return await file.readFile()
  } finally {
    await file.close()
  }
}

async function tell(cli: Cli, enrolled: Enrolled, profile: string, what: string): Promise<void> {
  const { clientId, kid, organisation, issuer, state, expiresAt } = enrolled
  if (cli.options().json)
    await cli.printValue({
      client_id: clientId,
      kid,
      organisation,
      issuer,
      state,
      expires_at: expiresAt,
      profile,
    })
  cli.remark(printable(`${what}, until ${utc(expiresAt)}. The profile is ${profile}.`))
}
