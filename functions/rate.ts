/** Requests that this instance takes from one client. It guards the signer and the log; it is no quota. */
export interface RateLimit {
  readonly perSecond: number
  readonly burst: number
}

/** Takes one request; the answer is the seconds to wait, 0 when it was taken. */
export type Rate = (client: string, now: number) => number

/** GCRA, one theoretical arrival time (milliseconds) for each client that has proved who it is. */
export function createRate({ perSecond, burst }: RateLimit): Rate {
  const interval = 1000 / perSecond
  const arrivals = new Map<string, number>()
  return (client, now) => {
    const arrival = Math.max(arrivals.get(client) ?? now, now)
    const early = arrival - now - (burst - 1) * interval
    if (early > 0) return Math.ceil(early / 1000)
    if (arrivals.size >= remembered) forgetIdle(arrivals, now)
    arrivals.set(client, arrival + interval)
    return 0
  }
}

const remembered = 10_000

function forgetIdle(arrivals: Map<string, number>, now: number): void {
  for (const [client, arrival] of arrivals) if (arrival <= now) arrivals.delete(client)
}
