import { keys } from '../../shared/domain/keys.ts'
import type { Notice } from '../../shared/domain/notices.ts'
import type { Organisation } from '../../shared/domain/parties.ts'
import { eventBus, givenUpMs, isGivenUp, pauseAfter, waitingFor } from '../../shared/webhooks/delivery.ts'
import { claim, mark } from './claim.ts'
import type { NotifierDeps } from './deps.ts'
import { disable, tookNothing } from './disable.ts'
import { type Outcome, sendToBus, sendToWebhook } from './send.ts'

/** What became of a notice in this run. `later`: some have it still to come. */
export type Told = 'done' | 'later' | 'given_up' | 'passed_over'

/**
 * Sends one notice to those of its organisation that have not taken it. `broken` collects the receivers that failed in
 * this run: they are asked once a run, or a receiver that never answers would cost its time for every notice.
 */
export async function tell(deps: NotifierDeps, notice: Notice, broken: Map<string, Outcome>): Promise<Told> {
  const { store, clock, telemetry } = deps
  const [organisation] = await store.get([keys.organisation(notice.organisation)])
  const waiting = waitingFor(notice, organisation, deps.events !== undefined)
  if (waiting.length === 0) {
    await mark(store, notice, { taken: [], now: clock.now() })
    return 'done'
  }
  const last = isGivenUp(notice, clock.now())
  const tried = waiting.filter(id => !broken.has(id))
  if (tried.length === 0 && !last) return 'passed_over'
  const claimed = await claim(store, notice, clock.now(), share(deps))
  if (claimed === undefined) return 'passed_over'

  const outcomes = new Map(
    await Promise.all(tried.map(async id => [id, await send(deps, claimed, organisation, id)] as const)),
  )
  for (const [id, outcome] of outcomes) {
    telemetry.count('deliveries', { outcome })
    if (outcome === 'failed' || outcome === 'unsent') broken.set(id, outcome)
  }
  const cameTo = (id: string): Outcome | undefined => outcomes.get(id) ?? broken.get(id)
  const all = (outcome: Outcome) => waiting.filter(id => cameTo(id) === outcome)
  const left = waiting.filter(id => !['taken', 'gone'].includes(cameTo(id) ?? 'failed'))
  const now = clock.now()
  const again = now + pauseAfter(claimed.attempts ?? 1, share(deps))
  const done = left.length === 0 || last
  await mark(store, claimed, { taken: all('taken'), now, ...(!done && { again }) })

  if (organisation) {
    for (const id of all('gone')) await disable(deps, organisation, id, 'gone', notice.id)
    if (last) for (const id of all('failed')) await disableIfDead(deps, organisation, id, notice.id)
  }
  if (left.length === 0) return 'done'
  if (!last) return 'later'
  telemetry.alarm('notice_given_up', { organisation: notice.organisation, notice: notice.id })
  return 'given_up'
}

async function send(
  deps: NotifierDeps,
  notice: Notice,
  organisation: Organisation | undefined,
  id: string,
): Promise<Outcome> {
  if (id === eventBus) return sendToBus(deps, notice)
  const webhook = organisation?.webhooks?.[id]
  return webhook ? sendToWebhook(deps, notice, id, webhook) : 'unsent'
}

/** One that refuses a single notice and takes others is not dead, nor one that is younger than the patience with it. */
async function disableIfDead(
  deps: NotifierDeps,
  organisation: Organisation,
  webhook: string,
  notice: string,
): Promise<void> {
  const since = deps.clock.now() - givenUpMs
  if ((organisation.webhooks?.[webhook]?.createdAt ?? 0) > since) return
  if (await tookNothing(deps, organisation.id, webhook, since))
    await disable(deps, organisation, webhook, 'failing', notice)
}

/** From 0 to 1, without 1. */
const share = ({ random }: NotifierDeps): number => Buffer.from(random.bytes(4)).readUInt32BE() / 2 ** 32
