/** The demo's people, signed in as the command line would sign them in, over HTTP alone. */
import { createPersonGateway, type PersonGateway } from '../../client/index.ts'
import { signInAs } from '../../scripts/demo/browserless.ts'
import type { World } from './world.ts'

type At = Pick<World, 'issuer'>

export interface SignInTerms {
  /** Seconds: how old an authentication may be; 0 asks for a new one. */
  readonly maxAge?: number
  /** Seconds that the provider claims the authentication is old: one that is not fresh any more. */
  readonly ago?: number
}

const signedIn = new WeakMap<At, Map<string, Promise<PersonGateway>>>()

/**
 * A person of the demo by login. One session serves all tests of a world that ask for the same person on the same
 * terms; who is to have a session alone, to end it for one, calls `signInPerson`.
 */
export function personOf(world: At, login: string, terms: SignInTerms = {}): Promise<PersonGateway> {
  const known = signedIn.get(world) ?? new Map<string, Promise<PersonGateway>>()
  signedIn.set(world, known)
  const name = `${login} ${terms.maxAge} ${terms.ago}`
  const found = known.get(name) ?? signInPerson(world, login, terms)
  known.set(name, found)
  // A sign-in that failed is tried again by the next who asks.
  found.catch(() => known.delete(name))
  return found
}

export async function signInPerson(
  { issuer }: At,
  login: string,
  terms: SignInTerms = {},
): Promise<PersonGateway> {
  return createPersonGateway({ issuer, session: await signInAs({ issuer, login, ...terms }) })
}
