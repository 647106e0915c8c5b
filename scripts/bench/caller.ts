/**
 * A partner's workload as a benchmark needs it: token and proofs are made before what is measured begins, and by
 * the quickest means, because the process that makes the load shares its machine with the servers.
 */
import { createHash, createPrivateKey, generateKeyPairSync, randomUUID } from 'node:crypto'
import type { GateTold } from './gate-server.ts'
import { encoded, signJwt } from './jwt.ts'

export interface Caller {
  /**
   * The headers of `calls` calls, each with a proof of its own, for the next half minute: a nonce is good for at
   * least one, a proof for one, and the token for longer.
   */
  headers(calls: number): Promise<readonly CallHeaders[]>
}

export type CallHeaders = Readonly<Record<'authorization' | 'dpop' | 'content-type', string>>

export const chatPath = '/openai/v1/chat/completions'
const tokenPath = '/oauth/token'
/** Milliseconds that a token must still live: a slice, and the proofs for it. */
const ahead = 90_000

const seconds = (): number => Math.floor(Date.now() / 1000)

/** Calls nothing yet. */
export function createCaller({ issuer, partner }: GateTold): Caller {
  const clientKey = createPrivateKey({ key: { ...partner.key }, format: 'jwk' })
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const { kty, crv, x, y } = publicKey.export({ format: 'jwk' })
  const proofHeader = encoded({ alg: 'ES256', typ: 'dpop+jwt', jwk: { kty, crv, x, y } })
  const proof = (path: string, nonce: string, ath?: string): string =>
    signJwt(
      proofHeader,
      { htm: 'POST', htu: issuer + path, iat: seconds(), jti: randomUUID(), nonce, ...(ath && { ath }) },
      privateKey,
    )

  const fetchToken = async (nonce: string): Promise<Token> => {
    const now = seconds()
    const assertion = {
      iss: partner.client_id,
      sub: partner.client_id,
      aud: issuer,
      iat: now,
      exp: now + 60,
      jti: randomUUID(),
    }
    const response = await fetch(issuer + tokenPath, {
      method: 'POST',
      headers: { dpop: proof(tokenPath, nonce) },
      body: new URLSearchParams({
        grant_type: 'client_credentials',
        client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
        client_assertion: signJwt(encoded({ alg: 'ES256', kid: partner.kid }), assertion, clientKey),
      }),
    })
    const answer = (await response.json()) as { access_token?: string; expires_in: number }
    if (answer.access_token === undefined) throw new Error(`no token: ${JSON.stringify(answer)}`)
    return {
      text: answer.access_token,
      ath: createHash('sha256').update(answer.access_token).digest('base64url'),
      expiresAt: Date.now() + answer.expires_in * 1000,
    }
  }

  let token: Token | undefined
  return {
    async headers(calls) {
      const nonce = await freshNonce(issuer)
      if (token === undefined || token.expiresAt - Date.now() < ahead) token = await fetchToken(nonce)
      const { text, ath } = token
      return Array.from({ length: calls }, () => ({
        authorization: `DPoP ${text}`,
        dpop: proof(chatPath, nonce, ath),
        'content-type': 'application/json',
      }))
    },
  }
}

interface Token {
  readonly text: string
  readonly ath: string
  readonly expiresAt: number
}

/** Every answer of the gate brings one, a refusal too. */
async function freshNonce(issuer: string): Promise<string> {
  const response = await fetch(issuer + chatPath, { method: 'POST' })
  await response.arrayBuffer()
  const nonce = response.headers.get('dpop-nonce')
  if (nonce === null) throw new Error(`${issuer} gave no nonce: ${response.status}`)
  return nonce
}
