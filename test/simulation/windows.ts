/**
 * Invariant 3 for a government window: nobody comes in by it before it opens or after it ends, and within it nobody is
 * told that it is closed, as far as the clocks of those who judge it agree.
 */
import { keys } from '../../shared/domain/keys.ts'
import type { GovernmentWindow, Model } from '../../shared/domain/records.ts'
import type { Applied, Backend } from './backend.ts'
import type { Sent } from './observed.ts'
import { government, windowModelId } from './records.ts'

/** From its end to the last token. */
const endsWithin = 2_000

interface Known extends GovernmentWindow {
  /** When its record stood. */
  readonly since: number
}

export class Windows {
  readonly #backend: Backend
  readonly #now: () => number
  readonly #skew: number
  /** By the entry that made it. */
  readonly #known = new Map<string, Known>()

  constructor(backend: Backend, now: () => number, skew: number) {
    this.#backend = backend
    this.#now = now
    this.#skew = skew
  }

  applied({ op, after }: Applied): void {
    if (op.key.pk !== keys.model(windowModelId).pk) return
    const { window } = after as Model
    if (window && !this.#known.has(window.entry))
      this.#known.set(window.entry, { ...window, since: this.#now() })
  }

  /** When the provider is asked. */
  admitted({ partner, proof, arrivedAt }: Sent): readonly string[] {
    if (partner !== government) return []
    const open = [...this.#known.values()].some(
      ({ opensAt, endsAt }) => opensAt - this.#skew <= this.#now() && arrivedAt <= endsAt + this.#skew,
    )
    return open ? [] : [`${proof} was admitted outside of its window: ${this.#told()}`]
  }

  /** With each token that the provider makes. */
  produced({ partner, proof }: Sent): readonly string[] {
    if (partner !== government) return []
    const ends = Math.max(...[...this.#known.values()].map(({ endsAt }) => endsAt))
    const late = this.#now() - ends
    return late > this.#skew + endsWithin
      ? [`${proof} still went on ${late} ms after its window had ended`]
      : []
  }

  /** Of what was asked for at `at`, in a call or for a token. */
  refused(what: string, partner: string, at: number, code: string | undefined): readonly string[] {
    const [model] = this.#backend.get([keys.model(windowModelId)]) as [Model | undefined]
    const window = model?.window && this.#known.get(model.window.entry)
    if (partner !== government || code !== 'window_closed' || window === undefined) return []
    const { opensAt, endsAt, since } = window
    const within = Math.max(opensAt + this.#skew, since) < at && this.#now() < endsAt - this.#skew
    return within ? [`${what} was refused within its window: ${this.#told()}`] : []
  }

  #told(): string {
    const list = [...this.#known.values()].map(
      ({ opensAt, endsAt }) => `${opensAt - this.#now()} to ${endsAt - this.#now()} ms from now`,
    )
    return list.join(', ') || 'there was none'
  }
}
