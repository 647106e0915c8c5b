/** When a notice is sent, to whom, and when no more. Times are milliseconds. */
import type { Notice } from '../domain/notices.ts'
import type { Organisation, Webhook } from '../domain/parties.ts'

/** What takes notices of an organisation: its webhooks by their ids, and the event bus of the deployment. */
export const eventBus = 'event_bus'

/** By the pauses they take a day. */
const leastAttempts = 10

const second = 1_000
const minute = 60 * second
const hour = 60 * minute

/** Attempts go on for so long; a webhook that takes nothing for so long is disabled. */
export const givenUpMs = 72 * hour

/** After each attempt; the last one again and again. */
const pauses = [second, 5 * second, 30 * second, 2 * minute, 10 * minute, hour, 6 * hour] as const

/**
 * The time until the next attempt, after the one of this number (from 1). `share` is random, from 0 to 1: a fifth of
 * the pause, so that what failed together does not come back together.
 */
export function pauseAfter(attempt: number, share: number): number {
  const pause = pauses[Math.max(1, attempt) - 1] ?? 6 * hour
  return Math.round(pause * (1 + share / 5))
}

/** Webhooks that are sent to, by id. */
export function activeWebhooks(
  organisation: Organisation | undefined,
): readonly (readonly [string, Webhook])[] {
  return Object.entries(organisation?.webhooks ?? {}).filter(([, one]) => one.disabledAt === undefined)
}

/** Who has not taken it yet. */
export function waitingFor(
  notice: Notice,
  organisation: Organisation | undefined,
  hasBus: boolean,
): readonly string[] {
  const all = [...activeWebhooks(organisation).map(([id]) => id), ...(hasBus ? [eventBus] : [])]
  return all.filter(id => notice.delivered?.[id] === undefined)
}

export const isDue = ({ due, dueAt = 0 }: Notice, now: number): boolean => due !== undefined && dueAt <= now

/** Age alone does not do: after days without a notifier, the first attempt would be the last. */
export const isGivenUp = ({ at, attempts = 0 }: Notice, now: number): boolean =>
  now - at >= givenUpMs && attempts >= leastAttempts

/**
 * What an answer says. 410: the receiver wants nothing more. A redirect is a failure: following it would send what was
 * signed for one address to another, which nobody has judged.
 */
export function outcomeOf(status: number): 'taken' | 'gone' | 'failed' {
  if (status === 410) return 'gone'
  return status >= 200 && status < 300 ? 'taken' : 'failed'
}

/** Whether a webhook has taken anything since then, of these notices: one that does is not dead, whatever it refuses. */
export const tookAny = (webhook: string, since: number, notices: readonly (Notice | undefined)[]): boolean =>
  notices.some(notice => (notice?.delivered?.[webhook] ?? 0) >= since)
