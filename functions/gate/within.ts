import type { Clock } from '../../shared/ports/world.ts'

/** The value, or nothing where it failed or takes longer than `ms`. */
export async function within<T>(clock: Clock, ms: number, work: Promise<T>): Promise<T | undefined> {
  const timer = new AbortController()
  const late = clock.sleep(ms, timer.signal).then(() => undefined)
  const value = await Promise.race([work.catch(() => undefined), late])
  timer.abort('in time')
  return value
}
