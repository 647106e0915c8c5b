/** Where a person begins to sign in: the notice, and the way to the provider of their organisation. */
import { hash } from 'node:crypto'
import type { APIGatewayProxyEvent } from 'aws-lambda'
import { keys } from '../../shared/domain/keys.ts'
import type { Organisation, Provider } from '../../shared/domain/parties.ts'
import { judgeMembership } from '../../shared/domain/person-authority.ts'
import { Refusal } from '../../shared/domain/refusal.ts'
import { type SignIn, ticketLifetimes } from '../../shared/domain/tickets.ts'
import { callbackUrl } from '../../shared/oauth/apps.ts'
import {
  type AuthorizeRequest,
  authorizeParameters,
  authorizeResponse,
  isFault,
  readAuthorizeRequest,
  type Sent,
} from '../../shared/oauth/authorize-request.ts'
import { encodeBase64url } from '../../shared/oauth/base64url.ts'
import { OAuthError } from '../../shared/oauth/oauth-error.ts'
import { codeChallengeOf } from '../../shared/oauth/pkce.ts'
import { useNoticeDigest } from '../../shared/oauth/use-notice.ts'
import { itemAbsent } from '../../shared/ports/store.ts'
import { headerValues, type Reply } from '../http.ts'
import { browserCookie, readBrowserCookie } from './browser-cookie.ts'
import type { ProviderDescription, Providers } from './provider.ts'
import { readForm } from './read-form.ts'
import { faultPage, formTarget, noticePage, organisationPage, redirect } from './sign-in-page.ts'
import type { TokenDeps } from './token-deps.ts'

export type SignInWorld = Pick<TokenDeps, 'store' | 'issuer' | 'clock' | 'random' | 'signers'> & {
  readonly providers: Providers
}

/** An organisation whose people can sign in, and where. */
interface Destination {
  readonly organisation: Organisation
  readonly provider: Provider
  readonly description: ProviderDescription
}

/** `GET /oauth/authorize`: shows what is to be read first. */
export async function showSignIn(world: SignInWorld, event: APIGatewayProxyEvent): Promise<Reply> {
  const request = accepted(world, readQuery(event))
  if ('status' in request) return request
  const destination = await findDestination(world, request)
  if ('status' in destination) return destination
  const { organisation, description } = destination
  // A browser may hold every redirect after the form against this list, so that the way back stands on it, too.
  const targets = [...new Set([description.authorizationEndpoint, request.redirectUri].map(formTarget))]
  return noticePage(organisation, request.app, authorizeParameters(request), targets)
}

/** `POST /oauth/authorize`: the notice was read; from here on it is the provider's part. `now` in milliseconds. */
export async function beginSignIn(
  world: SignInWorld,
  event: APIGatewayProxyEvent,
  now: number,
): Promise<Reply> {
  if (!isOwnForm(event, world.issuer))
    return faultPage(403, 'The form came from another site, so nothing was begun.')
  const form = readForm(event)
  if (form instanceof OAuthError) return faultPage(400, form.description)
  const request = accepted(world, new Map([...form].map(([name, value]) => [name, [value]])))
  if ('status' in request) return request
  if (form.get('notice') !== useNoticeDigest)
    return faultPage(409, 'The use notice has changed. Start again, and read the new one.')
  const destination = await findDestination(world, request)
  if ('status' in destination) return destination

  const { store, issuer, random } = world
  const secret = (): string => encodeBase64url(random.bytes(32))
  const [state, nonce, codeVerifier] = [secret(), secret(), secret()]
  // One for all tabs of a browser: a second one must not end the sign-in of the first.
  const browser = readBrowserCookie(issuer, event) ?? secret()
  const { organisation, description } = destination
  const callback = callbackUrl(issuer, description.namesIssuer ? undefined : organisation.id)
  const signIn: SignIn = {
    exp: Math.floor(now / 1000) + ticketLifetimes.signIn,
    app: request.app,
    organisation: organisation.id,
    redirectUri: request.redirectUri,
    state: request.state,
    codeChallenge: request.codeChallenge,
    dpopJkt: request.dpopJkt,
    ...(request.maxAge !== undefined && { maxAge: request.maxAge }),
    browser: digest(browser),
    callback,
    nonce,
    codeVerifier,
    notice: useNoticeDigest,
  }
  const put = await store.write({
    kind: 'put',
    key: keys.signIn(digest(state)),
    item: signIn,
    if: itemAbsent,
    ours: { eq: [['nonce'], nonce] },
  })
  if (!put.ok) throw new Error('a random state exists')
  const location = providerUrl(destination, request, { callback, state, nonce, codeVerifier })
  return redirect(location, { 'set-cookie': browserCookie(issuer, browser) })
}

/** OpenID Connect Core §3.1.2.1, with PKCE. */
function providerUrl(
  { provider, description }: Destination,
  { maxAge }: AuthorizeRequest,
  own: Pick<SignIn, 'callback' | 'nonce' | 'codeVerifier'> & { readonly state: string },
): string {
  const url = new URL(description.authorizationEndpoint)
  const parameters = {
    response_type: 'code',
    client_id: provider.clientId,
    redirect_uri: own.callback,
    scope: 'openid',
    state: own.state,
    nonce: own.nonce,
    code_challenge: codeChallengeOf(own.codeVerifier),
    code_challenge_method: 'S256',
    ...(maxAge !== undefined && { max_age: String(maxAge) }),
    ...(maxAge === 0 && { prompt: 'login' }),
    ...(description.acrValues.length > 0 && { acr_values: description.acrValues.join(' ') }),
  }
  for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value)
  return url.href
}

/** The request, or the answer to a wrong one. */
function accepted({ issuer }: Pick<SignInWorld, 'issuer'>, sent: Sent): AuthorizeRequest | Reply {
  const request = readAuthorizeRequest(issuer, sent)
  if (!isFault(request)) return request
  const { error, app } = request
  return app ? backWithError(issuer, app, error) : faultPage(400, error.description)
}

/** RFC 6749 §4.1.2.1. */
export function backWithError(
  issuer: string,
  { redirectUri, state }: { readonly redirectUri: string; readonly state?: string },
  { error, description }: OAuthError,
): Reply {
  return redirect(authorizeResponse(issuer, redirectUri, { error, error_description: description, state }))
}

/** The same answer for every organisation with which nobody can sign in: which there are is not told. */
async function findDestination(
  { store, providers, issuer }: SignInWorld,
  request: AuthorizeRequest,
): Promise<Destination | Reply> {
  const hidden = authorizeParameters(request)
  const back = [formTarget(request.redirectUri)]
  if (request.organisation === undefined) return organisationPage(hidden, back, request.misspelt)
  const [record] = await store.get([keys.organisation(request.organisation)])
  const organisation = judgeMembership(record)
  if (organisation instanceof Refusal || organisation.provider === undefined)
    return organisationPage(hidden, back, request.organisation)
  const { provider } = organisation
  const description = await providers.describe(provider)
  return description instanceof OAuthError
    ? backWithError(issuer, request, description)
    : { organisation, provider, description }
}

/**
 * Whether the form was sent by our own page. Browsers say so; a page that sends no referrer has the origin `null`,
 * which others can have as well. What is no browser says nothing, and has nobody else's cookies.
 */
function isOwnForm(event: APIGatewayProxyEvent, issuer: string): boolean {
  const sites = headerValues(event, 'sec-fetch-site')
  if (sites.length > 0) return sites.every(site => site === 'same-origin')
  return headerValues(event, 'origin').every(origin => origin === new URL(issuer).origin)
}

export function readQuery(event: APIGatewayProxyEvent): Sent {
  const { multiValueQueryStringParameters: many, queryStringParameters: single } = event
  const entries = many
    ? Object.entries(many)
    : Object.entries(single ?? {}).map(([name, value]): [string, string[]] => [name, value ? [value] : []])
  return new Map(entries.map(([name, values]) => [name, values ?? []]))
}

export const digest = (text: string): string => hash('sha256', text, 'base64url')
