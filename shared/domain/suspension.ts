/** A suspension of a client or a person: what of it the suspended are told, and whose it is to end. */
import type { Organisation } from './parties.ts'
import { appealCommand } from './refusal.ts'
import type { LapseStop, Stop } from './stop.ts'

/** What stands on the record of whoever can be suspended. */
export interface Suspendable {
  readonly organisation: string
  readonly state: string
  readonly stop?: Stop
  readonly lapse?: LapseStop
}

/** Put in force by another organisation than its own, or by one person past the rule. */
export const isOthersStop = ({ organisation, stop }: Pick<Suspendable, 'organisation' | 'stop'>): boolean =>
  stop !== undefined && (stop.by.organisation !== organisation || stop.breakGlass === true)

/** The state with its reason, by the code alone: words may be sealed, and a refusal is for no one reader. */
export function suspendedAs({ state, stop, lapse }: Suspendable): string {
  const code = state === 'suspended' ? (stop ?? lapse)?.reason.code : undefined
  return code === undefined ? state : `${state}: ${code}`
}

/**
 * How it is appealed. Partners appeal, and not what their own people decided. Only the suspended read it, by their own
 * tokens: others do not get this far.
 */
export function appealOfSuspension(
  { organisation, state, stop, lapse }: Suspendable,
  owner: Pick<Organisation, 'id' | 'kind'> | undefined,
): { readonly next?: string } {
  if (state !== 'suspended' || owner?.kind !== 'partner' || owner.id !== organisation) return {}
  if (stop) return stop.by.organisation === organisation ? {} : appealing(stop)
  return lapse?.appealed ? {} : appealing(lapse)
}

export const appealing = (stop: Pick<Stop, 'entry'> | undefined): { readonly next?: string } =>
  stop ? { next: `The partner-admin can appeal it once: ${appealCommand(stop.entry)}` } : {}
