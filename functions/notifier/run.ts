import { type Notified, notify } from './app.ts'
import { defaultDeliveryMs, type NotifierDeps } from './deps.ts'

/** Of a run, after the last delivery: to mark it. Milliseconds. */
const lastWordsMs = 8_000

/** Between two passes, at least: a receiver that refuses at once is not asked without a pause. Milliseconds. */
const betweenMs = 1_000

/**
 * Passes until nothing more falls due within `ms`, so that the first retries come after seconds though a schedule
 * starts it by the minute. Ends within `ms`, with what the passes did together.
 */
export async function notifyFor(deps: NotifierDeps, ms: number): Promise<Notified> {
  const until = deps.clock.now() + ms - (deps.deliveryMs ?? defaultDeliveryMs) - lastWordsMs
  const sum = { done: 0, later: 0, given_up: 0, passed_over: 0 }
  for (;;) {
    const runMs = Math.max(0, until - deps.clock.now())
    const { nextDueAt = Number.POSITIVE_INFINITY, ...told } = await notify({ ...deps, runMs })
    for (const what of Object.keys(sum) as (keyof typeof sum)[]) sum[what] += told[what]
    const next = Math.max(told.later > 0 ? 0 : nextDueAt, deps.clock.now() + betweenMs)
    if (next >= until) return sum
    await deps.clock.sleep(next - deps.clock.now())
  }
}
