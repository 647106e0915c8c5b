/** Models and entries are for workloads and for people: whom a command reads as. */
import { type Api, createApi } from '../api.ts'
import { storedIssuers } from './auth-session.ts'
import type { Cli } from './cli.ts'
import { exit, Failure } from './failure.ts'

export interface Reader {
  readonly as: 'client' | 'person'
  readonly api: Api
}

/**
 * A profile that is named means its client, unless it holds none; without one it is the person who is signed in, and
 * where nobody is, the client of the default profile.
 */
export async function openReader(cli: Cli): Promise<Reader> {
  if (await readsAsPerson(cli)) {
    const { gateway } = await cli.openPerson()
    return { as: 'person', api: createApi(`${gateway.issuer}/api/v1`, gateway.fetch) }
  }
  return { as: 'client', api: (await cli.open()).gateway }
}

export async function readsAsPerson(cli: Cli): Promise<boolean> {
  const { env } = cli.terminal
  const named = cli.options().profile ?? (env.SALLYPORT_PROFILE || undefined)
  const signedIn = await issuerSignedInAt(cli)
  if (signedIn === undefined) return false
  if (named === undefined) return true
  return cli.profile().then(
    () => false,
    (error: unknown) => {
      if (error instanceof Failure && error.further.code === 'profile_invalid') return true
      throw error
    },
  )
}

/** `undefined` where nobody is signed in at the gateway that is meant, or none is. */
async function issuerSignedInAt(cli: Cli): Promise<string | undefined> {
  const issuer = await cli.issuerOfPerson().catch((error: unknown) => {
    if (error instanceof Failure && error.exit !== exit.failed) return undefined
    throw error
  })
  const known = await storedIssuers(cli.terminal)
  return issuer !== undefined && known.includes(issuer) ? issuer : undefined
}
