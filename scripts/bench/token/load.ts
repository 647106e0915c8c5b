/** Who asks for tokens: requests are signed beforehand, since that costs a client as much as the server. */
import { randomUUID } from 'node:crypto'
import { Pool } from 'undici'
import { encoded, signJwt } from '../jwt.ts'
import { type BenchClient, resourceOf } from './setting.ts'

export interface TokenRequest {
  readonly assertion: string
  readonly proof: string
}

export interface TokenAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, unknown>>
  readonly body: Readonly<Record<string, unknown>>
}

/** Of one server. */
export interface Load {
  readonly issuer: string
  /** A nonce that its server takes for at least a minute, asked for with a proof that has none. */
  freshNonce(): Promise<string>
  /** Signed requests, the clients taking turns. They are good for a minute, once. */
  prepare(count: number): Promise<readonly TokenRequest[]>
  /** One request, whatever the answer. */
  ask(request: TokenRequest): Promise<TokenAnswer>
  /** All of them, over a kept connection for each client. Rejects with the first that is not answered with 200. */
  run(requests: readonly TokenRequest[]): Promise<void>
  close(): Promise<void>
}

export function openLoad(issuer: string, scope: string | undefined, clients: readonly BenchClient[]): Load {
  const pool = new Pool(issuer, { connections: clients.length, pipelining: 1 })
  const [first] = clients
  if (first === undefined) throw new Error('there is no client')
  const post = ({ assertion, proof }: TokenRequest) =>
    pool.request({
      method: 'POST',
      path: '/oauth/token',
      headers: { 'content-type': 'application/x-www-form-urlencoded', dpop: proof },
      body: new URLSearchParams({
        grant_type: 'client_credentials',
        client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
        client_assertion: assertion,
        resource: resourceOf(issuer),
        ...(scope !== undefined && { scope }),
      }).toString(),
    })

  const load: Load = {
    issuer,
    async freshNonce() {
      const { headers } = await load.ask(makeRequest(issuer, first, undefined))
      return String(headers['dpop-nonce'])
    },
    async prepare(count) {
      const nonce = await load.freshNonce()
      return Array.from({ length: count }, (_, at) =>
        makeRequest(issuer, clients[at % clients.length] ?? first, nonce),
      )
    },
    async ask(request) {
      const { statusCode, headers, body } = await post(request)
      return { status: statusCode, headers, body: (await body.json()) as TokenAnswer['body'] }
    },
    async run(requests) {
      const left = requests.values()
      const work = async (): Promise<void> => {
        for (const request of left) {
          const { statusCode, body } = await post(request)
          if (statusCode !== 200) throw new Error(`${issuer} answered ${statusCode}: ${await body.text()}`)
          await body.dump()
        }
      }
      await Promise.all(Array.from({ length: clients.length }, work))
    },
    close: () => pool.close(),
  }
  return load
}

export function makeRequest(issuer: string, client: BenchClient, nonce: string | undefined): TokenRequest {
  const { registered, key, proofKey, proofJwk } = client
  const iat = Math.floor(Date.now() / 1000)
  const { id, kid } = registered
  const claims = { iss: id, sub: id, aud: issuer, iat, exp: iat + 120, jti: randomUUID() }
  const possession = { htm: 'POST', htu: `${issuer}/oauth/token`, iat, jti: randomUUID(), nonce }
  return {
    assertion: signJwt(encoded({ alg: 'ES256', kid }), claims, key),
    proof: signJwt(encoded({ alg: 'ES256', typ: 'dpop+jwt', jwk: proofJwk }), possession, proofKey),
  }
}
