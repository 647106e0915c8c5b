import * as oauth from 'oauth4webapi'
import type { Issuer } from './issuer.ts'
import { textAt } from './json.ts'
import { readTokenRefusal } from './token-refused.ts'

/** How the requests to one authorization server are sent. */
export interface Http {
  readonly [oauth.customFetch]: (url: string, init: object) => Promise<Response>
  readonly [oauth.allowInsecureRequests]: boolean
  readonly signal: () => AbortSignal
}

/** Milliseconds. Callers share one request, so none of their signals may end it. */
const patience = 30_000

export const createHttp = (issuer: Issuer, fetch: typeof globalThis.fetch): Http => ({
  [oauth.customFetch]: (url, init) => fetch(url, init),
  [oauth.allowInsecureRequests]: issuer.insecure,
  signal: () => AbortSignal.timeout(patience),
})

/** At the URL of the issuer there is no gateway, or one that is another issuer or leads to another server. */
export class DiscoveryFailed extends Error {
  override readonly name = 'DiscoveryFailed'
  readonly code: 'gateway_missing' | 'issuer_mismatch' | 'endpoint_foreign'
  /** What can be done now. */
  readonly next: string

  constructor(code: DiscoveryFailed['code'], message: string, next: string) {
    super(message)
    this.code = code
    this.next = next
  }
}

/**
 * The metadata of the authorization server (RFC 8414 §3). An issuer with a path has it below that path (as §5 tells of
 * others): a stage of API Gateway without a domain of its own has no say in what stands above it. Throws
 * `DiscoveryFailed`, `TokenRefused` for a server that is busy or broken, and what `fetch` throws when nobody answers.
 */
export async function discover(issuer: Issuer, http: Http): Promise<oauth.AuthorizationServer> {
  const url = new URL(issuer.href)
  const response = await http[oauth.customFetch](`${issuer.href}/.well-known/oauth-authorization-server`, {
    headers: { accept: 'application/json' },
    redirect: 'manual',
    signal: http.signal(),
  })
  if (response.status === 429 || response.status >= 500) throw await readTokenRefusal(response)
  try {
    const server = await oauth.processDiscoveryResponse(url, response)
    judgeEndpoints(issuer, server)
    return server
  } catch (error) {
    if (error instanceof DiscoveryFailed) throw error
    if (!(error instanceof Error)) throw error
    const other = textAt(error.cause, 'body', 'issuer')
    throw other
      ? new DiscoveryFailed(
          'issuer_mismatch',
          `The gateway at ${issuer.href} calls itself ${other}.`,
          `Use that: ${other} as --endpoint, or as the issuer of the client.`,
        )
      : new DiscoveryFailed(
          'gateway_missing',
          `There is no Sallyport at ${issuer.href}.`,
          'Check the address: --endpoint, or the issuer of the client.',
        )
  }
}

/**
 * Secrets go to these, and a browser is opened with one: all stand at the issuer's own origin. Elsewhere could be
 * anything that a metadata document can name, a program of this machine's among it.
 */
function judgeEndpoints(issuer: Issuer, server: oauth.AuthorizationServer): void {
  const { origin } = new URL(issuer.href)
  for (const name of ['authorization_endpoint', 'token_endpoint', 'revocation_endpoint'] as const) {
    const endpoint = server[name]
    if (endpoint === undefined || (URL.canParse(endpoint) && new URL(endpoint).origin === origin)) continue
    throw new DiscoveryFailed(
      'endpoint_foreign',
      `The ${name} of ${issuer.href} stands at another origin.`,
      'Tell its operator: nothing was sent there.',
    )
  }
}
