/** A partner's workloads: they call in both protocols, leave early, and what they sent is sent again. */
import type { Reply } from '../../functions/http.ts'
import { keys } from '../../shared/domain/keys.ts'
import type { Entry } from '../../shared/entries/entry.ts'
import type { Dice } from './dice.ts'
import { broken, codeOf, makeEvent } from './http.ts'
import type { Sent } from './observed.ts'
import { type Caller, issuer, modelOf } from './records.ts'
import { choose, type Token, Tokens } from './tokens.ts'
import { misbehaviours } from './upstream.ts'
import type { Instance, World } from './world.ts'

/** A new token helps. */
const outdated = ['token_revoked', 'agreement_superseded', 'key_compromised', 'token_invalid']

export class Workload {
  readonly #world: World
  readonly #partner: Caller
  readonly tokens: Tokens

  constructor(world: World, partner: Caller) {
    this.#world = world
    this.#partner = partner
    this.tokens = new Tokens(world, partner)
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
      const token = known ?? (await this.tokens.current())
      const gate = token && choose(this.#world, 'gate', dice)
      if (token === undefined || gate === undefined) return undefined
      const drawn = this.#request(name, token, dice)
      const request = patient ? { ...drawn, leavesAfter: undefined, slow: 0 } : drawn
      const copies = !patient && dice.chance(0.2) ? this.#copies(request, dice) : []
      const sent = await this.#send(request, gate, true)
      await Promise.all(copies)
      // Not always: what was revoked is tried once more.
      const { code = '' } = sent.answer ?? {}
      if (outdated.includes(code) && (patient || dice.chance(0.5))) this.tokens.forget()
      else if (code !== 'nonce_required') return sent
    }
    return undefined
  }

  #request(call: string, token: Token, dice: Dice): Request {
    const number = this.tokens.nextNumber()
    const openai = dice.chance(0.5)
    const path = openai ? '/openai/v1/chat/completions' : '/anthropic/v1/messages'
    const jti = `${call} ${number}`
    const iat = Math.floor(this.#world.scheduler.now / 1000)
    const body = JSON.stringify({
      model: modelOf(this.#partner),
      [openai ? 'max_completion_tokens' : 'max_tokens']: dice.between(40, 300),
      messages: [{ role: 'user', content: jti }],
      ...(dice.chance(0.6) && { stream: true }),
    })
    const proof = this.tokens.proof(issuer + path, jti, iat, token.text)
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
      const gate = choose(this.#world, 'gate', dice)
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
    this.tokens.remember(reply)
    sent.answer = { status: reply.status, code: codeOf(reply) }
    invariants.answered(sent)
    this.#checkEntry(reply, sent)
    history.note(
      scheduler.now,
      this.#partner,
      `${sent.id} is answered ${reply.status} ${codeOf(reply) ?? ''}`,
    )
    if (typeof reply.body !== 'string' && !(reply.body instanceof Uint8Array))
      await this.#take(reply.body, gate, leaves.signal, request.slow)
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
