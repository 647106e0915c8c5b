import type { Clock, Telemetry } from '../../shared/ports/world.ts'

/**
 * On AWS a stream or a schedule; here a timer, one run after the other. Resolves, when stopped, after what is under way.
 */
export function every(
  { clock, telemetry }: { readonly clock: Clock; readonly telemetry: Telemetry },
  ms: number,
  name: string,
  run: () => Promise<unknown>,
): () => Promise<void> {
  const stopped = new AbortController()
  const running = (async (): Promise<void> => {
    while (!stopped.signal.aborted) {
      await clock.sleep(ms, stopped.signal)
      if (!stopped.signal.aborted)
        await run().catch((error: unknown) => telemetry.error(`a run of the ${name} failed`, error))
    }
  })()
  return () => {
    stopped.abort()
    return running
  }
}
