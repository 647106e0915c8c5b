/** A partner's workloads: they fetch tokens, call both protocols, leave early, and what they sent is sent again. */
import { createHash } from 'node:crypto'
import type { APIGatewayProxyEvent } from 'aws-lambda'
import type { Reply } from '../../functions/http.ts'
import { keys } from '../../shared/domain/keys.ts'
import type { Entry } from '../../shared/entries/entry.ts'
import { modelResource, tokenUrl } from '../../shared/oauth/metadata.ts'
import type { Dice } from './dice.ts'
import type { Sent } from './invariants.ts'
import { clientKeys, clientOf, issuer, modelId, type Partner, proofKeys } from './records.ts'
import { misbehaviours } from './upstream.ts'
import type { Instance, World } from './world.ts'

interface Token {
  readonly text: string
  readonly id: string
  readonly expiresAt: number
}

const assertionType = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'
const never = new AbortController().signal

export class Workload {
  readonly #world: World
  readonly #partner: Partner
  readonly #dice: Dice
  #nonce = ''
  #token: Token | undefined
  #asking: Promise<Token | undefined> | undefined
  #sent = 0

  constructor(world: World, partner: Partner) {
    this.#world = world
    this.#partner = partner
    this.#dice = world.diceFor(`tokens of ${partner}`)
  }

  /** One call, from its token to its end. The answer is that of the first time it was sent with a good nonce. */
  async call(name: string, patient = false): Promise<Sent | undefined> {
    const world = this.#world
    const dice = world.diceFor(name)
    const faulty = dice.chance(world.faults.upstream)
    world.plans.set(name, {
      tokens: dice.between(1, 40),
      first: dice.pick([1, 20, 200, 3_000]),
      pace: dice.pick([1, 10, 100, 1_500]),
      fault: faulty ? dice.pick(misbehaviours) : undefined,
    })
    for (let tries = 0; tries < 4; tries++) {
      const token = await this.token()
      const gate = token && this.#choose('gate', dice)
      if (token === undefined || gate === undefined) return undefined
      const drawn = this.#request(name, token, dice)
      const request = patient ? { ...drawn, leavesAfter: undefined, slow: 0 } : drawn
      const copies = !patient && dice.chance(0.2) ? this.#copies(request, dice) : []
      const sent = await this.#send(request, gate, true)
      await Promise.all(copies)
      if (sent.answer?.code !== 'nonce_required') return sent
    }
    return undefined
  }

  /** A token that lasts for a while yet; one request for all who wait. */
  async token(): Promise<Token | undefined> {
    if (this.#token && this.#token.expiresAt > this.#world.scheduler.now + 30_000) return this.#token
    this.#asking ??= this.#askToken().finally(() => {
      this.#asking = undefined
    })
    this.#token = await this.#asking
    return this.#token
  }

  async #askToken(): Promise<Token | undefined> {
    const world = this.#world
    for (let tries = 0; tries < 6; tries++) {
      const number = ++this.#sent
      const now = Math.floor(world.scheduler.now / 1000)
      const client = clientOf(this.#partner)
      const assertion = clientKeys[this.#partner].jws(
        { kid: clientKeys[this.#partner].kid },
        {
          iss: client,
          sub: client,
          aud: issuer,
          iat: now,
          exp: now + 60,
          jti: `assertion-of-${this.#partner}-${number}`,
        },
      )
      const form = new URLSearchParams({
        grant_type: 'client_credentials',
        client_assertion_type: assertionType,
        client_assertion: assertion,
        resource: modelResource(issuer, modelId),
      })
      const proof = this.#proof(tokenUrl(issuer), `t${number}`, now)
      const headers = { dpop: proof, 'content-type': 'application/x-www-form-urlencoded' }
      const name = `token-${this.#partner}-${number}`
      const send = async (copy: string): Promise<Reply | undefined> => {
        await world.scheduler.sleep(this.#dice.between(0, 5))
        const service = this.#choose('token', this.#dice)
        const event = makeEvent('/oauth/token', headers, form.toString(), name + copy)
        return service && world.exchange(service, event, never)
      }
      const replies = await Promise.all(this.#dice.chance(0.3) ? [send(''), send('-copy')] : [send('')])
      for (const reply of replies) this.#remember(reply)
      for (const reply of replies)
        if (reply)
          world.history.note(
            world.scheduler.now,
            this.#partner,
            `${name} is answered ${reply.status} ${codeOf(reply) ?? ''}`,
          )
      const issued = replies.filter(reply => reply?.status === 200)
      if (issued.length > 1) world.invariants.violations.push(`invariant 4: ${name} brought two tokens`)
      const [good] = issued
      if (good) return this.#read(String(good.body))
      if (replies.some(reply => reply?.status === 400 && codeOf(reply) !== 'nonce_required')) return undefined
      await world.scheduler.sleep(this.#dice.between(10, 500))
    }
    return undefined
  }

  #read(body: string): Token {
    const { access_token: text, expires_in } = JSON.parse(body) as {
      access_token: string
      expires_in: number
    }
    const { jti } = JSON.parse(Buffer.from(text.split('.')[1] ?? '', 'base64url').toString()) as {
      jti: string
    }
    return { text, id: jti, expiresAt: this.#world.scheduler.now + expires_in * 1000 }
  }

  #proof(url: string, jti: string, iat: number, token?: string): string {
    const { jwk, jws } = proofKeys[this.#partner]
    const ath = token && createHash('sha256').update(token).digest('base64url')
    return jws(
      { typ: 'dpop+jwt', jwk },
      { htm: 'POST', htu: url, iat, jti, nonce: this.#nonce, ...(ath && { ath }) },
    )
  }

  #request(call: string, token: Token, dice: Dice): Request {
    const number = ++this.#sent
    const openai = dice.chance(0.5)
    const path = openai ? '/openai/v1/chat/completions' : '/anthropic/v1/messages'
    const jti = `${call} ${number}`
    const iat = Math.floor(this.#world.scheduler.now / 1000)
    const body = JSON.stringify({
      model: modelId,
      [openai ? 'max_completion_tokens' : 'max_tokens']: dice.between(40, 300),
      messages: [{ role: 'user', content: jti }],
      ...(dice.chance(0.6) && { stream: true }),
    })
    const proof = this.#proof(issuer + path, jti, iat, token.text)
    return {
      call,
      path,
      body,
      token,
      proof,
      jti,
      // When the caller leaves, if it does, and how slowly it takes what comes.
      leavesAfter: dice.chance(0.2) ? dice.pick([5, 50, 2_000, 20_000]) : undefined,
      slow: dice.chance(0.1) ? dice.between(100, 4_000) : 0,
    }
  }

  /** The same request from elsewhere at nearly the same time, as it was or with a broken signature. */
  #copies(request: Request, dice: Dice): readonly Promise<unknown>[] {
    return Array.from({ length: dice.between(1, 2) }, async () => {
      const sound = dice.chance(0.5)
      const wait = dice.between(0, 20)
      await this.#world.scheduler.sleep(wait)
      const gate = this.#choose('gate', dice)
      return gate && this.#send(sound ? request : { ...request, proof: broken(request.proof) }, gate, sound)
    })
  }

  async #send(request: Request, gate: Instance, sound: boolean): Promise<Sent> {
    const world = this.#world
    const { scheduler, invariants, history } = world
    const { call, path, body, token, proof } = request
    const copy = [...invariants.sent.values()].filter(one => one.proof === request.jti).length
    const sent: Sent = {
      id: copy ? `${request.jti} (copy ${copy})` : request.jti,
      call,
      partner: this.#partner,
      token: token.id,
      proof: request.jti,
      sound,
      arrivedAt: 0,
      at: undefined,
      answer: undefined,
    }
    invariants.sent.set(sent.id, sent)
    await scheduler.sleep(world.diceFor(sent.id).between(0, 10))
    sent.arrivedAt = scheduler.now
    sent.at = gate
    history.note(scheduler.now, this.#partner, `sends ${sent.id} to ${gate.name}${sound ? '' : ', forged'}`)
    const headers = { authorization: `DPoP ${token.text}`, dpop: proof, 'content-type': 'application/json' }
    const leaves = new AbortController()
    const leave = request.leavesAfter
    if (leave !== undefined) void scheduler.sleep(leave).then(() => leaves.abort())
    const reply = await world.exchange(gate, makeEvent(path, headers, body, sent.id), leaves.signal)
    if (reply === undefined) return sent
    this.#remember(reply)
    sent.answer = { status: reply.status, code: codeOf(reply) }
    invariants.answered(sent)
    this.#checkEntry(reply, sent)
    history.note(
      scheduler.now,
      this.#partner,
      `${sent.id} is answered ${reply.status} ${codeOf(reply) ?? ''}`,
    )
    if (typeof reply.body !== 'string') await this.#take(reply.body, gate, leaves.signal, request.slow)
    return sent
  }

  /** As the server takes it: one chunk after the other, until the end or until the caller has gone. */
  async #take(
    body: AsyncIterable<Uint8Array>,
    gate: Instance,
    left: AbortSignal,
    slow: number,
  ): Promise<void> {
    const chunks = body[Symbol.asyncIterator]()
    while (gate.alive) {
      const got = await this.#world.until(gate, chunks.next())
      if (got === undefined || got.done) return
      if (slow) await this.#world.scheduler.sleep(slow)
      if (left.aborted && gate.alive) {
        await this.#world.until(gate, Promise.resolve(chunks.return?.()))
        return
      }
    }
  }

  /** Invariant 1: an entry that was named to a partner is in the log. */
  #checkEntry({ headers }: Reply, { id }: Sent): void {
    const eid = headers['x-sallyport-entry']
    if (typeof eid !== 'string') return
    const [entry] = this.#world.backend.get([keys.entry(eid)]) as [Entry | undefined]
    if (entry === undefined)
      this.#world.invariants.violations.push(
        `invariant 1: ${id} was answered with an entry that is not there`,
      )
  }

  #remember(reply: Reply | undefined): void {
    const nonce = reply?.headers['dpop-nonce']
    if (typeof nonce === 'string') this.#nonce = nonce
  }

  #choose(role: 'gate' | 'token', dice: Dice): Instance | undefined {
    const [first, ...rest] = this.#world.living(role)
    return first && dice.pick([first, ...rest])
  }
}

interface Request {
  readonly call: string
  readonly path: string
  readonly body: string
  readonly token: Token
  readonly proof: string
  readonly jti: string
  readonly leavesAfter: number | undefined
  readonly slow: number
}

/** Another signature of the same length. */
function broken(jws: string): string {
  const at = jws.lastIndexOf('.') + 1
  return jws.slice(0, at) + (jws[at] === 'A' ? 'B' : 'A') + jws.slice(at + 1)
}

function codeOf({ status, body }: Reply): string | undefined {
  if (status === 200 || typeof body !== 'string') return undefined
  const told = JSON.parse(body) as { error?: { sallyport?: { code: string } }; sallyport?: { code: string } }
  return told.error?.sallyport?.code ?? told.sallyport?.code
}

function makeEvent(
  path: string,
  headers: Readonly<Record<string, string>>,
  body: string,
  requestId: string,
): APIGatewayProxyEvent {
  return {
    httpMethod: 'POST',
    path,
    headers,
    body,
    isBase64Encoded: false,
    requestContext: { requestId, identity: { sourceIp: '192.0.2.1' } },
  } as unknown as APIGatewayProxyEvent
}
