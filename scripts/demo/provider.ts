import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { errors, interactionPolicy, Provider } from 'oidc-provider'
import { type DemoPerson, phishingResistant, subjectOf } from './people.ts'
import { choicePath, sendPage, serveChoice } from './provider-choice.ts'
import { openProviderKeys, type ProviderKeys } from './provider-keys.ts'
import { createMemory } from './provider-memory.ts'
import { pageHeaders, renderProblem } from './provider-page.ts'

export interface DemoProvider {
  readonly issuer: string
  readonly port: number
  /**
   * Knows another Sallyport from now on, or the same one somewhere else: its callback, and the keys that it
   * authenticates with. A client has one callback, so that two issuers have a client id each.
   */
  addDeployment(issuer: string, clientId?: string): void
  /** Breaks off what is under way. */
  close(): Promise<void>
}

export interface DemoProviderOptions {
  /** 0 is any free one. */
  readonly port: number
  /** Absent while it is not known: `addDeployment` tells it. */
  readonly issuerOfSallyport?: string
  readonly people: readonly DemoPerson[]
  /** A file of mode 0600 that keeps the keys for the next start; without it they end with the process. */
  readonly keys?: string
}

/** How a Sallyport is known to the provider unless stated otherwise. */
export const demoClientId = 'sallyport'

/**
 * Stands in for the OpenID providers of all the demo's organisations, on loopback: code flow with PKCE,
 * `private_key_jwt`, ES256, `iss` in the response (RFC 9207). People are chosen from a list; each sign-in is a new
 * authentication with `acr` `phr`, whatever `max_age` and `prompt` ask for. Rejects where the port is taken.
 */
export async function startDemoProvider(options: DemoProviderOptions): Promise<DemoProvider> {
  const clients = new Map<string, object>()
  const keys = await openProviderKeys(options.keys)
  const server = createServer()
  server.listen(options.port, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const host = `127.0.0.1:${port}`
  const issuer = `http://${host}`
  const provider = new Provider(issuer, configure(keys, options.people, clients))
  // It would print what the answer says already.
  provider.silent = true
  const serve = provider.callback()

  server.on('request', (request, response) => {
    // A name that resolves here is somebody else's: pages of theirs could read what is answered.
    if (request.headers.host !== host)
      return sendPage(response, 421, renderProblem('it is for another host.'))
    const served: void | Promise<void> = request.url?.startsWith(choicePath(''))
      ? serveChoice(provider, options.people, request, response)
      : serve(request, response)
    Promise.resolve(served).catch(() => response.destroy())
  })
  const addDeployment: DemoProvider['addDeployment'] = (at, clientId = demoClientId) => {
    clients.set(clientId, describeClient(at, clientId))
  }
  if (options.issuerOfSallyport !== undefined) addDeployment(options.issuerOfSallyport)
  return {
    issuer,
    port,
    addDeployment,
    async close() {
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await closed
    },
  }
}

/**
 * The provider keeps a client's keys for as long as its description stays the same; a deployment whose signing key was
 * found out signs with another one at once.
 */
const asOfNow = (client: object | undefined): object | undefined =>
  client && { ...client, client_name: `Sallyport ${Math.floor(Date.now() / 1000)}` }

const describeClient = (issuer: string, clientId: string) => ({
  client_id: clientId,
  redirect_uris: [`${issuer}/oauth/callback`],
  response_types: ['code'],
  grant_types: ['authorization_code'],
  token_endpoint_auth_method: 'private_key_jwt',
  jwks_uri: `${issuer}/.well-known/jwks.json`,
  id_token_signed_response_alg: 'ES256',
  require_auth_time: true,
})

interface ProviderContext {
  readonly oidc: {
    readonly client: { readonly clientId: string }
    readonly session: { readonly accountId: string }
    readonly issuer: string
  }
  set(headers: Readonly<Record<string, string>>): void
  body: unknown
}

function configure(
  { signing, cookies }: ProviderKeys,
  people: readonly DemoPerson[],
  clients: ReadonlyMap<string, object>,
): object {
  const known = new Set(people.map(({ login }) => subjectOf(login)))
  const keySets = () => [...clients.values()].map(client => (client as { jwks_uri: string }).jwks_uri)
  return {
    adapter: createMemory(id => asOfNow(clients.get(id))),
    jwks: { keys: [signing] },
    cookies: { keys: cookies },
    scopes: ['openid'],
    responseTypes: ['code'],
    acrValues: [phishingResistant],
    claims: { openid: ['sub', 'acr', 'amr', 'auth_time'] },
    conformIdTokenClaims: false,
    clientAuthMethods: ['private_key_jwt'],
    enabledJWA: {
      idTokenSigningAlgValues: ['ES256'],
      clientAuthSigningAlgValues: ['ES256', 'ES384', 'Ed25519'],
    },
    pkce: { required: () => true },
    clockTolerance: 5,
    ttl: {
      AccessToken: 60,
      AuthorizationCode: 60,
      IdToken: 300,
      Interaction: 600,
      Session: 28_800,
      Grant: 28_800,
    },
    features: {
      devInteractions: { enabled: false },
      dPoP: { enabled: false },
      pushedAuthorizationRequests: { enabled: false },
      resourceIndicators: { enabled: false },
      rpInitiatedLogout: { enabled: false },
      userinfo: { enabled: false },
    },
    interactions: {
      url: (_: unknown, { uid }: { uid: string }) => choicePath(uid),
      policy: policy(),
    },
    findAccount: (_: unknown, sub: string) =>
      known.has(sub) ? { accountId: sub, claims: async () => ({ sub }) } : undefined,
    // There is nothing to consent to: the client is the organisation's own.
    async loadExistingGrant({ oidc }: { oidc: GrantContext }) {
      const grant = new oidc.provider.Grant({
        accountId: oidc.session.accountId,
        clientId: oidc.client.clientId,
      })
      grant.addOIDCScope('openid')
      await grant.save()
      return grant
    },
    // RFC 7523 as updated: the issuer alone is an audience that no other server shares.
    assertJwtClientAuthClaimsAndHeader(ctx: ProviderContext, claims: { aud: unknown }) {
      if (claims.aud !== ctx.oidc.issuer) throw new errors.InvalidClientAuth('aud is not the issuer')
    },
    clientBasedCORS: () => false,
    renderError(ctx: ProviderContext, { error, error_description: description }: Record<string, string>) {
      ctx.set(pageHeaders)
      ctx.body = renderProblem(description ?? error ?? 'for a reason without a name')
    },
    // The library keeps away from loopback, where the demo lives; so nothing but the deployments' keys is fetched.
    fetch(url: string | URL, { dispatcher: _, ...init }: RequestInit & { dispatcher?: unknown }) {
      if (!keySets().includes(String(url))) throw new Error('only the keys of deployments are fetched')
      return fetch(url, init)
    },
  }
}

interface GrantContext {
  readonly provider: Provider
  readonly client: { readonly clientId: string }
  readonly session: { readonly accountId: string }
}

/** Asks every time, so that one browser can be several people after another. */
function policy(): object {
  const { base, Check } = interactionPolicy
  const prompts = base()
  prompts
    .get('login')
    .checks.add(
      new Check('choose', 'somebody has to be chosen', ({ oidc }) =>
        oidc.result?.login ? Check.NO_NEED_TO_PROMPT : Check.REQUEST_PROMPT,
      ),
    )
  return prompts
}
