import { chargeOf } from '../../shared/domain/charge.ts'
import { type InForce, Refusal, refuse } from '../../shared/domain/refusal.ts'
import type { Ending, OutcomeFacts } from '../../shared/entries/call.ts'
import { NotSent } from '../../shared/ports/http.ts'
import type { Usage } from '../../shared/upstream/operation.ts'
import type { SettlementDeps } from '../settlement.ts'
import type { Admitted } from './admit.ts'
import { endCall } from './call.ts'
import { type FingerprintDeps, type Fingerprints, keepFingerprints, lost } from './fingerprints.ts'

/**
 * A caller that is slower than this lets replies pile up in buffers between the upstream and the gate.
 * Below it, the framing of what was received (hundreds of bytes a token) outweighs what is on its way.
 */
const slowMs = 1_000

/** Nobody reads it, `reason` goes by `#why`. One for all calls spares each a DOMException with its stack. */
const over = new Error('the call is over')

type RunDeps = SettlementDeps & FingerprintDeps

/** One call under way: what is known of it when it ends, and the one end it has. */
export class Run {
  readonly #deps: RunDeps
  readonly #admitted: Admitted
  readonly #control = new AbortController()
  readonly #after: (() => void)[] = []
  #why: Refusal | 'client_gone' | undefined
  #broke = false
  #heldSince: number | undefined
  #resting = false
  #ended: Promise<void> | undefined
  /** The upstream may have seen the request. */
  sent = false
  /** Bytes of the reply. */
  received = 0
  /** Tokens may have been produced that no received byte shows. */
  hidden: boolean
  /** What the upstream's answer came to, once it is whole. */
  done: 'completed' | 'upstream_refused' | undefined
  usage: Usage | undefined
  status: number | undefined
  /** As it was read last. */
  inForce: InForce

  constructor(deps: RunDeps, admitted: Admitted) {
    this.#deps = deps
    this.#admitted = admitted
    this.inForce = admitted.inForce
    const { ask, model } = admitted.allow
    this.hidden = model.tokens.hiddenOutput || ask.hidden || ask.watch === undefined
  }

  /** Aborted when the upstream is to be left. */
  get signal(): AbortSignal {
    return this.#control.signal
  }

  onEnd(act: () => void): void {
    this.#after.push(act)
  }

  /** Something was offered to the caller, who has not taken it yet; `resting` where the upstream owes nothing. */
  hold(resting: boolean): void {
    this.#heldSince = this.#deps.clock.now()
    this.#resting = resting
  }

  get held(): boolean {
    return this.#heldSince !== undefined
  }

  /** Nothing is asked of the upstream until the caller has taken what came. */
  get resting(): boolean {
    return this.held && this.#resting
  }

  release(): void {
    this.#heldSince = undefined
  }

  /** Ends the call early. While the caller takes nothing, nothing else would notice. */
  abort(why: Refusal | 'client_gone'): void {
    this.#why ??= why instanceof Refusal ? why.under(this.inForce) : why
    this.#control.abort(over)
    if (this.held) void this.end()
  }

  /** What the caller is told after a break, if it is still there. */
  reason(error: unknown, detail?: string): Refusal | undefined {
    const unsent = error instanceof NotSent || !this.sent
    if (unsent) this.sent = false
    if (this.#why) return this.#why === 'client_gone' ? undefined : this.#why
    this.#broke = true
    const what = unsent ? 'the upstream could not be asked' : 'the upstream broke off'
    this.#deps.telemetry.error(what, error, { entry: this.#admitted.call.eid })
    const told = unsent ? refuse('upstream_unavailable', 'It could not be asked.') : brokenOff(detail)
    return told.under(this.inForce)
  }

  /** Ends a call that has no reply. */
  async fail(error: unknown, detail?: string): Promise<Refusal> {
    const why = this.reason(error, detail) ?? refuse('upstream_unavailable', 'The client has gone.')
    await this.end()
    return why
  }

  /** Resolves when the outcome stands and the meters are settled by it. */
  end(): Promise<void> {
    this.#ended ??= this.#end()
    return this.#ended
  }

  async #end(): Promise<void> {
    for (const act of this.#after) act()
    this.#control.abort(over)
    const { allow, call, caller } = this.#admitted
    const { ceiling, inputBound } = allow.ask
    const { usage, received } = this
    const slow = this.#heldSince !== undefined && this.#deps.clock.now() - this.#heldSince > slowMs
    const nothing = !this.sent || (this.done === 'upstream_refused' && usage === undefined)
    const charge = nothing
      ? 0
      : chargeOf({ ceiling, inputBound, usage, received, hidden: this.hidden || slow })
    const outcome: Omit<OutcomeFacts, 'meters'> = {
      ending: this.#ending(),
      charge,
      ...(usage && { usage }),
      ...(this.#why instanceof Refusal && !this.done && { refusal: this.#why }),
      ...(this.status !== undefined && { upstreamStatus: this.status }),
      ...(charge > ceiling && { overrun: true }),
    }
    const fingerprints = await this.#fingerprints()
    const ended = endCall(this.#deps, call, {
      ...outcome,
      ...(fingerprints && { fingerprints: fingerprints.told }),
    })
    const kept = fingerprints && keepFingerprints(this.#deps, caller, call.eid, fingerprints)
    await Promise.all([ended, kept])
  }

  /** Whatever is wrong with them, the call ends. */
  async #fingerprints(): Promise<Fingerprints | undefined> {
    try {
      return await this.#admitted.sent?.fingerprints()
    } catch (error) {
      lost(this.#deps.telemetry, this.#admitted.call.eid, error)
      return undefined
    }
  }

  #ending(): Ending {
    if (this.done) return this.done
    if (this.#why instanceof Refusal) return this.#why.code === 'upstream_timeout' ? 'upstream_failed' : 'cut'
    // Nobody broke it off, so whoever listened has stopped.
    return this.#broke && this.#why === undefined ? 'upstream_failed' : 'client_gone'
  }
}

export const brokenOff = (detail = 'The reply broke off.'): Refusal => refuse('upstream_unavailable', detail)
