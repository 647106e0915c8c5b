import { generateKeyPair, generateProof } from 'dpop'
import type { CryptoKeyPair } from 'oauth4webapi'

/** Makes DPoP proofs (RFC 9449 §4.2), each with an id of its own and the newest nonce of its origin. */
export interface Prover {
  /** `accessToken` for a protected resource, none for the token endpoint. */
  prove(method: string, url: URL, accessToken?: string): Promise<string>
  /** Keeps the nonce that an answer brings (RFC 9449 §8.2: the newest one replaces those before). */
  observe(url: URL, response: Response): void
}

/** Without `key` a fresh one that cannot be exported: what it is bound to ends with the process. */
export function createProver(key?: CryptoKeyPair): Prover {
  let pair: Promise<CryptoKeyPair> | undefined = key && Promise.resolve(key)
  const nonces = new Map<string, string>()
  return {
    async prove(method, url, accessToken) {
      pair ??= generateKeyPair('ES256')
      return generateProof(await pair, url.origin + url.pathname, method, nonces.get(url.origin), accessToken)
    },
    observe(url, response) {
      const nonce = response.headers.get('dpop-nonce')
      if (nonce !== null) nonces.set(url.origin, nonce)
    },
  }
}
