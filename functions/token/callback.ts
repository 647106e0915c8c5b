/** Where a person comes back from their provider, and goes on to the app with a code. */
import type { APIGatewayProxyEvent } from 'aws-lambda'
import { keys } from '../../shared/domain/keys.ts'
import type { Organisation, Person, Provider } from '../../shared/domain/parties.ts'
import { judgeMembership, judgePerson } from '../../shared/domain/person-authority.ts'
import type { Standing } from '../../shared/domain/records.ts'
import { Refusal } from '../../shared/domain/refusal.ts'
import { rulesInForce } from '../../shared/domain/rules.ts'
import { type AuthorizationCode, type SignIn, ticketLifetimes } from '../../shared/domain/tickets.ts'
import { putEntry } from '../../shared/entries/put.ts'
import { signInRefusalEntry } from '../../shared/entries/sign-in.ts'
import { authorizeResponse, type Sent } from '../../shared/oauth/authorize-request.ts'
import { encodeBase64url } from '../../shared/oauth/base64url.ts'
import { type IdToken, judgeAuthentication } from '../../shared/oauth/id-token.ts'
import { identityHash } from '../../shared/oauth/identity.ts'
import { signingKey } from '../../shared/oauth/key-ring.ts'
import { OAuthError } from '../../shared/oauth/oauth-error.ts'
import { signProviderAssertion } from '../../shared/oauth/provider-assertion.ts'
import { SignerUnavailable } from '../../shared/ports/keys.ts'
import { itemAbsent } from '../../shared/ports/store.ts'
import type { Reply } from '../http.ts'
import { backWithError, digest, readQuery, type SignInWorld } from './authorize.ts'
import { readBrowserCookie } from './browser-cookie.ts'
import { derived } from './record.ts'
import { faultPage, redirect } from './sign-in-page.ts'

type Admitted = Omit<AuthorizationCode, 'exp' | 'session'>

/** `GET /oauth/callback`, or below it. `now` in milliseconds. */
export async function endSignIn(
  world: SignInWorld,
  event: APIGatewayProxyEvent,
  now: number,
): Promise<Reply> {
  const { store, issuer, random } = world
  const query = readQuery(event)
  const state = onlyValue(query, 'state')
  if (state === undefined || [...query.values()].some(values => values.length > 1))
    return faultPage(400, 'The provider did not send a request that can be understood.')

  const signIn = await takeSignIn(world, event, state)
  if (signIn === undefined || signIn.exp <= now / 1000)
    return faultPage(400, 'This sign-in is over, or it began in another browser.')
  const back = { redirectUri: signIn.redirectUri, ...(signIn.state !== undefined && { state: signIn.state }) }

  const admitted = await admit(world, signIn, { query, state, request: event.requestContext.requestId }, now)
  if (admitted instanceof OAuthError) return backWithError(issuer, back, admitted)

  const code = encodeBase64url(random.bytes(32))
  const put = await store.write({
    kind: 'put',
    key: keys.code(digest(code)),
    // By the time that it is now: the provider was asked in between.
    item: {
      ...admitted,
      exp: Math.floor(world.clock.now() / 1000) + ticketLifetimes.code,
    },
    if: itemAbsent,
    ours: { eq: [['codeChallenge'], admitted.codeChallenge] },
  })
  if (!put.ok) throw new Error('a random code exists')
  return redirect(authorizeResponse(issuer, signIn.redirectUri, { code, state: signIn.state }))
}

/**
 * What was begun, once: of any number that come with it, one gets it. It stays where it is for a browser in which it
 * was not begun, so that nobody can end another's sign-in, and for an answer at another provider's address.
 */
async function takeSignIn(
  { store, issuer }: SignInWorld,
  event: APIGatewayProxyEvent,
  state: string,
): Promise<SignIn | undefined> {
  const browser = readBrowserCookie(issuer, event)
  if (browser === undefined) return undefined
  const taken = await store.write({
    kind: 'remove',
    key: keys.signIn(digest(state)),
    if: {
      and: [{ eq: [['browser'], digest(browser)] }, { eq: [['callback'], issuer + event.path] }],
    },
  })
  return taken.ok ? taken.item : undefined
}

interface Answer {
  readonly query: Sent
  readonly state: string
  /** The request's id. */
  readonly request: string
}

/** Who it is, by their provider and then by our own records; a refusal of somebody known is recorded. */
async function admit(
  world: SignInWorld,
  signIn: SignIn,
  { query, state, request }: Answer,
  now: number,
): Promise<Admitted | OAuthError> {
  const { store, providers } = world
  const [record] = await store.get([keys.organisation(signIn.organisation)])
  const member = judgeMembership(record)
  if (member instanceof Refusal) return denied(member)
  const { provider, sessionsFrom } = member
  if (provider === undefined)
    return new OAuthError('access_denied', 'The organisation has no provider any more.')

  const answer = new URLSearchParams(
    [...query].map(([name, [value = '']]): [string, string] => [name, value]),
  )
  const idToken = await identify(() =>
    providers.identify(provider, answer, { ...signIn, state }, audience => assert(world, provider, audience)),
  )
  if (idToken instanceof OAuthError) return idToken

  const { person, standing, organisation } = await findPerson(world, idToken, signIn.organisation)
  // An outsider learns nothing of whom other organisations have enrolled.
  if (person === undefined) return notEnrolled
  const judged = judge({ signIn, provider, idToken, person, standing, organisation }, world.clock.now())
  // As it was with the provider that has vouched: had that been replaced since, the code is none.
  if (!(judged instanceof OAuthError))
    return { ...judged, ...(sessionsFrom !== undefined && { sessionsFrom }) }
  const entry = signInRefusalEntry({
    now,
    // Of the sign-in, which happens once: its refusal is recorded once.
    random: derived(`refused ${state}`),
    request,
    issuer: world.issuer,
    person,
    app: signIn.app,
    code: judged.code ?? judged.error,
    detail: judged.description,
    grounds: judged.under({ rules: rulesInForce(standing) }).grounds,
  })
  await store.write(putEntry(entry))
  return judged
}

interface Judged {
  readonly signIn: SignIn
  readonly provider: Provider
  readonly idToken: IdToken
  readonly person: Person
  readonly standing: Standing | undefined
  readonly organisation: Organisation | undefined
}

function judge(facts: Judged, now: number): Admitted | OAuthError {
  const { signIn, provider, idToken, person, standing, organisation } = facts
  if (person.organisation !== signIn.organisation) return notEnrolled
  // Counted from when it was asked for: a person may take their time at the provider.
  const { maxAge, exp } = signIn
  const since = maxAge === undefined ? undefined : exp - ticketLifetimes.signIn - maxAge
  const authentication = judgeAuthentication(idToken, provider, since)
  if (authentication instanceof OAuthError) return authentication
  const caller = { person: person.id, organisation: signIn.organisation }
  const authority = judgePerson(caller, { standing, person, organisation }, now)
  if (authority instanceof Refusal) return denied(authority)
  const { app, redirectUri, codeChallenge, dpopJkt, notice } = signIn
  return { app, redirectUri, codeChallenge, dpopJkt, notice, ...caller, ...authentication }
}

async function findPerson({ store }: SignInWorld, { issuer, subject }: IdToken, organisation: string) {
  const [identity, standing, record] = await store.get([
    keys.identity(identityHash(issuer, subject)),
    keys.standing,
    keys.organisation(organisation),
  ])
  const [person] = identity ? await store.get([keys.person(identity.person)]) : []
  const same = person?.issuer === issuer && person.subject === subject
  return { person: same ? person : undefined, standing, organisation: record }
}

/** A failure of our own key or store is no fault of the person's: they may try again. */
async function identify(work: () => Promise<IdToken | OAuthError>): Promise<IdToken | OAuthError> {
  try {
    return await work()
  } catch (error) {
    if (!(error instanceof SignerUnavailable)) throw error
    return noKey
  }
}

async function assert(
  { store, signers, random, clock }: SignInWorld,
  { clientId }: Provider,
  audience: string,
): Promise<string> {
  const [ring, standing] = await store.get([keys.keyRing, keys.standing])
  const key = ring && standing && signingKey(ring, clock.now(), standing.compromised)
  if (!key) throw new SignerUnavailable('no key is there to sign with')
  const jti = encodeBase64url(random.bytes(16))
  return signProviderAssertion({ clientId, audience, jti }, await signers(key), clock.now())
}

const onlyValue = (query: Sent, name: string): string | undefined => {
  const values = query.get(name) ?? []
  return values.length === 1 && values[0] !== '' ? values[0] : undefined
}

const denied = ({ code, facts }: Refusal): OAuthError =>
  new OAuthError('access_denied', facts.detail, { code })

const notEnrolled = new OAuthError(
  'access_denied',
  'Nobody of this organisation is enrolled with this account. Ask its administrator to add you.',
)

const noKey = new OAuthError('temporarily_unavailable', 'A key did not answer.', {
  code: 'signer_unavailable',
  retryAfter: 1,
})
