import type { Meter } from '../../shared/domain/meter.ts'

/** What is wrong with a reservation that has made `is` of `was`. `latest`: what a clock shows at most, milliseconds. */
export function overshoots(was: Meter, is: Meter, latest: number): readonly string[] {
  const { perDay = is.dayUsed, streams, rpm, burst } = was.limits
  // GCRA: each call moves the time of arrival on by one interval, and no further ahead than a burst.
  const interval = 60_000_000 / rpm
  const broken: Readonly<Record<string, boolean>> = {
    [`overshoots its budget: ${is.remaining}`]: is.remaining < 0,
    [`overshoots its day: ${is.dayUsed} of ${perDay}`]: is.dayUsed > perDay,
    'overshoots its streams': Object.keys(is.leases).length > streams,
    'takes nothing of its rate': is.tat < was.tat + interval,
    'overshoots its rate': is.tat > latest * 1000 + burst * Math.ceil(interval),
  }
  return Object.keys(broken).filter(what => broken[what])
}
