import type { Clock } from '../../shared/ports/world.ts'
import type { Process, Scheduler } from './scheduler.ts'

/** The clock of one process, as far from the true time as that is; whoever sleeps by it and dies does not wake. */
export const createVirtualClock = (scheduler: Scheduler, process: Process): Clock => ({
  now: () => scheduler.now + process.skew,
  sleep: (ms, signal) =>
    new Promise(resolve => {
      if (signal?.aborted) return resolve()
      const wake = (): void => {
        cancel()
        signal?.removeEventListener('abort', wake)
        resolve()
      }
      const cancel = scheduler.after(ms, wake, process)
      signal?.addEventListener('abort', wake)
    }),
})
