import { createDynamoStore } from '../../shared/adapters/aws/dynamo-store.ts'
import type { Store } from '../../shared/ports/store.ts'
import type { Backend } from './backend.ts'
import type { Dice } from './dice.ts'
import { createSimulatedClient } from './dynamo-client.ts'
import { tables } from './dynamo-request.ts'
import type { DynamoService } from './dynamo-service.ts'
import { createStorePort } from './store-port.ts'
import { createVirtualClock } from './virtual-clock.ts'
import type { Way } from './way.ts'

export interface StoreWay extends Way {
  readonly backend: Backend
  /** Where the product's own adapter is in between. */
  readonly dynamo: DynamoService | undefined
  /** Chance for the pauses that the adapter makes. */
  readonly pauses: Dice
}

/** One process's store. */
export function createProcessStore({ dynamo, pauses, ...way }: StoreWay): Store {
  if (dynamo === undefined) return createStorePort(way)
  return createDynamoStore({
    client: createSimulatedClient({ ...way, service: dynamo }),
    tables,
    clock: createVirtualClock(way.scheduler, way.process),
    random: pauses,
  })
}
