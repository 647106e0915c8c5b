/** Invariant 3: what was stopped, as far as somebody has heard that it stands, and until it is let go. */
import { keys } from '../../shared/domain/keys.ts'
import type { Model } from '../../shared/domain/records.ts'
import type { Applied, Backend } from './backend.ts'
import type { Revocation, Sent } from './observed.ts'
import { modelId } from './records.ts'

export class Revocations {
  readonly #backend: Backend
  readonly #now: () => number
  readonly #known: Revocation[] = []

  constructor(backend: Backend, now: () => number) {
    this.#backend = backend
    this.#now = now
  }

  /** Whoever decided it has heard that it stands; by then it may have been taken back already. */
  acknowledged(revocation: Revocation): void {
    const { stands, untilRelease } = revocation
    if (stands && !stands.on(this.#backend.get([stands.key])[0])) return
    if (untilRelease && isReleased(this.#backend.get([keys.model(modelId)])[0])) return
    revocation.acknowledgedAt = this.#now()
    this.#known.push(revocation)
  }

  /** A record was written: what stood on it may stand no more. */
  applied({ op, after }: Applied): void {
    if (op.key.pk === keys.model(modelId).pk && isReleased(after))
      for (const one of this.#known) if (one.untilRelease) one.liftedAt = Math.min(one.liftedAt, this.#now())
    for (const revocation of this.#known) {
      const { stands, liftedAt } = revocation
      if (stands?.key.pk === op.key.pk && liftedAt > this.#now() && !stands.on(after))
        revocation.liftedAt = this.#now()
    }
  }

  /** Those in force against it now that somebody knew of before then. */
  against(one: Pick<Sent, 'partner' | 'token'>, before: number): readonly Revocation[] {
    return this.#known.filter(
      ({ covers, acknowledgedAt, liftedAt }) =>
        covers(one) && acknowledgedAt < before && liftedAt > this.#now(),
    )
  }
}

const isReleased = (model: object | undefined): boolean => (model as Model | undefined)?.state === 'released'
