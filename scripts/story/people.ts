/** The demo's people, signed in without a browser, again whenever their sign-in is no longer fresh. */
import { createPersonGateway, type PersonGateway } from '../../client/index.ts'
import { signInAs } from '../demo/browserless.ts'

/** A sign-in is fresh for five minutes. Milliseconds. */
const renewAfter = 4 * 60_000

export function signInPeople(issuer: string): (login: string) => Promise<PersonGateway> {
  const signedIn = new Map<string, { readonly at: number; readonly gateway: Promise<PersonGateway> }>()
  return login => {
    const known = signedIn.get(login)
    if (known && Date.now() - known.at < renewAfter) return known.gateway
    const gateway = signInAs({ issuer, login }).then(session => createPersonGateway({ issuer, session }))
    signedIn.set(login, { at: Date.now(), gateway })
    return gateway
  }
}
