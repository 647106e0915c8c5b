import type { Secrets } from '../../shared/ports/keys.ts'
import type { Objects } from '../../shared/ports/objects.ts'
import type { Store } from '../../shared/ports/store.ts'
import type { Clock, Telemetry } from '../../shared/ports/world.ts'
import type { Epochs } from '../log-epoch.ts'
import type { LogKey } from './log-key.ts'

export interface SequencerDeps {
  readonly store: Store
  readonly objects: Objects
  readonly secrets: Pick<Secrets, 'derive'>
  readonly logKey: LogKey
  readonly clock: Clock
  readonly telemetry: Telemetry
  readonly epochs: Epochs
  /** For how long the table keeps an entry after its time. Milliseconds. */
  readonly retentionMs: number
  /** Entries of a batch at most. */
  readonly batch?: number
}
