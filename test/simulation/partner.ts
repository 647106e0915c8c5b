/** A partner's workloads: they fetch tokens, call both protocols, leave early, and what they sent is sent again. */
import { createHash } from 'node:crypto'
import type { Reply } from '../../functions/http.ts'
import { keys } from '../../shared/domain/keys.ts'
import type { Entry } from '../../shared/entries/entry.ts'
import { modelResource, tokenUrl } from '../../shared/oauth/metadata.ts'
import type { Dice } from './dice.ts'
import { broken, codeOf, makeEvent } from './http.ts'
import type { Sent } from './observed.ts'
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
const asserted = (text: string) => ({ client_assertion_type: assertionType, client_assertion: text })
const iat = (world: World): number => Math.floor(world.scheduler.now / 1000)
/** A new token helps. */
const outdated = ['token_revoked', 'agreement_superseded', 'key_compromised', 'token_invalid']

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
  async call(name: string, patient = false, known?: Token): Promise<Sent | undefined> {
    const world = this.#world
    const dice = world.diceFor(name)
    const faulty = dice.chance(world.faults.upstream)
    world.plans.set(name, {
      tokens: dice.between(1, 40),
      thinks: dice.chance(0.3),
      density: dice.pick([0.1, 0.3, 1]),
      first: dice.pick([1, 20, 200, 3_000]),
      pace: dice.pick([1, 10, 100, 1_500]),
      fault: faulty ? dice.pick(misbehaviours) : undefined,
    })
    for (let tries = 0; tries < 4; tries++) {
      const token = known ?? (await this.token())
      const gate = token && this.#choose('gate', dice)
      if (token === undefined || gate === undefined) return undefined
      const drawn = this.#request(name, token, dice)
      const request = patient ? { ...drawn, leavesAfter: undefined, slow: 0 } : drawn
      const copies = !patient && dice.chance(0.2) ? this.#copies(request, dice) : []
      const sent = await this.#send(request, gate, true)
      await Promise.all(copies)
      // Not always: what was revoked is tried once more.
      const { code = '' } = sent.answer ?? {}
      if (outdated.includes(code) && (patient || dice.chance(0.5))) this.#token = undefined
      else if (code !== 'nonce_required') return sent
    }
    return undefined
  }

  /** The one that was got last, however old. */
  get lastToken(): Token | undefined {
    return this.#token
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
      const name = `token-${this.#partner}-${number}`
      const askedAt = world.scheduler.now
      const [assertion, proof] = [
        this.#assertion(number),
        this.#proof(tokenUrl(issuer), `t${number}`, iat(world)),
      ]
      const issued: Token[] = []
      const send = async (id: string, assertion: string, proof: string): Promise<Reply | undefined> => {
        const form = { grant_type: 'client_credentials', resource: modelResource(issuer, modelId) }
        const reply = await this.#post(
          '/oauth/token',
          id,
          { ...form, ...asserted(assertion) },
          { dpop: proof },
        )
        if (reply?.status !== 200) return reply
        issued.push(this.#read(String(reply.body)))
        world.invariants.tokenGiven(this.#partner, issued.at(-1)?.id ?? '', askedAt)
        if (issued.length > 1) world.invariants.violations.push(`invariant 4: ${name} brought two tokens`)
        return reply
      }
      // Whoever has seen it sends it again, whole or with a part of its own.
      const copied = this.#dice.chance(0.3)
      const other = `${number}-copy`
      const stolen = this.#dice.pick<readonly [string, string]>([
        [assertion, proof],
        [assertion, this.#proof(tokenUrl(issuer), `t${other}`, iat(world))],
        [this.#assertion(other), proof],
        [broken(this.#assertion(other)), this.#proof(tokenUrl(issuer), `t${other}`, iat(world))],
      ])
      const late = this.#dice.chance(0.5) ? this.#dice.below(90_000) : this.#dice.between(0, 5)
      const copy = async (): Promise<void> => {
        await world.scheduler.sleep(late)
        await send(`${name}-copy`, ...stolen)
      }
      const copying = copied ? copy() : undefined
      const reply = await send(name, assertion, proof)
      if (late <= 5) await copying
      const [good] = issued
      if (good) return good
      if (reply?.status === 400 && codeOf(reply) !== 'nonce_required') return undefined
      await world.scheduler.sleep(this.#dice.between(10, 500))
    }
    return undefined
  }

  /** RFC 7009: gives up the token that it has. */
  async revoke(): Promise<void> {
    const { scheduler, invariants, history } = this.#world
    const token = this.#token
    if (token === undefined) return
    for (let tries = 0; tries < 4; tries++) {
      const number = ++this.#sent
      const form = { token: token.text, ...asserted(this.#assertion(number)) }
      const reply = await this.#post('/oauth/revoke', `revoke-${this.#partner}-${number}`, form, {})
      if (reply?.status !== 200) continue
      history.note(scheduler.now, this.#partner, 'knows that its token was given up')
      invariants.revocations.push({
        what: 'its token was given up',
        covers: sent => sent.token === token.id,
        acknowledgedAt: scheduler.now,
        liftedAt: Number.POSITIVE_INFINITY,
      })
      return
    }
  }

  #assertion(number: number | string): string {
    const { kid, jws } = clientKeys[this.#partner]
    const client = clientOf(this.#partner)
    const now = iat(this.#world)
    const jti = `assertion-of-${this.#partner}-${number}`
    return jws({ kid }, { iss: client, sub: client, aud: issuer, iat: now, exp: now + 60, jti })
  }

  async #post(
    path: string,
    id: string,
    form: Readonly<Record<string, string>>,
    headers: Readonly<Record<string, string>>,
  ): Promise<Reply | undefined> {
    const { scheduler, history } = this.#world
    await scheduler.sleep(this.#dice.between(0, 5))
    const service = this.#choose('token', this.#dice)
    const type = { 'content-type': 'application/x-www-form-urlencoded' }
    const event = makeEvent(path, { ...headers, ...type }, new URLSearchParams(form).toString(), id)
    const reply = service && (await this.#world.exchange(service, event, never))
    this.#remember(reply)
    if (reply)
      history.note(scheduler.now, this.#partner, `${id} is answered ${reply.status} ${codeOf(reply) ?? ''}`)
    return reply
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
      const wait = dice.chance(0.7) ? dice.between(0, 20) : dice.below(90_000)
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
      leftAt: undefined,
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
    if (leave !== undefined)
      void scheduler.sleep(leave).then(() => {
        sent.leftAt = scheduler.now
        leaves.abort()
      })
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
