import type { Secrets } from '../../shared/ports/keys.ts'
import type { RemovableObjects } from '../../shared/ports/objects.ts'
import type { Store } from '../../shared/ports/store.ts'
import type { Clock, Random, Telemetry } from '../../shared/ports/world.ts'
import type { Witness } from '../../shared/tlog/witness-list.ts'
import type { LogView } from '../log/open.ts'

export interface ExporterDeps {
  readonly store: Store
  /** Nobody else removes any. */
  readonly objects: RemovableObjects
  /** `seal`: opens archives. `unwrap`: the keys of fingerprints. */
  readonly secrets: Pick<Secrets, 'derive' | 'wrap' | 'unwrap'>
  readonly clock: Clock
  readonly random: Random
  readonly telemetry: Telemetry
  readonly log: LogView
  /** For how long the log is kept at least. Milliseconds. */
  readonly retentionMs: number
  /** Their keys stand in what is exported. */
  readonly witnesses: readonly Witness[]
  /** For how long an index may lag behind what is acknowledged: nothing is collected sooner. Milliseconds. */
  readonly lagMs?: number
  /** Aborted where the process is to end: what is under way is left where it is. */
  readonly stop?: AbortSignal
  readonly bounds?: Bounds
}

/** What tests make smaller. */
export interface Bounds {
  /** Entries that are looked at for a part. */
  readonly lookedAt?: number
  /** `maxExportRecords`, `maxExportBytes`, `chunkBytes` */
  readonly records?: number
  readonly bytes?: number
  readonly chunk?: number
  /** Entries that are looked at for a trace. */
  readonly traced?: number
  /** Marks that are held for a trace at once. */
  readonly marks?: number
}
