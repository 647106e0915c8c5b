/** A partner's tokens: asked for with assertion and proof, given up, and what they are asked for with sent again. */
import { createHash } from 'node:crypto'
import type { Reply } from '../../functions/http.ts'
import { modelResource, tokenUrl } from '../../shared/oauth/metadata.ts'
import type { Dice } from './dice.ts'
import { broken, codeOf, makeEvent } from './http.ts'
import { type Caller, clientKeys, clientOf, issuer, modelOf, proofKeys } from './records.ts'
import type { Instance, Role, World } from './world.ts'

export interface Token {
  readonly text: string
  readonly id: string
  readonly expiresAt: number
}

const assertionType = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'
const never = new AbortController().signal
const asserted = (text: string) => ({ client_assertion_type: assertionType, client_assertion: text })
const iat = (world: World): number => Math.floor(world.scheduler.now / 1000)

/** One token at a time, for all of a partner's calls, and what its proofs are made of. */
export class Tokens {
  readonly #world: World
  readonly #partner: Caller
  readonly #dice: Dice
  #nonce = ''
  #token: Token | undefined
  #asking: Promise<Token | undefined> | undefined
  #made = 0

  constructor(world: World, partner: Caller) {
    this.#world = world
    this.#partner = partner
    this.#dice = world.diceFor(`tokens of ${partner}`)
  }

  /** A number that no assertion and no proof of this partner had before. */
  nextNumber(): number {
    this.#made += 1
    return this.#made
  }

  /** The next call asks for a new one. */
  forget(): void {
    this.#token = undefined
  }

  /** The one that was got last, however old. */
  get last(): Token | undefined {
    return this.#token
  }

  /** A token that lasts for a while yet; one request for all who wait. */
  async current(): Promise<Token | undefined> {
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
      const number = this.nextNumber()
      const name = `token-${this.#partner}-${number}`
      const askedAt = world.scheduler.now
      const [assertion, proof] = [
        this.#assertion(number),
        this.proof(tokenUrl(issuer), `t${number}`, iat(world)),
      ]
      const issued: Token[] = []
      const send = async (id: string, assertion: string, proof: string): Promise<Reply | undefined> => {
        const form = {
          grant_type: 'client_credentials',
          resource: modelResource(issuer, modelOf(this.#partner)),
        }
        const reply = await this.#post(
          '/oauth/token',
          id,
          { ...form, ...asserted(assertion) },
          { dpop: proof },
        )
        world.invariants.tokenRefused(name, this.#partner, askedAt, reply && codeOf(reply))
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
        [assertion, this.proof(tokenUrl(issuer), `t${other}`, iat(world))],
        [this.#assertion(other), proof],
        [broken(this.#assertion(other)), this.proof(tokenUrl(issuer), `t${other}`, iat(world))],
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
      const number = this.nextNumber()
      const form = { token: token.text, ...asserted(this.#assertion(number)) }
      const reply = await this.#post('/oauth/revoke', `revoke-${this.#partner}-${number}`, form, {})
      if (reply?.status !== 200) continue
      history.note(scheduler.now, this.#partner, 'knows that its token was given up')
      invariants.revocations.acknowledged({
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
    const service = choose(this.#world, 'token', this.#dice)
    const type = { 'content-type': 'application/x-www-form-urlencoded' }
    const event = makeEvent(path, { ...headers, ...type }, new URLSearchParams(form).toString(), id)
    const reply = service && (await this.#world.exchange(service, event, never))
    this.remember(reply)
    if (reply)
      history.note(scheduler.now, this.#partner, `${id} is answered ${reply.status} ${codeOf(reply) ?? ''}`)
    return reply
  }

  #read(body: string): Token {
    const { access_token: text, expires_in } = JSON.parse(body) as {
      access_token: string
      expires_in: number
    }
    const { jti, agreement } = JSON.parse(Buffer.from(text.split('.')[1] ?? '', 'base64url').toString()) as {
      jti: string
      agreement: { digest: string }
    }
    this.#world.invariants.versionOf.set(jti, agreement.digest)
    return { text, id: jti, expiresAt: this.#world.scheduler.now + expires_in * 1000 }
  }

  proof(url: string, jti: string, iat: number, token?: string): string {
    const { jwk, jws } = proofKeys[this.#partner]
    const ath = token && createHash('sha256').update(token).digest('base64url')
    return jws(
      { typ: 'dpop+jwt', jwk },
      { htm: 'POST', htu: url, iat, jti, nonce: this.#nonce, ...(ath && { ath }) },
    )
  }

  remember(reply: Reply | undefined): void {
    const nonce = reply?.headers['dpop-nonce']
    if (typeof nonce === 'string') this.#nonce = nonce
  }
}

export function choose(world: World, role: Role, dice: Dice): Instance | undefined {
  const [first, ...rest] = world.living(role)
  return first && dice.pick([first, ...rest])
}
