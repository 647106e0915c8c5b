/**
 * The access token of a session, between the commands of a person: a file beside the session's, as well protected, and
 * of no use without the key in that. Apart from it, so that a command that ends late brings back no session that was
 * signed out of.
 */
import { rm } from 'node:fs/promises'
import { calculateThumbprint } from 'dpop'
import { z } from 'zod'
import type { AccessToken, PersonSession, TokenKeeper } from '../index.ts'
import { readSecretFile } from '../key-file.ts'
import { sessionFile, writeBeside } from './auth-session.ts'
import type { Terminal } from './terminal.ts'

const written = z.object({
  /** The thumbprint of the key that it is bound to (RFC 7638): a token of an earlier session is none of this one. */
  key: z.string(),
  access_token: z.string(),
  /** RFC 3339, by the clock of this machine. */
  fresh_until: z.iso.datetime(),
  ends_at: z.iso.datetime(),
})

/** It does not end as sessions do: no list of sessions has it. */
const tokenFile = (terminal: Terminal, issuer: string): string =>
  sessionFile(terminal, issuer).replace(/\.json$/, '.token')

/** What cannot be used, for whatever reason, is not there: another one is to be had. */
export async function readKeptToken(
  terminal: Terminal,
  { issuer, proofKey }: PersonSession,
): Promise<AccessToken | undefined> {
  const content = await readSecretFile(tokenFile(terminal, issuer)).catch(() => undefined)
  const { data } = written.safeParse(content)
  if (data === undefined || data.key !== (await calculateThumbprint(proofKey.publicKey))) return undefined
  const [freshUntil, endsAt] = [Date.parse(data.fresh_until), Date.parse(data.ends_at)]
  const now = terminal.now()
  // From later than now: the clock was set back since, and tells nothing of its end.
  const known = now < freshUntil && endsAt - now <= longest
  return known ? { accessToken: data.access_token, endsAt } : undefined
}

/** Milliseconds that a token of the API is valid at most, and a minute between two clocks. */
const longest = 960_000

/** For half of its life, as within one command. Longer, and a session would look idle to the gateway that is in use. */
export async function keepToken(
  terminal: Terminal,
  { issuer, proofKey }: PersonSession,
  { accessToken, endsAt }: AccessToken,
): Promise<void> {
  const now = terminal.now()
  const content: z.infer<typeof written> = {
    key: await calculateThumbprint(proofKey.publicKey),
    access_token: accessToken,
    fresh_until: new Date(now + (endsAt - now) / 2).toISOString(),
    ends_at: new Date(endsAt).toISOString(),
  }
  await writeBeside(terminal, tokenFile(terminal, issuer), content)
}

export const forgetToken = (terminal: Terminal, issuer: string): Promise<void> =>
  rm(tokenFile(terminal, issuer), { force: true })

/** A command does what it is for, also where no token can be kept. */
export const keeperOf = (terminal: Terminal, session: PersonSession): TokenKeeper => ({
  keep: token => keepToken(terminal, session, token).catch(() => undefined),
  forget: () => forgetToken(terminal, session.issuer).catch(() => undefined),
})
