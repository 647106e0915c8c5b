import { type Governed, keys } from '../../shared/domain/keys.ts'
import type { Meter } from '../../shared/domain/meter.ts'
import { closeMeter, openMeter } from '../../shared/domain/meter-decisions.ts'
import type { Grant } from '../../shared/domain/records.ts'
import type { Store, Update } from '../../shared/ports/store.ts'
import { readGrants } from '../grants.ts'

export interface Metered {
  readonly grant: Governed<Grant>
  /** The grant's own; a pool goes on for the others that are charged to it. */
  readonly meters: readonly Meter[]
}

/** What a transaction can take of meters beside all else; the rest is stopped by the record alone. */
export const maxMeters = 60

/** A partner's grants with their own meters, as they stand. */
export async function meteredGrants(store: Store, organisation: string): Promise<readonly Metered[]> {
  const grants = await readGrants(store, organisation)
  return Promise.all(grants.map(grant => withMeters(store, grant)))
}

export async function withMeters(store: Store, grant: Governed<Grant>): Promise<Metered> {
  const meters = await store.get(grant.meters.map(keys.meter))
  return {
    grant,
    meters: meters.filter(meter => meter !== undefined && meter.shared === undefined) as Meter[],
  }
}

/** So that no reservation slips through between a read and a write. */
export const closing = (metered: readonly Metered[]): readonly Update[] =>
  metered
    .flatMap(({ meters }) => meters)
    .filter(({ state }) => state === 'open')
    .slice(0, maxMeters)
    .map(closeMeter)

/** Of grants that are active by themselves. */
export const opening = (metered: readonly Metered[]): readonly Update[] =>
  metered
    .filter(({ grant }) => grant.state === 'active')
    .flatMap(({ meters }) => meters)
    .filter(({ state }) => state === 'closed')
    .slice(0, maxMeters)
    .map(openMeter)
