/**
 * The times that a reader is shown beside a body: their tens of seconds are facts, what is below marks the copy. By
 * arithmetic alone, so that a browser does it too. Pure.
 */

/** Below so many seconds nothing that is shown of a time is a fact. */
export const exactToSeconds = 10

export interface Shown {
  /** RFC 3339, UTC, to the microsecond. */
  readonly time: string
  /** Seconds with six decimals; of what took some time. */
  readonly latency_s?: string
  readonly exact_to_s: typeof exactToSeconds
}

interface Times {
  readonly time?: unknown
  readonly start_time?: unknown
}

/** Of a carrier: the time and the latency in it, microseconds. */
function timesIn(carrier: Uint8Array): readonly [time: bigint, latency: bigint] {
  const fields = new DataView(carrier.buffer, carrier.byteOffset)
  return [fields.getBigUint64(8), fields.getBigUint64(16)]
}

/** A slot without marks: what it shows is in the body. */
export function isPlain({ time }: Times, carrier: Uint8Array): boolean {
  const [shown, latency] = timesIn(carrier)
  return latency === 0n && shown === BigInt(time as number) * 1_000n
}

/** What stands in a slot, as people read it. */
export function shownOf({ start_time }: Times, carrier: Uint8Array): Shown {
  const [time, latency] = timesIn(carrier)
  return {
    time: instantText(time),
    ...(start_time !== undefined && { latency_s: secondsText(latency) }),
    exact_to_s: exactToSeconds,
  }
}

/** Microseconds since 1970. */
const instantText = (micros: bigint): string =>
  `${new Date(Number(micros / 1_000n)).toISOString().slice(0, -1)}${String(micros % 1_000n).padStart(3, '0')}Z`

const secondsText = (micros: bigint): string =>
  `${micros / 1_000_000n}.${String(micros % 1_000_000n).padStart(6, '0')}`
