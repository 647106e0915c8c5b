import type { App } from '../domain/parties.ts'
import { acceptsRedirect, isApp } from './apps.ts'
import { decodeBase64url } from './base64url.ts'
import { apiResource, personScope } from './metadata.ts'
import { OAuthError } from './oauth-error.ts'

/** Every value of each parameter, as often as it was sent. */
export type Sent = ReadonlyMap<string, readonly string[]>

/** What an app asks for when it sends a person to sign in. */
export interface AuthorizeRequest {
  readonly app: App
  readonly redirectUri: string
  readonly state: string
  /** RFC 7636, S256. */
  readonly codeChallenge: string
  /** RFC 9449 §10. */
  readonly dpopJkt: string
  readonly organisation?: string
  /** What was given as one and can be no id: a person may have typed it, and is asked again. */
  readonly misspelt?: string
  /** Seconds. */
  readonly maxAge?: number
}

/** Where an error goes: to the app, if it is sure who that is; otherwise the person sees it (RFC 6749 §4.1.2.1). */
export interface AuthorizeFault {
  readonly error: OAuthError
  readonly app?: { readonly redirectUri: string; readonly state?: string }
}

export const isFault = (value: AuthorizeRequest | AuthorizeFault): value is AuthorizeFault => 'error' in value

const printable = /^[\x20-\x7e]{1,512}$/
const organisationId = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/
const seconds = /^[0-9]{1,9}$/

/**
 * An authorization request (RFC 6749 §4.1.1 with RFC 7636, RFC 8707, RFC 9449 §10 and OpenID Connect's `max_age`
 * and `prompt`). An empty value counts as absent, an unknown parameter is ignored, one that comes twice is refused.
 */
export function readAuthorizeRequest(issuer: string, sent: Sent): AuthorizeRequest | AuthorizeFault {
  const one = (name: string): string | undefined => {
    const values = sent.get(name) ?? []
    return values.length === 1 && values[0] !== '' ? values[0] : undefined
  }

  // Until both are known to be good, nobody is sent anywhere: this would be an open redirector.
  const app = one('client_id')
  if (!isApp(app)) return { error: invalid('The client_id is none of an application of this service.') }
  const redirectUri = one('redirect_uri')
  if (redirectUri === undefined || !acceptsRedirect(issuer, app, redirectUri))
    return { error: invalid(`The redirect_uri is none of ${app}.`) }

  const state = one('state')
  const back = { redirectUri, ...(state !== undefined && printable.test(state) && { state }) }
  const fault = (error: OAuthError): AuthorizeFault => ({ error, app: back })

  if ([...sent.values()].some(values => values.length > 1))
    return fault(invalid('A parameter is sent twice.'))
  if (state === undefined || !printable.test(state))
    return fault(invalid('The state has 1 to 512 printable characters.'))
  if (one('response_type') !== 'code')
    return fault(
      one('response_type') === undefined
        ? invalid('The response_type is missing.')
        : new OAuthError('unsupported_response_type', 'The response_type is code.'),
    )
  if ((one('response_mode') ?? 'query') !== 'query') return fault(invalid('The response_mode is query.'))
  const codeChallenge = one('code_challenge')
  if (one('code_challenge_method') !== 'S256' || !isDigest(codeChallenge))
    return fault(invalid('The code_challenge is one by the method S256 (RFC 7636).'))
  const dpopJkt = one('dpop_jkt')
  if (!isDigest(dpopJkt))
    return fault(invalid('The dpop_jkt is the thumbprint of the key that will be used (RFC 9449 §10).'))
  if ((one('resource') ?? apiResource(issuer)) !== apiResource(issuer))
    return fault(new OAuthError('invalid_target', `The resource is ${apiResource(issuer)}.`))
  if ((one('scope') ?? personScope) !== personScope)
    return fault(new OAuthError('invalid_scope', `The scope is ${personScope}.`))

  const organisation = one('organisation')?.trim() || undefined
  const maxAge = one('max_age')
  if (maxAge !== undefined && !seconds.test(maxAge))
    return fault(invalid('The max_age is a number of seconds.'))
  const prompt = one('prompt')
  if (prompt !== undefined && prompt !== 'login') return fault(invalid('The prompt is login.'))
  const age = prompt === 'login' ? 0 : maxAge && Number(maxAge)

  return {
    app,
    redirectUri,
    state,
    codeChallenge,
    dpopJkt,
    ...(organisation !== undefined &&
      (organisationId.test(organisation)
        ? { organisation }
        : { misspelt: organisation.slice(0, 128).replace(/\p{C}/gu, '') })),
    ...(typeof age === 'number' && { maxAge: age }),
  }
}

/** The same request as parameters again, in one spelling; `organisation` is left to the caller. */
export function authorizeParameters(request: AuthorizeRequest): Readonly<Record<string, string>> {
  return {
    response_type: 'code',
    client_id: request.app,
    redirect_uri: request.redirectUri,
    state: request.state,
    code_challenge: request.codeChallenge,
    code_challenge_method: 'S256',
    dpop_jkt: request.dpopJkt,
    ...(request.maxAge !== undefined && { max_age: String(request.maxAge) }),
  }
}

/** The redirect URI of an app with an answer (RFC 6749 §4.1.2), which names its issuer (RFC 9207). */
export function authorizeResponse(
  issuer: string,
  redirectUri: string,
  parameters: Readonly<Record<string, string | undefined>>,
): string {
  const query = new URLSearchParams()
  for (const [name, value] of Object.entries({ ...parameters, iss: issuer }))
    if (value !== undefined) query.set(name, value)
  return `${redirectUri}?${query}`
}

/** SHA-256 in base64url. */
const isDigest = (text: string | undefined): text is string =>
  text !== undefined && decodeBase64url(text)?.length === 32

const invalid = (description: string): OAuthError => new OAuthError('invalid_request', description)
