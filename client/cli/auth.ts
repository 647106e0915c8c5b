import type { Command } from 'commander'
import { generateKeyPair } from 'dpop'
import {
  beginSignIn,
  createPersonGateway,
  endSession,
  type PersonSession,
  readSession,
  type SignInBegun,
  writeSession,
} from '../index.ts'
import { at, textAt } from '../json.ts'
import { type CallbackListener, listenForCallback } from './auth-callback.ts'
import { isFresh, readClaims, readMe, sessionFacts, shown, standingFacts, whoIs } from './auth-person.ts'
import { keepStored, readStored, removeStored, type StoredSession } from './auth-session.ts'
import { browserCommand } from './browser.ts'
import type { Cli } from './cli.ts'
import { formatFacts, wrapped } from './facts.ts'
import { answerFailure, exit, Failure, failureOf, notSignedIn } from './failure.ts'
import { forgetToken, keepToken } from './kept-token.ts'
import { printable } from './terminal.ts'

/** Milliseconds that a person has for their provider. */
const patience = 180_000

export function addAuth(program: Command, cli: Cli): void {
  const auth = program.command('auth').description('sign in as a person, by your organisation’s provider')
  auth
    .command('login')
    .description('sign in with the browser')
    .option('--organisation <id>', 'your organisation; without it the page asks')
    .option('--fresh', 'authenticate anew, as approving and signing ask for')
    .option('--no-browser', 'print the address only, and open nothing')
    .action((options: LoginOptions) => login(cli, options))
  auth
    .command('logout')
    .description('end the session, here and at the gateway')
    .action(() => logout(cli))
  auth
    .command('status')
    .description('who is signed in, until when, and whether the sign-in is fresh')
    .action(() => status(cli))
}

interface LoginOptions {
  readonly organisation?: string
  readonly fresh?: true
  /** `--no-browser`: false. */
  readonly browser: boolean
}

async function login(cli: Cli, options: LoginOptions): Promise<void> {
  const issuer = await cli.issuerOfPerson()
  const listener = await listenForCallback().catch((error: NodeJS.ErrnoException) => {
    throw new Failure(exit.failed, `No port of this machine could be listened on (${error.code}).`)
  })
  let signedIn = false
  try {
    const begun = await beginSignIn({
      issuer,
      app: 'sallyport-cli',
      redirectUri: listener.redirectUri,
      organisation: options.organisation,
      maxAge: options.fresh && 0,
      // Its only copy is the session's file.
      proofKey: await generateKeyPair('ES256', { extractable: true }),
      fetch: cli.fetch,
    })
    const failed = show(cli, begun.url, options.browser)
    const session = await begun.finish(await callback(cli, listener, begun, failed))
    const stored = await describe(cli, session)
    const replaced = await readStored(cli.terminal, issuer)
      .then(before => before && readSession(before))
      .catch(() => undefined)
    const path = await keepStored(cli.terminal, stored).catch(async (error: unknown) => {
      await endUnseen(cli, session)
      throw error
    })
    signedIn = true
    if (session.first) await keepToken(cli.terminal, session, session.first).catch(() => undefined)
    if (replaced) await endUnseen(cli, replaced)
    if (cli.options().json) await cli.printValue(shown(stored))
    else cli.remark(`Signed in at ${issuer} as ${printable(whoIs(stored))}.\nThe session is kept in ${path}.`)
  } finally {
    listener.tell(signedIn)
    await listener.close()
  }
}

/**
 * The address is always said, for where no browser opens or the wrong one does. Rejects where the browser failed and
 * nobody is there to open it; does not end otherwise.
 */
async function show(cli: Cli, url: string, open: boolean): Promise<never> {
  const { terminal } = cli
  terminal.say(`Sign in with this address, in a browser on this machine:\n\n  ${url}\n\n`)
  const command = browserCommand(terminal, url)
  const fault = open ? await terminal.browse(command) : undefined
  if (fault !== undefined) {
    const said = `The browser ${printable(command[0] ?? '')} ${fault}.`
    if (!terminal.interactive || !cli.options().input)
      throw new Failure(exit.notSignedIn, `${said} Nobody is here to open the address.`, {
        code: 'browser_failed',
        next: 'Name another command by SALLYPORT_BROWSER, or open the address yourself: sallyport auth login --no-browser',
      })
    terminal.say(`${wrapped(`${said} Open the address above yourself: this waits for three minutes.`, 0)}\n`)
  }
  return new Promise(() => {})
}

async function callback(
  cli: Cli,
  listener: CallbackListener,
  { state }: SignInBegun,
  failed: Promise<never>,
): Promise<string> {
  const over = new AbortController()
  try {
    const arrived = await Promise.race([
      listener.wait(state),
      failed,
      cli.terminal.sleep(patience, over.signal).then(() => undefined),
    ])
    cli.terminal.interrupted.throwIfAborted()
    if (arrived !== undefined) return arrived
  } finally {
    over.abort()
  }
  throw new Failure(exit.notSignedIn, 'Nobody signed in within three minutes.', {
    code: 'sign_in_timeout',
    next: 'sallyport auth login',
  })
}

/** What the gateway says of the person now; without its answer the sign-in is as good. */
async function describe(cli: Cli, session: PersonSession): Promise<StoredSession> {
  const { issuer, app: _, ...secret } = await writeSession(session)
  const key = secret.key as StoredSession['key']
  const told = readClaims(session.first?.accessToken)
  const known = await askMe(cli, session)
  const authenticated = told.authenticated_at ?? new Date(cli.terminal.now()).toISOString()
  return { issuer, app: 'sallyport-cli', ...secret, key, ...told, authenticated_at: authenticated, ...known }
}

/** A session that no file holds would live on for hours, and nobody could end it. */
async function endUnseen(cli: Cli, session: PersonSession): Promise<void> {
  await endSession(session, cli.fetch).catch(() =>
    cli.remark('A session could not be ended at the gateway; it ends by itself.'),
  )
}

async function logout(cli: Cli): Promise<void> {
  const issuer = await cli.issuerOfPerson()
  const stored = await readStored(cli.terminal, issuer)
  if (stored === undefined) throw notSignedIn(issuer)
  // The file first: whatever the gateway says, this machine has the session no more.
  await removeStored(cli.terminal, issuer)
  await forgetToken(cli.terminal, issuer).catch(() => undefined)
  await readSession(stored)
    .then(session => endSession(session, cli.fetch))
    .catch((error: unknown) => {
      if (cli.terminal.interrupted.aborted) throw error
      throw new Failure(exit.failed, `Signed out here, but not at the gateway: ${failureOf(error).message}`, {
        code: 'session_not_ended',
        next: 'Nothing: without its key, which is gone, the session cannot be used, and ends by itself.',
      })
    })
  if (cli.options().json) await cli.printValue({ issuer, signed_in: false })
  else cli.remark(`Signed out at ${issuer}.`)
}

async function status(cli: Cli): Promise<void> {
  const { gateway, stored } = await cli.openPerson()
  const answer = await gateway.get('/me').catch((error: unknown) => {
    if (cli.terminal.interrupted.aborted) throw error
    return undefined
  })
  if (answer?.status === 401) throw notSignedIn(stored.issuer, textAt(answer.body, 'title'))
  if (answer?.status === 403) throw answerFailure(answer)
  const me = answer?.status === 200 ? answer : undefined
  const confirmed = me !== undefined
  const known: StoredSession = { ...stored, ...(me && readMe(me)) }
  const fresh = isFresh(known, cli.terminal.now())
  if (cli.options().json) {
    const waits = at(me?.body, 'waits_on_me')
    return cli.printValue({
      ...shown(known),
      fresh,
      confirmed,
      ...(waits !== undefined && { waits_on_me: waits }),
    })
  }
  await cli.terminal.write(formatFacts([...sessionFacts(known, fresh), ...(me ? standingFacts(me) : [])]))
  if (!confirmed) cli.remark('The gateway did not say: this is what was known when you signed in.')
}

async function askMe(cli: Cli, session: PersonSession): Promise<Partial<StoredSession>> {
  const gateway = createPersonGateway({ issuer: session.issuer, session, fetch: cli.fetch })
  const answer = await gateway.get('/me').catch(() => undefined)
  return answer?.status === 200 ? readMe(answer) : {}
}
