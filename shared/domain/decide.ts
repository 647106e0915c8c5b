import { authoriseModel, type ModelAuthority, type ModelCaller, type ModelRecords } from './authority.ts'
import { lastingObstacle, type Meter, type Obstacle, reservedNow } from './meter.ts'
import type { Capability, Model } from './records.ts'
import { Refusal, refuse } from './refusal.ts'

/** What a request asks of one model, as its protocol's parser read it. */
export interface Ask {
  /** The `model` of the body. */
  readonly model: string
  /** Each capability it uses, with the field that asks for it. */
  readonly uses: ReadonlyMap<Capability, string>
  /** Tokens it can cost at most: what is reserved. */
  readonly ceiling: number
}

export interface Allow<A extends Ask = Ask> extends ModelAuthority {
  readonly ask: A
  /** In key order; each is charged the same number of tokens. */
  readonly meters: readonly Meter[]
}

/**
 * Steps 2 to 3 of the admission of a call: pure, over records that were read together. `until` bounds how
 * long the call may last; it is judged again every second while the call runs.
 */
export function decide<A extends Ask>(
  caller: ModelCaller,
  records: ModelRecords,
  meters: readonly (Meter | undefined)[],
  asks: (model: Model) => A | Refusal,
  now: number,
): Allow<A> | Refusal {
  const authority = authoriseModel(caller, records, now)
  if (authority instanceof Refusal) return authority
  const { model, agreement, grant } = authority

  const ask = asks(model)
  if (ask instanceof Refusal) return ask
  if (ask.model !== model.id)
    return refuse(
      'model_unknown',
      `The token is for ${model.id}, the body asks for ${ask.model.slice(0, 64)}.`,
      {
        field: 'model',
      },
    )

  for (const [capability, field] of ask.uses)
    if (!agreement.capabilities.includes(capability) || !caller.scopes.includes(capability))
      return refuse('capability_withheld', `${field} needs ${capability}, which this token does not carry.`, {
        field,
        clause: agreement.clauses.capabilities,
      })

  const found: Meter[] = []
  const blocked: Blocked[] = []
  for (const id of grant.meters) {
    const meter = meters.find(meter => meter?.id === id)
    if (meter === undefined) return refuse('store_unavailable', `The meter ${id} is missing.`)
    const obstacle = lastingObstacle(meter, ask.ceiling, now)
    if (obstacle) blocked.push({ meter, obstacle })
    found.push(meter)
  }
  if (found.length === 0) return refuse('grant_missing', `The grant ${grant.id} has no meter.`)
  const binding = bindingOf(blocked)
  if (binding) return meterRefusal(binding.meter, binding.obstacle, ask.ceiling, agreement.clauses.quota)
  return { ...authority, ask, meters: found }
}

interface Blocked {
  readonly meter: Meter
  readonly obstacle: Obstacle
}

/** What does not pass by itself, the request's own fault first. */
const final: readonly Obstacle['code'][] = [
  'request_exceeds_limit',
  'meter_closed',
  'budget_exhausted',
  'pool_exhausted',
]
const rank = ({ code }: Obstacle): number => (final.includes(code) ? final.indexOf(code) : final.length)

/** Of all that block a call the one that lasts longest: told of another, a caller would wait in vain. */
const bindingOf = (blocked: readonly Blocked[]): Blocked | undefined =>
  blocked.toSorted(
    (a, b) =>
      rank(a.obstacle) - rank(b.obstacle) || (b.obstacle.retryAfter ?? 0) - (a.obstacle.retryAfter ?? 0),
  )[0]

/** The refusal by one meter, named, of a request that can cost `r` tokens. */
export const meterRefusal = (meter: Meter, blocked: Obstacle, r: number, clause: string): Refusal =>
  refuse(blocked.code, explain(blocked.code, meter, r), {
    clause,
    meter: meter.id,
    ...(blocked.retryAfter !== undefined && { retryAfter: blocked.retryAfter }),
  })

function explain(code: Obstacle['code'], meter: Meter, r: number): string {
  const { id, shared, limits, remaining, dayUsed } = meter
  const whose = shared ? ` of the ${shared} (${id})` : ''
  const underWay = reservedNow(meter)
  const reserved = underWay > 0 ? `; calls under way hold ${underWay}, of which some may come back` : ''
  switch (code) {
    case 'request_exceeds_limit':
      return `The request can cost ${r} tokens; the limit${whose} is ${Math.min(limits.total, limits.perDay ?? limits.total)}.`
    case 'budget_exhausted':
    case 'pool_exhausted':
      return `The request can cost ${r} tokens; ${remaining} of ${limits.total}${whose} remain${reserved}.`
    case 'day_exhausted':
      return `The request can cost ${r} tokens; ${(limits.perDay ?? 0) - dayUsed} of ${limits.perDay}${whose} remain today${reserved}.`
    case 'streams_exhausted':
      return `${limits.streams} calls are under way, as many as the limit${whose} admits.`
    case 'rate_limited':
      return `The limit${whose} is ${limits.rpm} requests a minute.`
    case 'meter_closed':
      return `The meter ${id} is ${meter.state}${meter.closed ? `: ${meter.closed}` : ''}.`
  }
}
