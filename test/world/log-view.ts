import { createHmac } from 'node:crypto'
import type { LogView } from '../../functions/log/open.ts'
import { createSlotOf } from '../../functions/log/slots.ts'
import { createEpochs } from '../../functions/log-epoch.ts'
import type { Secrets } from '../../shared/ports/keys.ts'
import type { Objects } from '../../shared/ports/objects.ts'
import type { Store } from '../../shared/ports/store.ts'
import { quiet } from './embedded.ts'
import { memoryObjects } from './memory-objects.ts'

export const testSecrets: Pick<Secrets, 'derive'> = {
  derive: async (domain, label) => createHmac('sha256', 'a test').update(`${domain}\0${label}`).digest(),
}

/** What an API shows entries with, over a store of a test. */
export function testLogView(store: Store, slots = 64, objects: Objects = memoryObjects()): LogView {
  const origin = 'log.example/log'
  return {
    origin,
    objects,
    epochs: createEpochs({ store, secrets: testSecrets, origin, slots }),
    witnesses: [],
    slotOf: createSlotOf({ store, telemetry: quiet }),
  }
}
