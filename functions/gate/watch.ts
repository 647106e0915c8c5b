/**
 * The beat of a call under way: its authority is read again every second and its leases are renewed every
 * third of a lease. What ends a call early comes from here, as a refusal.
 */
import { authoriseModel } from '../../shared/domain/authority.ts'
import { renew } from '../../shared/domain/meter.ts'
import { type InForce, Refusal, refuse } from '../../shared/domain/refusal.ts'
import type { Store } from '../../shared/ports/store.ts'
import type { Clock } from '../../shared/ports/world.ts'
import { type GateCaller, inForce, readAuthority } from './authority.ts'
import { within } from './within.ts'

const beatMs = 1_000
const readDeadlineMs = 500
const retryMs = 100
/** Below the idle limits of what usually stands between: load balancers give up after a minute. */
const silenceMs = 15_000
/** Without a good read for this long, a revocation could have gone unseen for too long. */
const blindMs = 1_500

export interface Watched {
  readonly caller: GateCaller
  readonly eid: string
  readonly meters: readonly string[]
  /** When the read that admitted the call began. */
  readonly readAt: number
  /** The earliest of the expiries that admitted it. */
  readonly until: number
  readonly leaseMs: number
  /** The upstream may be silent for this long. */
  readonly idleMs: number
  /** Nothing is asked of the upstream now, so its silence is none. */
  readonly resting: () => boolean
  /** The authority was read again. */
  readonly saw: (inForce: InForce) => void
}

export interface Watch {
  /**
   * Resolves once the authority was read well within `blindMs`, or the call was cut. What came before, entries and
   * meters, may have taken longer.
   */
  fresh(): Promise<void>
  /** Something came from the upstream. */
  heard(): void
  /** Resolves when it has been silent for so long that the caller should hear that we still wait. */
  silence(): Promise<undefined>
  stop(): void
}

/** Calls `cut` at most once. */
export function watchCall(
  { store, clock }: { readonly store: Store; readonly clock: Clock },
  call: Watched,
  cut: (why: Refusal) => void,
): Watch {
  const stopped = new AbortController()
  let heardAt = clock.now()
  let goodAt = call.readAt
  let renewedAt = call.readAt
  let { until } = call
  let brokenAt = heardAt
  let wake = (): void => undefined
  let checkedOnce = (): void => undefined

  /** True for a good read; false for one that failed and is to be tried again soon. */
  const check = async (): Promise<boolean | Refusal> => {
    const startedAt = clock.now()
    if (call.resting()) heardAt = startedAt
    if (startedAt - heardAt > call.idleMs)
      return refuse('upstream_timeout', `Nothing came for ${call.idleMs / 1000} s.`)
    const read = await within(clock, readDeadlineMs, readAuthority(store, call.caller))
    if (read === undefined)
      return (
        clock.now() - goodAt >= blindMs &&
        refuse('store_unavailable', 'The authority could not be read again.')
      )
    goodAt = startedAt
    call.saw(inForce(read.records))
    const authority = authoriseModel(call.caller, read.records, clock.now())
    if (authority instanceof Refusal) return authority
    until = authority.until
    return true
  }

  const keepLeases = async (): Promise<Refusal | undefined> => {
    const now = clock.now()
    if (now - renewedAt < call.leaseMs / 3) return undefined
    const writes = call.meters.map(meter => store.write(renew(meter, call.eid, now + call.leaseMs)))
    const renewed = await within(clock, readDeadlineMs, Promise.all(writes))
    if (renewed?.every(written => written.ok)) renewedAt = now
    else if (renewed || clock.now() - renewedAt > call.leaseMs)
      return refuse('store_unavailable', 'The reservation could not be kept.')
    return undefined
  }

  const run = async (): Promise<void> => {
    let beat = call.readAt + beatMs
    for (;;) {
      // Never longer than a beat, even if the clock was set back meanwhile.
      await clock.sleep(Math.min(beat - clock.now(), until - clock.now(), beatMs), stopped.signal)
      if (stopped.signal.aborted) return
      if (clock.now() - Math.max(heardAt, brokenAt) >= silenceMs) {
        brokenAt = clock.now()
        wake()
      }
      const checked = await check()
      const why = checked instanceof Refusal ? checked : await keepLeases()
      if (stopped.signal.aborted) return
      if (why) stopped.abort('cut')
      checkedOnce()
      if (why) return cut(why)
      beat = checked ? goodAt + beatMs : clock.now() + retryMs
    }
  }
  void run()
  return {
    fresh: async () => {
      while (!stopped.signal.aborted && clock.now() - goodAt > blindMs)
        await new Promise<void>(resolve => {
          checkedOnce = resolve
        })
    },
    heard: () => {
      heardAt = clock.now()
    },
    silence: () =>
      new Promise(resolve => {
        wake = () => resolve(undefined)
      }),
    stop: () => {
      stopped.abort('stopped')
      checkedOnce()
    },
  }
}
