import { createHmac } from 'node:crypto'
import type { LogView } from '../../functions/log/open.ts'
import { createSlotOf } from '../../functions/log/slots.ts'
import { createEpochs } from '../../functions/log-epoch.ts'
import type { Secrets } from '../../shared/ports/keys.ts'
import type { Objects } from '../../shared/ports/objects.ts'
import type { Store } from '../../shared/ports/store.ts'
import { quiet } from './embedded.ts'
import { memoryObjects } from './memory-objects.ts'

export const testSecrets: Pick<Secrets, 'derive' | 'wrap' | 'unwrap'> = {
  derive: async (domain, label) => createHmac('sha256', 'a test').update(`${domain}\0${label}`).digest(),
  wrap: async bytes => Buffer.concat([wrapped, bytes.toReversed()]),
  async unwrap(bytes) {
    if (!wrapped.equals(bytes.subarray(0, wrapped.length))) throw new Error('this was not wrapped')
    return bytes.slice(wrapped.length).toReversed()
  },
}
const wrapped = Buffer.from('wrapped')

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
