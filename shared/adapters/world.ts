import { randomBytes, randomFillSync } from 'node:crypto'
import type { Clock, Random, Telemetry } from '../ports/world.ts'

export const systemClock: Clock = {
  now: () => Date.now(),
  sleep: (ms, signal) =>
    new Promise(resolve => {
      if (signal?.aborted) return resolve()
      const wake = (): void => {
        clearTimeout(timer)
        signal?.removeEventListener('abort', wake)
        resolve()
      }
      const timer = setTimeout(wake, Math.max(0, ms))
      signal?.addEventListener('abort', wake)
    }),
}

export const systemRandom: Random = { bytes: pooledRandom(4096) }

/** Asking the generator costs the same for many bytes as for few. No byte is given out twice, or kept. */
function pooledRandom(size: number): Random['bytes'] {
  const pool = new Uint8Array(size)
  let used = size
  return n => {
    if (n > size) return randomBytes(n)
    if (used + n > size) {
      randomFillSync(pool)
      used = 0
    }
    const bytes = pool.slice(used, used + n)
    pool.fill(0, used, used + n)
    used += n
    return bytes
  }
}

export interface LineTelemetry extends Telemetry {
  /** By `metric` or `metric{label=value,…}`, the labels in order of their names. */
  readonly counters: ReadonlyMap<string, number>
}

/** Alarms and errors as one line of JSON each; counters stay in the process, to be read. */
export function lineTelemetry(
  clock: Clock,
  write: (line: string) => void = line => process.stderr.write(line),
): LineTelemetry {
  const counters = new Map<string, number>()
  const log = (level: string, facts: object): void =>
    write(`${JSON.stringify({ time: new Date(clock.now()).toISOString(), level, ...facts })}\n`)
  return {
    counters,
    count(metric, labels) {
      const counter = labels === undefined ? metric : `${metric}{${labelled(labels)}}`
      counters.set(counter, (counters.get(counter) ?? 0) + 1)
    },
    alarm: (name, fields) => log('alarm', { name, fields }),
    error: (message, error, fields = {}) => log('error', { message, error: told(error), fields }),
  }
}

const labelled = (labels: Readonly<Record<string, string>>): string =>
  Object.keys(labels)
    .sort()
    .map(name => `${name}=${labels[name]}`)
    .join(',')

/** Names, messages and places only: other properties of an error may hold what was sent. */
function told(error: unknown): object | string {
  if (!(error instanceof Error)) return typeof error
  const { name, message, stack, cause } = error
  return { name, message, stack, ...(cause !== undefined && { cause: told(cause) }) }
}
