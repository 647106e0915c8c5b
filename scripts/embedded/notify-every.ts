import { notify } from '../../functions/notifier/app.ts'
import type { NotifierDeps } from '../../functions/notifier/deps.ts'

/** On AWS a schedule; here a timer, one run after the other. Resolves, when stopped, after what is under way. */
export function notifyEvery(ms: number, deps: NotifierDeps): () => Promise<void> {
  const stopped = new AbortController()
  const run = async (): Promise<void> => {
    while (!stopped.signal.aborted) {
      await deps.clock.sleep(ms, stopped.signal)
      if (!stopped.signal.aborted)
        await notify(deps).catch((error: unknown) =>
          deps.telemetry.error('a run of the notifier failed', error),
        )
    }
  }
  const running = run()
  return () => {
    stopped.abort()
    return running
  }
}
