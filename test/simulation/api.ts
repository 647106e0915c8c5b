/**
 * How people decide: they read a record through one instance of the API, think, and decide on that version through
 * another one. Each can die on the way, and then nobody knows what has become of it.
 */
import { approve, decline, withdraw } from '../../functions/governance/engine/approve.ts'
import { type Asked, type Decided, decide } from '../../functions/governance/engine/decide.ts'
import type { Actor, GovernanceDeps } from '../../functions/governance/engine/plan.ts'
import { ratify, type Stopped } from '../../functions/governance/engine/ratify.ts'
import { type Governed, keys } from '../../shared/domain/keys.ts'
import { judgePerson } from '../../shared/domain/person-authority.ts'
import type { Action, Proposal, Subject } from '../../shared/domain/proposals.ts'
import { Refusal, refuse } from '../../shared/domain/refusal.ts'
import type { Reason, Stop } from '../../shared/domain/stop.ts'
import type { ActionName } from '../../shared/domain/who-decides.ts'
import type { Step } from '../../shared/entries/decision.ts'
import { itemAbsent, type Key, type Put, StoreUnavailable } from '../../shared/ports/store.ts'
import type { Dice } from './dice.ts'
import { developer, government, people, personOf, type Somebody } from './records.ts'
import { revokedBy } from './revoked-by.ts'
import { choose } from './tokens.ts'
import type { Instance, World } from './world.ts'

/** What was asked for, a refusal, or nothing: then it is unknown whether it was done. */
export type Answer<T> = T | Refusal | undefined

const answers = { approve, decline, withdraw } as const

export class Api {
  readonly #world: World
  readonly #dice: Dice
  readonly #story: string
  #requests = 0

  /** `story` tells its requests, and its chance, from those of others. */
  constructor(world: World, story: string) {
    this.#world = world
    this.#story = story
    this.#dice = world.diceFor(story)
  }

  /** As one instance reads it; nothing where that dies or cannot. */
  async read<R extends object>(key: Key<R>): Promise<R | undefined> {
    return this.#through(async ({ store }) => (await store.get([key]))[0] as R | undefined)
  }

  /** Decides on the record as it was read; of what does not exist yet, at once. */
  async decide(who: Somebody, action: Action, further: Partial<Asked> = {}): Promise<Answer<Decided>> {
    const seen = await this.#seen(action)
    const { request = this.#request(who) } = further
    this.#note(who, `asks for ${action.name} of ${action.id} (${request})`)
    const asked: Asked = {
      action,
      reason,
      request,
      ...(seen && this.#dice.chance(0.9) && { rev: seen.rev }),
      ...further,
    }
    const decided = await this.#act(who, request, (deps, actor) => decide(deps, actor, asked))
    if (decided && !(decided instanceof Refusal))
      this.#acknowledged(who, request, decided.step, decided.step === 'applied' ? action : undefined)
    return decided
  }

  /**
   * What makes something new: whoever hears nothing of it asks again with the same key, and finds by it what the first
   * time has made. Answers with the action that stands; nothing where none is known to.
   */
  async create(who: Somebody, make: () => Action): Promise<Action | undefined> {
    const key = keys.idempotency(personOf(who), this.#request(who))
    const tried = new Map<string, Action>()
    this.#world.invariants.governance.sameKey(tried)
    for (let tries = 0; tries < 3; tries++) {
      const made = await this.read(key)
      const stands = made && tried.get(made.by)
      if (stands) {
        this.#acknowledged(who, made.by, 'applied', stands)
        return stands
      }
      const [action, request] = [make(), this.#request(who)]
      tried.set(request, action)
      const exp = Math.floor(this.#world.scheduler.now / 1000) + 86_400
      const item = { by: request, exp, digest: '', answer: action.id, status: 201 }
      const once = { key, put: (): Put => ({ kind: 'put', key, item, if: itemAbsent }) }
      const decided = await this.decide(who, action, { request, once })
      if (decided instanceof Refusal && decided.code !== 'idempotency_key_reused') return undefined
      if (decided && !(decided instanceof Refusal)) return action
      await this.#think()
    }
    return undefined
  }

  async answer(how: keyof typeof answers, who: Somebody, id: string): Promise<Answer<Governed<Proposal>>> {
    const seen = await this.read(keys.proposal(id))
    if (seen === undefined) return undefined
    await this.#think()
    const request = this.#request(who)
    this.#note(who, `would ${how} proposal#${id} (${request})`)
    const answered = { proposal: id, rev: seen.rev, request, reason }
    const after = await this.#act(who, request, (deps, actor) => answers[how](deps, actor, answered))
    if (after === undefined || after instanceof Refusal) return after
    const applied = after.state === 'applied'
    const step: Step = how === 'approve' ? (applied ? 'applied' : 'approved') : past[how]
    this.#acknowledged(who, request, step, applied ? after.action : undefined)
    return after
  }

  async ratify(who: Somebody, name: ActionName, key: Key<Governed<{ readonly stop?: Stop }>>): Promise<void> {
    const seen = await this.read(key)
    if (seen === undefined) return
    await this.#think()
    const request = this.#request(who)
    this.#note(who, `would ratify ${key.pk} (${request})`)
    const done = await this.#act(who, request, (deps, actor) =>
      ratify(deps, actor, { rev: seen.rev, request }, async () => {
        const [found] = await deps.store.get([key])
        return found ? stopped(name, key, found) : refuse('record_unknown', 'There is none.')
      }),
    )
    if (done && !(done instanceof Refusal)) this.#acknowledged(who, request, 'ratified', undefined)
  }

  async #seen({ name, id }: Action): Promise<{ readonly rev: number } | undefined> {
    const [noun = ''] = name.split('.')
    if (name === 'hold.place') return undefined
    const seen = await this.read({ table: 'registry', pk: `${nounOf[noun] ?? noun}#${id}`, sk: '-' })
    await this.#think()
    return seen as { readonly rev: number } | undefined
  }

  /** As somebody who is signed in there, as the records stand. */
  async #act<T extends object>(
    who: Somebody,
    request: string,
    work: (deps: GovernanceDeps, actor: Actor) => Promise<T | Refusal>,
  ): Promise<Answer<T>> {
    const { invariants } = this.#world
    const authAgo = this.#dice.chance(0.05) ? 400_000 : this.#dice.below(200_000)
    const answer = await this.#through<T | Refusal>(async deps => {
      const actor = await identify(deps, who, authAgo)
      return actor instanceof Refusal ? actor : work(deps, actor)
    })
    if (answer === undefined) this.#note(who, `hears nothing of ${request}`)
    if (!(answer instanceof Refusal)) return answer
    this.#note(who, `is refused ${request}: ${answer.code}`)
    // Its writes may still be on their way.
    if (answer.code === 'store_unavailable') return undefined
    invariants.governance.refused(request, answer.code)
    return answer
  }

  async #through<T>(work: (deps: GovernanceDeps) => Promise<T>): Promise<T | undefined> {
    const instance: Instance | undefined = choose(this.#world, 'api', this.#dice)
    if (!instance?.governance) return undefined
    return this.#world.until(instance, work(instance.governance)).catch((error: unknown) => {
      if (!(error instanceof StoreUnavailable))
        this.#world.invariants.violations.push(
          `the api threw ${error instanceof Error ? error.stack : error}`,
        )
      return undefined
    })
  }

  #acknowledged(who: Somebody, request: string, step: Step, applied: Action | undefined): void {
    const { invariants, backend, skew } = this.#world
    invariants.governance.acknowledged(request, step)
    const revoked = applied ? revokedBy(applied, { backend, skew, versionOf: invariants.versionOf }) : []
    const what = revoked.map(one => `: ${one.what}`).join('')
    this.#note(who, `knows that ${request} is ${step}${what}`)
    for (const one of revoked) invariants.revocations.acknowledged(one)
  }

  #think(): Promise<void> {
    return this.#world.scheduler.sleep(this.#dice.pick([0, 5, 50, 2_000]))
  }

  #request(who: Somebody): string {
    this.#requests += 1
    return `${who}-${this.#story}-${this.#requests}`
  }

  #note(who: Somebody, what: string): void {
    const { history, scheduler } = this.#world
    history.note(scheduler.now, who, what)
  }
}

const reason: Reason = { code: 'operational', text: 'as agreed' }
const past = { decline: 'declined', withdraw: 'withdrawn' } as const
const nounOf: Readonly<Record<string, string>> = { partner: 'organisation' }

async function identify(deps: GovernanceDeps, who: Somebody, authAgo: number): Promise<Actor | Refusal> {
  const [standing, person, organisation] = await deps.store.get([
    keys.standing,
    keys.person(personOf(who)),
    keys.organisation(people[who].organisation),
  ])
  const now = deps.clock.now()
  const caller = { person: personOf(who), organisation: people[who].organisation }
  const member = judgePerson(caller, { standing, person, organisation }, now)
  if (member instanceof Refusal) return member
  if (!person || !organisation) throw new Error('a member without records')
  return { person, organisation, authTime: now - authAgo }
}

function stopped(
  action: ActionName,
  key: Stopped['key'],
  found: Governed<{ readonly stop?: Stop; readonly subject?: Subject }>,
): Stopped {
  const id = key.pk.slice(key.pk.indexOf('#') + 1)
  const subject: Subject = {
    kind: found.record,
    id,
    name: id,
    organisation: found.owner,
    developers: [developer],
    governments: [government],
    ...found.subject,
    rev: found.rev,
  }
  return { key, action, subject, stop: found.stop }
}
