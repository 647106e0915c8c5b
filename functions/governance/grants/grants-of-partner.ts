import { agreementStateAt } from '../../../shared/domain/agreement-step.ts'
import { type Governed, keys } from '../../../shared/domain/keys.ts'
import type { Meter } from '../../../shared/domain/meter.ts'
import { closeMeter, openMeter } from '../../../shared/domain/meter-decisions.ts'
import type { Grant } from '../../../shared/domain/records.ts'
import type { Store, Update } from '../../../shared/ports/store.ts'
import { readGrants } from '../../grants.ts'

export interface Metered {
  readonly grant: Governed<Grant>
  /** The grant's own; a pool goes on for the others that are charged to it. */
  readonly meters: readonly Meter[]
}

/** What a transaction can take of meters beside all else; the rest is stopped by the record alone. */
const maxMeters = 60

/** A partner's grants with their own meters, as they stand. */
export async function meteredGrants(store: Store, organisation: string): Promise<readonly Metered[]> {
  const grants = await readGrants(store, organisation)
  return Promise.all(grants.map(grant => withMeters(store, grant)))
}

/**
 * The meters first, and the grant once more after them: whoever stops it at the same moment raises the version of each
 * meter, so that a meter as it was seen is opened for nothing but a grant that goes on. For the same reason whatever
 * else decides on opening them, the partner above all, is read after this.
 */
export async function withMeters(
  store: Store,
  { id, meters: named }: Pick<Grant, 'id' | 'meters'>,
): Promise<Metered> {
  const meters = await store.get(named.map(keys.meter))
  const [grant] = await store.get([keys.grant(id)])
  if (grant === undefined) throw new Error(`the grant ${id} is gone`)
  return {
    grant,
    meters: meters.filter(meter => meter !== undefined && meter.shared === undefined) as Meter[],
  }
}

/**
 * So that no reservation slips through between a read and a write. What is closed already is written too, as long as its
 * grant has not ended: whoever opens it at the same moment, for a grant that goes on, judges again and sees this stop.
 * The open ones first.
 */
export const closing = (metered: readonly Metered[], most = maxMeters): readonly Update[] =>
  metered
    .flatMap(({ grant, meters }) =>
      meters.filter(
        ({ state }) => state === 'open' || grant.state === 'active' || grant.state === 'suspended',
      ),
    )
    .toSorted((a, b) => Number(b.state === 'open') - Number(a.state === 'open'))
    .slice(0, most)
    .map(closeMeter)

/**
 * Without those under an agreement that is stopped itself: they open with it. It is read after the meters, for the same
 * reason.
 */
export async function underAgreements(
  store: Store,
  metered: readonly Metered[],
  now: number,
): Promise<readonly Metered[]> {
  const ids = [...new Set(metered.map(({ grant }) => grant.agreement))]
  const agreements = await store.get(ids.map(keys.agreement))
  const stopped = ids.filter((_, i) => {
    const agreement = agreements[i]
    return agreement !== undefined && agreementStateAt(agreement, now) !== 'effective'
  })
  return metered.filter(({ grant }) => !stopped.includes(grant.agreement))
}

/** Of grants that are active by themselves. */
export const opening = (metered: readonly Metered[]): readonly Update[] =>
  metered
    .filter(({ grant }) => grant.state === 'active')
    .flatMap(({ meters }) => meters)
    .filter(({ state }) => state === 'closed')
    .slice(0, maxMeters)
    .map(openMeter)
