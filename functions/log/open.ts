import type { Secrets } from '../../shared/ports/keys.ts'
import type { Objects } from '../../shared/ports/objects.ts'
import type { Store } from '../../shared/ports/store.ts'
import type { Telemetry } from '../../shared/ports/world.ts'
import type { Witness } from '../../shared/tlog/witness-list.ts'
import { createEpochs, type Epochs } from '../log-epoch.ts'
import { readLogOrigin } from '../log-origin.ts'
import { createSlotOf, type SlotOf } from './slots.ts'

/** The log as it is published, and what an answer is bound to its reader with. */
export interface LogView {
  readonly origin: string
  readonly objects: Objects
  readonly epochs: Epochs
  readonly slotOf: SlotOf
  /** The names of those who are asked to cosign. */
  readonly witnesses: readonly string[]
}

export interface LogViewDeps {
  readonly store: Store
  readonly objects: Objects
  readonly secrets: Pick<Secrets, 'derive'>
  readonly telemetry: Telemetry
  readonly issuer: string
  /** `EpochDeps.slots` */
  readonly slots: number
  /** `WitnessDeps.witnesses` */
  readonly witnesses: readonly Witness[]
}

export async function openLogView(deps: LogViewDeps): Promise<LogView> {
  const { objects } = deps
  const origin = await readLogOrigin(objects, deps.issuer)
  return {
    origin,
    objects,
    epochs: createEpochs({ ...deps, origin }),
    slotOf: createSlotOf(deps),
    witnesses: deps.witnesses.map(({ key }) => key.name),
  }
}
