/** What time does to a client: it ends, or nobody has used or confirmed it for too long. */
import type { ClientEvent } from './machines.ts'
import type { Client } from './records.ts'
import type { Rules } from './rules.ts'
import type { ReasonCode } from './stop.ts'

const day = 86_400_000

export interface ClientLapse {
  readonly event: Extract<ClientEvent, 'expire' | 'suspend'>
  /** Why it is suspended. */
  readonly reason?: Extract<ReasonCode, 'inactivity' | 'confirmation_missed'>
}

/**
 * The event that is due, `undefined` where none is. `now` in milliseconds. Calls are refused without it, by the expiry
 * and by the sponsor's confirmation; of inactivity, this is the only judge.
 */
export function lapseOf(
  client: Client,
  { inactivityDays }: Pick<Rules, 'inactivityDays'>,
  now: number,
): ClientLapse | undefined {
  const { state, expiresAt, sponsor } = client
  const live = state === 'enrolled' || state === 'active'
  if (!live && state !== 'suspended') return undefined
  if (expiresAt <= now) return { event: 'expire' }
  if (!live) return undefined
  if (sponsor && sponsor.confirmedUntil <= now) return { event: 'suspend', reason: 'confirmation_missed' }
  const since = idleSince(client)
  if (since !== undefined && now - since >= inactivityDays * day)
    return { event: 'suspend', reason: 'inactivity' }
  return undefined
}

/**
 * Milliseconds: since when it surely was given no token. `seenOn` is a whole day, on whose last moment it may have been.
 * Of a client about which neither is known nobody can say that it is idle.
 */
export function idleSince({ createdAt, seenOn }: Pick<Client, 'createdAt' | 'seenOn'>): number | undefined {
  const known = [createdAt, seenOn === undefined ? undefined : (seenOn + 1) * day].filter(
    at => at !== undefined,
  )
  return known.length === 0 ? undefined : Math.max(...known)
}
