/** What people's decisions do to a meter. Each raises `rev`, so that no reservation runs on what was decided away. */
import type { Update } from '../ports/store.ts'
import { keys } from './keys.ts'
import type { Limits, Meter } from './meter.ts'
import { type Refusal, refuse } from './refusal.ts'

const asSeen = (meter: Meter) => ({ eq: [['rev'], meter.rev] }) as const

/** Nothing more is reserved; what is under way is settled. */
export const closeMeter = (meter: Meter): Update<Meter> => ({
  kind: 'update',
  key: keys.meter(meter.id),
  if: asSeen(meter),
  change: {
    set: [[['state'], 'closed']],
    add: [[['rev'], 1]],
    ...(meter.closed && { remove: [['closed']] }),
  },
})

/** One with overruns that nobody has looked at stays closed, for that reason. */
export function openMeter(meter: Meter): Update<Meter> {
  const overrun = Object.keys(meter.overruns).length > 0
  return {
    kind: 'update',
    key: keys.meter(meter.id),
    if: asSeen(meter),
    change: {
      set: overrun
        ? [
            [['state'], 'closed'],
            [['closed'], 'overrun'],
          ]
        : [[['state'], 'open']],
      add: [[['rev'], 1]],
      ...(!overrun && meter.closed && { remove: [['closed']] }),
    },
  }
}

/**
 * Other limits, under whatever load: what is used and reserved stays so, and what is left changes by as much as the
 * total does. A total below what is spent or reserved already is refused, never clamped.
 */
export function changeLimits(meter: Meter, limits: Limits): Update<Meter> | Refusal {
  const by = limits.total - meter.limits.total
  if (by < 0 && meter.remaining < -by)
    return refuse(
      'state_forbids',
      `${meter.limits.total - meter.remaining} tokens are used or reserved already; the total cannot be less.`,
      { field: 'limits.total', meter: meter.id },
    )
  return {
    kind: 'update',
    key: keys.meter(meter.id),
    if: by < 0 ? { and: [asSeen(meter), { ge: [['remaining'], -by] }] } : asSeen(meter),
    change: {
      set: [[['limits'], limits]],
      add: [
        [['rev'], 1],
        [['remaining'], by],
      ],
    },
  }
}

/** The first limit that is above its ceiling, in the words of the API. */
export function aboveCeiling(limits: Limits, ceiling: Limits): string | undefined {
  if (limits.total > ceiling.total) return 'limits.total'
  if (ceiling.perDay !== undefined && (limits.perDay ?? Infinity) > ceiling.perDay) return 'limits.per_day'
  if (limits.rpm > ceiling.rpm) return 'limits.rpm'
  if (limits.burst > ceiling.burst) return 'limits.burst'
  if (limits.streams > ceiling.streams) return 'limits.streams'
  return undefined
}
