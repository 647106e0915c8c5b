import { chargeOf } from '../../shared/domain/charge.ts'
import { Refusal, refuse } from '../../shared/domain/refusal.ts'
import type { Ending } from '../../shared/entries/call.ts'
import { ConnectionRefused } from '../../shared/ports/http.ts'
import type { Operation, Prepared, Usage } from '../../shared/upstream/operation.ts'
import type { SettlementDeps } from '../settlement.ts'
import type { Admitted } from './admit.ts'
import { endCall } from './call.ts'

/**
 * A caller that is slower than this lets replies pile up in buffers between the upstream and the gate.
 * Below it, the framing of what was received (hundreds of bytes a token) outweighs what is on its way.
 */
const slowMs = 1_000

/** One call under way: what is known of it when it ends, and the one end it has. */
export class Run {
  readonly #deps: SettlementDeps
  readonly #admitted: Admitted
  readonly #control = new AbortController()
  readonly #after: (() => void)[] = []
  #why: Refusal | 'client_gone' | undefined
  #ended: Promise<void> | undefined
  readonly operation: Operation
  sent = false
  received = 0
  /** Since when the caller has not taken what was offered: meanwhile more may be produced than received. */
  heldSince: number | undefined
  /** Until something else is known, whoever stops listening ends the call. */
  ending: Ending = 'client_gone'
  usage: Usage | undefined
  status: number | undefined

  constructor(deps: SettlementDeps, admitted: Admitted, operation: Operation) {
    this.#deps = deps
    this.#admitted = admitted
    this.operation = operation
  }

  get signal(): AbortSignal {
    return this.#control.signal
  }

  get ask(): Prepared {
    return this.#admitted.allow.ask
  }

  onEnd(act: () => void): void {
    this.#after.push(act)
  }

  hold(): void {
    this.heldSince = this.#deps.clock.now()
  }

  abort(why: Refusal | 'client_gone'): void {
    this.#why ??= why
    this.#control.abort()
  }

  /** Why it broke off, as an ending and as what the caller is told, if it is still there. */
  judge(error: unknown): Refusal | undefined {
    if (this.#why === 'client_gone') {
      this.ending = 'client_gone'
      return undefined
    }
    if (this.#why) {
      this.ending = this.#why.code === 'upstream_timeout' ? 'upstream_failed' : 'cut'
      return this.#why
    }
    if (error instanceof ConnectionRefused) this.sent = false
    else this.#deps.telemetry.error('the upstream broke off', error, { entry: this.#admitted.call.eid })
    this.ending = 'upstream_failed'
    return broken()
  }

  /** Ends a call that has no reply. */
  async fail(error: unknown): Promise<Refusal> {
    const why = this.judge(error) ?? refuse('upstream_unavailable', 'The client has gone.')
    await this.end()
    return why
  }

  end(): Promise<void> {
    this.#ended ??= this.#end()
    return this.#ended
  }

  async #end(): Promise<void> {
    for (const act of this.#after) act()
    this.#control.abort()
    const { allow, call } = this.#admitted
    const { ceiling, inputBound, streaming } = allow.ask
    const { usage, received } = this
    const held = this.heldSince !== undefined && this.#deps.clock.now() - this.heldSince > slowMs
    const hidden = allow.model.tokens.hiddenOutput || !streaming || held
    const nothing = !this.sent || this.ending === 'upstream_refused'
    const charge = nothing ? 0 : chargeOf({ ceiling, inputBound, usage, received, hidden })
    await endCall(this.#deps, call, {
      ending: this.ending,
      charge,
      ...(usage && { usage }),
      ...(this.#why instanceof Refusal && { code: this.#why.code }),
      ...(this.status !== undefined && { upstreamStatus: this.status }),
      ...(charge > ceiling && { overrun: true }),
    })
  }
}

export const broken = (): Refusal => refuse('upstream_unavailable', 'The reply broke off.')
