/**
 * Tells organisations what was decided about them, by their webhooks and the deployment's event bus, and carries findings
 * to the clearinghouse. It finds what waits through a sparse index and reads each record strongly. Running twice at once
 * is harmless.
 */
import { indexes, type Listed } from '../../shared/domain/keys.ts'
import type { Notice } from '../../shared/domain/notices.ts'
import { isDue } from '../../shared/webhooks/delivery.ts'
import { pages } from '../pages.ts'
import { defaultRunMs, type NotifierDeps } from './deps.ts'
import { handOver } from './hand-off.ts'
import type { Outcome } from './send.ts'
import { type Told, tell } from './tell.ts'

export interface Notified extends Readonly<Record<Told, number>> {
  /** The least time at which something is due that was not in this pass; milliseconds. */
  readonly nextDueAt?: number
}

/** Organisations that are served at the same time: a slow receiver holds up none but its own. */
const atOnce = 8

/** Notices of one organisation in a pass: what is beyond them waits for the next, and nobody waits for them. */
const perOrganisation = 50

/** When what waits is worth a person's look. Milliseconds. */
const overdueMs = 3_600_000

/** One pass over what is due: notices, and findings on their way to a clearinghouse. Neither waits for the other. */
export async function notify(deps: NotifierDeps): Promise<Notified> {
  const until = deps.clock.now() + (deps.runMs ?? defaultRunMs)
  const [told, carried] = await Promise.all([tellAll(deps, until), carryAll(deps, until)])
  const due = [told.nextDueAt, carried.nextDueAt].filter(at => at !== undefined)
  return {
    done: told.done + carried.done,
    later: told.later + carried.later,
    given_up: told.given_up + carried.given_up,
    passed_over: told.passed_over + carried.passed_over,
    ...(due.length > 0 && { nextDueAt: Math.min(...due) }),
  }
}

const carryAll = (deps: NotifierDeps, until: number): Promise<Notified> =>
  handOver(deps, until).catch((error: unknown) => {
    deps.telemetry.error('what waits for a clearinghouse could not be looked through', error)
    return { done: 0, later: 0, given_up: 0, passed_over: 0 }
  })

/** A notice that cannot be told is reported, and the others are told all the same. */
async function tellAll(deps: NotifierDeps, until: number): Promise<Notified> {
  const { queues, nextDueAt } = await collect(deps, until)
  const told = { done: 0, later: 0, given_up: 0, passed_over: 0 }
  const serve = async (notices: readonly Notice[]): Promise<void> => {
    const broken: Map<string, Outcome> = new Map()
    for (const notice of notices) {
      if (deps.clock.now() >= until) return
      try {
        told[await tell(deps, notice, broken)] += 1
      } catch (error) {
        deps.telemetry.error('a notice could not be told', error, { notice: notice.id })
      }
    }
  }
  const waiting = queues.values()
  await Promise.all(
    Array.from({ length: atOnce }, async () => {
      for (const notices of waiting) await serve(notices)
    }),
  )
  return { ...told, ...(nextDueAt !== undefined && { nextDueAt }) }
}

interface Collected {
  /** Of one organisation each, oldest first; those whose receivers work come before those that were tried often. */
  readonly queues: readonly (readonly Notice[])[]
  readonly nextDueAt?: number
}

async function collect({ store, clock, telemetry }: NotifierDeps, until: number): Promise<Collected> {
  const now = clock.now()
  const queues = new Map<string, Notice[]>()
  let oldest = now
  let nextDueAt = Number.POSITIVE_INFINITY
  const query = { index: indexes.byDue, partition: 'pending' }
  for await (const batch of pages<Notice & Listed>(store, query)) {
    for (const notice of await store.get(batch)) {
      if (notice?.due === undefined) continue
      oldest = Math.min(oldest, notice.at)
      if (!isDue(notice, now)) {
        nextDueAt = Math.min(nextDueAt, notice.dueAt ?? now)
        continue
      }
      const queue = queues.get(notice.organisation) ?? []
      queues.set(notice.organisation, queue)
      if (queue.length < perOrganisation) queue.push(notice)
      else nextDueAt = now
    }
    if (clock.now() >= until) break
  }
  if (now - oldest >= overdueMs)
    telemetry.alarm('notices_overdue', { hours: Math.floor((now - oldest) / 3_600_000) })
  return {
    queues: [...queues.values()].sort((a, b) => fewestAttempts(a) - fewestAttempts(b)),
    ...(nextDueAt !== Number.POSITIVE_INFINITY && { nextDueAt }),
  }
}

const fewestAttempts = (notices: readonly Notice[]): number =>
  Math.min(...notices.map(({ attempts = 0 }) => attempts))
