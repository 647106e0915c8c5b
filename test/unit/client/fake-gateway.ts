/**
 * A small authorization server and its resources over HTTP, for tests of the client: it verifies every
 * assertion, proof and token with `jose`, demands nonces, and takes a proof or an assertion once.
 */
import { createHash, randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import {
  calculateJwkThumbprint,
  EmbeddedJWK,
  exportJWK,
  generateKeyPair,
  importJWK,
  type JWK,
  type JWTPayload,
  jwtVerify,
  SignJWT,
} from 'jose'
import { FakePeople } from './fake-people.ts'

export interface Call {
  readonly method: string
  readonly path: string
  readonly headers: IncomingMessage['headers']
  readonly body: string
  readonly proof: JWTPayload
  readonly token: JWTPayload
  readonly accessToken: string
}

export interface Answer {
  readonly status?: number
  readonly headers?: Record<string, string>
  readonly body?: unknown
}

/** Answers for a noun of the API: its records by their paths below `/api/v1`, and `decided` to whatever changes one. */
export const recordsOf =
  (decided: object, records: Readonly<Record<string, unknown>>) =>
  ({ method, path }: Call): Answer => {
    if (method !== 'GET') return { body: decided }
    const found = records[path.replace('/api/v1', '').replace(/\?.*/, '')]
    return found === undefined ? { status: 404, body: {} } : { headers: { etag: '"7"' }, body: found }
  }

export class FakeGateway {
  issuer = ''
  readonly clientId = 'client_1'
  clientKey = { kty: '', crv: '', x: '', y: '', d: '', kid: '' }
  /** Seconds that a token lives. */
  expiresIn = 300
  /** In place of what the authorization server says of itself. */
  metadata: Record<string, unknown> = {}
  metadataHeaders: Record<string, string> = {}
  /** What proofs must carry; a new value is a challenge for everybody. */
  nonce = 'nonce-1'
  /** Answers of the token endpoint in place of a token, the first one first. */
  readonly tokenAnswers: Answer[] = []
  /** Answers of the resources, the first one first; then `reply`. */
  readonly answers: Answer[] = []
  reply: (call: Call, response: ServerResponse) => Answer | undefined = () => ({ body: { ok: true } })
  readonly people = new FakePeople(
    () => this.issuer,
    claims => this.sign(claims),
  )
  /** The forms of the token requests that got a token, and of the revocations. */
  readonly issued: URLSearchParams[] = []
  readonly revoked: URLSearchParams[] = []
  /** The requests to resources whose token and proof were right, nonce apart. */
  readonly calls: Call[] = []
  /** Every request, whatever became of it. */
  readonly requests: string[] = []
  readonly #spent = new Set<unknown>()
  readonly #keys = generateKeyPair('ES256', { extractable: true })
  readonly #server = createServer((request, response) => {
    this.#serve(request, response).catch((error: unknown) =>
      send(response, { status: 400, body: { error: 'fake', error_description: `${error}` } }),
    )
  })

  async start(): Promise<this> {
    const client = await generateKeyPair('ES256', { extractable: true })
    const jwk = await exportJWK(client.privateKey)
    const { kty, crv, x, y, d } = jwk as Required<JWK>
    this.clientKey = { kty, crv, x, y, d, kid: await calculateJwkThumbprint(jwk) }
    this.#server.listen(0, '127.0.0.1')
    await once(this.#server, 'listening')
    this.issuer = `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
    return this
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections()
    this.#server.close()
    await once(this.#server, 'close')
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = request.url ?? ''
    this.requests.push(`${request.method} ${path}`)
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk)
    const body = Buffer.concat(chunks).toString()
    if (path.startsWith('/oauth/authorize?'))
      return send(response, this.people.authorize(new URL(path, this.issuer).searchParams))
    switch (path) {
      case '/.well-known/oauth-authorization-server':
        return send(response, {
          headers: this.metadataHeaders,
          body: {
            issuer: this.issuer,
            token_endpoint: `${this.issuer}/oauth/token`,
            revocation_endpoint: `${this.issuer}/oauth/revoke`,
            jwks_uri: `${this.issuer}/.well-known/jwks.json`,
            ...this.metadata,
          },
        })
      case '/.well-known/jwks.json': {
        const jwk = await exportJWK((await this.#keys).publicKey)
        return send(response, { body: { keys: [{ ...jwk, kid: 'as-1', alg: 'ES256', use: 'sig' }] } })
      }
      case '/oauth/token':
        return send(response, await this.#token(request, new URLSearchParams(body)))
      case '/oauth/revoke': {
        const form = new URLSearchParams(body)
        this.revoked.push(this.people.revoke(form) ? form : await this.#authenticated(form))
        return send(response, { body: {} })
      }
      default:
        return this.#resource(request, response, body)
    }
  }

  async #authenticated(form: URLSearchParams): Promise<URLSearchParams> {
    const { d: _, ...registered } = this.clientKey
    const key = await importJWK(registered, 'ES256')
    const { payload, protectedHeader } = await jwtVerify(form.get('client_assertion') ?? '', key, {
      issuer: this.clientId,
      subject: this.clientId,
      audience: this.issuer,
      requiredClaims: ['exp', 'iat', 'jti'],
    })
    if (protectedHeader.kid !== this.clientKey.kid) throw new Error('kid')
    this.#once(payload.jti)
    return form
  }

  async #token(request: IncomingMessage, form: URLSearchParams): Promise<Answer> {
    const { proof, jkt } = await this.#proof(request)
    if (proof.ath !== undefined) throw new Error('ath')
    if (jkt === this.clientKey.kid) throw new Error('the proof is made with the client key')
    const headers = { 'dpop-nonce': this.nonce, 'cache-control': 'no-store' }
    if (proof.nonce !== this.nonce)
      return { status: 400, headers, body: { error: 'use_dpop_nonce', error_description: 'nonce' } }
    const person = this.tokenAnswers.length === 0 ? await this.people.token(form, jkt) : undefined
    if (person) return { ...person, headers }
    if (form.get('grant_type') === 'client_credentials') await this.#authenticated(form)
    const scripted = this.tokenAnswers.shift()
    if (scripted) return scripted
    this.issued.push(form)
    const scope = form.get('scope') ?? 'infer'
    const token = await this.sign({
      cnf: { jkt },
      scope,
      aud: form.get('resource') ?? `${this.issuer}/models/only`,
    })
    return { headers, body: { access_token: token, token_type: 'DPoP', expires_in: this.expiresIn, scope } }
  }

  /** An access token of an hour, with whatever `claims` say else. */
  async sign(claims: JWTPayload): Promise<string> {
    const now = Math.floor(Date.now() / 1000)
    return new SignJWT({
      iss: this.issuer,
      sub: this.clientId,
      client_id: this.clientId,
      iat: now,
      exp: now + 3600,
      jti: randomUUID(),
      ...claims,
    })
      .setProtectedHeader({ alg: 'ES256', typ: 'at+jwt', kid: 'as-1' })
      .sign((await this.#keys).privateKey)
  }

  async #resource(request: IncomingMessage, response: ServerResponse, body: string): Promise<void> {
    const { proof, jkt } = await this.#proof(request)
    const accessToken = /^DPoP (.+)$/.exec(request.headers.authorization ?? '')?.[1] ?? ''
    const { payload } = await jwtVerify(accessToken, (await this.#keys).publicKey, { issuer: this.issuer })
    if ((payload.cnf as { jkt: string }).jkt !== jkt) throw new Error('cnf')
    if (proof.ath !== createHash('sha256').update(accessToken).digest('base64url')) throw new Error('ath')
    const call: Call = {
      method: request.method ?? '',
      path: request.url ?? '',
      headers: request.headers,
      body,
      proof,
      token: payload,
      accessToken,
    }
    this.calls.push(call)
    const ended = proof.nonce === this.nonce && this.people.hasEnded(jkt)
    if (ended)
      return send(response, { status: 401, body: { title: 'the session has ended', code: 'session_ended' } })
    const answer =
      proof.nonce === this.nonce
        ? (this.answers.shift() ?? this.reply(call, response))
        : refusal(401, 'nonce_required')
    if (answer) send(response, { ...answer, headers: { 'dpop-nonce': this.nonce, ...answer.headers } })
  }

  async #proof(request: IncomingMessage): Promise<{ proof: JWTPayload; jkt: string }> {
    const { payload, protectedHeader } = await jwtVerify(String(request.headers.dpop), EmbeddedJWK, {
      typ: 'dpop+jwt',
      maxTokenAge: '60s',
    })
    if (payload.htm !== request.method) throw new Error('htm')
    if (payload.htu !== this.issuer + (request.url ?? '').replace(/\?.*/, '')) throw new Error('htu')
    this.#once(payload.jti)
    return { proof: payload, jkt: await calculateJwkThumbprint(protectedHeader.jwk as JWK) }
  }

  #once(id: unknown): void {
    if (this.#spent.has(id)) throw new Error('replayed')
    this.#spent.add(id)
  }
}

/** As the gate says it, to either protocol. */
export const refusal = (status: number, code: string): Answer => ({
  status,
  headers: { 'x-request-id': 'request_1' },
  body: {
    error: { message: `No: ${code}`, type: 't', code, sallyport: { code, next: 'Do something else.' } },
  },
})

function send(response: ServerResponse, { status = 200, headers = {}, body }: Answer): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers })
  response.end(JSON.stringify(body))
}
