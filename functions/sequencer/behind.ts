/** Says when entries wait for their place in the log for too long, whatever the reason. */
import type { Store } from '../../shared/ports/store.ts'
import type { Clock, Telemetry } from '../../shared/ports/world.ts'
import { behindMs, readWaiting } from '../log-waiting.ts'

export interface BehindDeps {
  readonly store: Pick<Store, 'get' | 'query'>
  readonly clock: Clock
  readonly telemetry: Telemetry
}

/** Alarms with the longest wait that it sees, where that is a minute or more. */
export async function tellBehind({ store, clock, telemetry }: BehindDeps): Promise<void> {
  const waitedMs = clock.now() - Math.min(...(await readWaiting(store)))
  if (waitedMs >= behindMs) telemetry.alarm('log_behind', { waited_ms: Math.round(waitedMs) })
}
