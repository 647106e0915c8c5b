/** What is put before whoever decides, and its digest: the entry proves later what they saw. */
import { hash } from 'node:crypto'
import canonicalize from 'canonicalize'
import type { Effects } from '../../../shared/domain/effects.ts'
import type { Action, Difference } from '../../../shared/domain/proposals.ts'
import type { Reason } from '../../../shared/domain/stop.ts'
import { type Counted, countEffects } from './effects.ts'
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

export async function show(
  deps: Pick<GovernanceDeps, 'store'>,
  action: Action,
  reason: Reason,
  { difference, stops, continues = [], subject }: Plan,
  now: number,
): Promise<Shown & Pick<Counted, 'hit'>> {
  const { effects, hit } = await countEffects(deps.store, stops, continues, subject, now)
  const text = canonicalize({ action, difference, effects, reason }) ?? ''
  return { difference, effects, shown: hash('sha256', text, 'base64url'), hit }
}
