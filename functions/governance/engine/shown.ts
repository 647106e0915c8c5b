/** What is put before whoever decides, and its digest: the entry proves later what they saw. */
import { hash } from 'node:crypto'
import canonicalize from 'canonicalize'
import { type Effects, noEffects } from '../../../shared/domain/effects.ts'
import type { Action, Difference, Subject } from '../../../shared/domain/proposals.ts'
import type { Reason } from '../../../shared/domain/stop.ts'
import { type Counted, countEffects } from './effects.ts'
import { inTime } from './in-time.ts'
import type { GovernanceDeps, Plan } from './plan.ts'

export interface Shown {
  readonly difference: readonly Difference[]
  readonly effects: Effects
  /** SHA-256 of the canonical JSON (RFC 8785) of both, the action and the reason, base64url. */
  readonly shown: string
}

/** A hold is about whom it hits, and that is known only once it is counted. */
export const hitting = (plan: Plan, hit: Counted['hit']): Plan =>
  plan.subject.kind !== 'hold' || hit.length === 0 ? plan : { ...plan, subject: { ...plan.subject, hit } }

/**
 * Nothing holds up what a developer does to its own model at once: it is made even where nothing can be counted, or not
 * in time.
 */
async function countedOr({ kind }: Subject, count: () => Promise<Counted>): Promise<Counted> {
  try {
    return await count()
  } catch (error) {
    if (kind !== 'model') throw error
    return { effects: { ...noEffects, atLeast: true }, hit: [] }
  }
}

export async function show(
  deps: Pick<GovernanceDeps, 'store'>,
  action: Action,
  reason: Reason,
  { difference, stops, continues = [], subject, stopsPeople }: Plan,
  now: number,
  isLate: () => boolean = () => false,
): Promise<Shown & Pick<Counted, 'hit'>> {
  const store = subject.kind === 'model' ? inTime(deps.store, isLate) : deps.store
  const { effects, hit } = await countedOr(subject, () =>
    countEffects(store, stops, continues, subject, now, stopsPeople),
  )
  const text = canonicalize({ action, difference, effects, reason }) ?? ''
  return { difference, effects, shown: hash('sha256', text, 'base64url'), hit }
}
