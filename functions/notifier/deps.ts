import type { Events } from '../../shared/ports/events.ts'
import type { Http } from '../../shared/ports/http.ts'
import type { Secrets } from '../../shared/ports/keys.ts'
import type { Store } from '../../shared/ports/store.ts'
import type { Clock, Random, Telemetry } from '../../shared/ports/world.ts'

export interface NotifierDeps {
  readonly store: Store
  readonly clock: Clock
  readonly random: Random
  readonly telemetry: Telemetry
  /** Connects to public addresses only: `publicLookup`. */
  readonly http: Http
  readonly secrets: Pick<Secrets, 'derive'>
  /** Absent where there is no bus. */
  readonly events?: Events
  readonly issuer: string
  /** Nothing new is begun after it; what is under way ends within a delivery's time. Milliseconds. */
  readonly runMs?: number
  /** Of one attempt at one receiver, its answer's body included. Milliseconds. */
  readonly deliveryMs?: number
}

export const defaultRunMs = 35_000
export const defaultDeliveryMs = 10_000
