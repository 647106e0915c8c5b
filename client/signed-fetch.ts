import type { Issuer } from './issuer.ts'
import { readJson, textAt } from './json.ts'
import type { Prover } from './prover.ts'

/** Where the tokens of requests come from. */
export interface TokenSource {
  /** What is signed for: the first steps of paths below the issuer, `api` for one. */
  readonly parts: readonly string[]
  /** An access token for a request to such a path. */
  get(url: URL, body: unknown): Promise<string>
  /** Forgets a token that a resource no longer takes. */
  drop(accessToken: string): void
}

interface SignedFetchParts {
  readonly issuer: Issuer
  readonly tokens: TokenSource
  readonly prover: Prover
  readonly fetch: typeof globalThis.fetch
}

/** Refusals that another token answers. */
const renewable = new Set(['token_expired', 'agreement_superseded', 'key_compromised'])

/**
 * `fetch` with a token and a fresh proof for every attempt (RFC 9449 §7.1). It sends again once for a nonce
 * and once for a token that has ended, follows no redirect, and returns whatever else is answered.
 * Rejects with a `TypeError` before anything is sent for a URL that is not the gateway's, with
 * `TokenRefused` where no token is to be had, and as `fetch` does.
 */
export function createSignedFetch(parts: SignedFetchParts): typeof globalThis.fetch {
  const { issuer, tokens, prover, fetch } = parts
  return async (input, init) => {
    const given = input instanceof Request ? input : undefined
    const url = new URL(given?.url ?? String(input))
    if (!covers(issuer, tokens.parts, url))
      throw new TypeError(`${url.origin}${url.pathname} is no resource of ${issuer.href}.`)
    // Browsers and Node write the usual methods in capitals; the proof must name what is sent.
    const method = (init?.method ?? given?.method ?? 'GET').toUpperCase()
    const signal = init?.signal ?? given?.signal ?? undefined
    const body = init?.body ?? (given?.body ? await given.arrayBuffer() : undefined)
    const headers = new Headers(init?.headers ?? given?.headers)
    // What the providers' SDKs put there for want of a key of their own.
    headers.delete('x-api-key')

    async function attempt(): Promise<{ token: string; response: Response }> {
      signal?.throwIfAborted()
      const token = await unlessAborted(tokens.get(url, body), signal)
      headers.set('authorization', `DPoP ${token}`)
      headers.set('dpop', await prover.prove(method, url, token))
      const sent = { ...init, method, headers, redirect: 'manual' } as const
      const response = await fetch(url.href, {
        ...sent,
        ...(body != null && { body }),
        ...(signal && { signal }),
      })
      prover.observe(url, response)
      return { token, response }
    }

    let mayChallenge = canBeSentAgain(body)
    let mayRenew = mayChallenge
    for (;;) {
      const { token, response } = await attempt()
      if (response.status !== 401) return response
      const code = await refusalCode(response)
      const renewed = renewable.has(code ?? '')
      if (renewed || code === 'token_revoked') tokens.drop(token)
      if (mayChallenge && code === 'nonce_required' && response.headers.has('dpop-nonce'))
        mayChallenge = false
      else if (mayRenew && renewed) mayRenew = false
      else return response
      await response.body?.cancel()
    }
  }
}

/** A prefix of the whole URL as it was parsed: scheme, host and port are the issuer's own, and `..` is gone. */
const covers = (issuer: Issuer, parts: readonly string[], url: URL): boolean =>
  parts.some(part => url.href.startsWith(`${issuer.href}/${part}/`))

export const isBytes = (body: unknown): body is ArrayBuffer | Uint8Array =>
  body instanceof ArrayBuffer || body instanceof Uint8Array

const canBeSentAgain = (body: unknown): boolean => body == null || typeof body === 'string' || isBytes(body)

/** Sallyport's code in the protocols' errors and in problem details; a bare challenge names a nonce too. */
async function refusalCode(response: Response): Promise<string | undefined> {
  const body = await readJson(response.clone())
  const code = textAt(body, 'error', 'sallyport', 'code') ?? textAt(body, 'code')
  if (code !== undefined) return code
  const challenge = response.headers.get('www-authenticate') ?? ''
  return challenge.includes('error="use_dpop_nonce"') ? 'nonce_required' : undefined
}

/** The token is shared by all who wait for it: a caller that aborts leaves the others their request. */
function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return promise
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason)
    signal.addEventListener('abort', abort, { once: true })
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort))
  })
}
