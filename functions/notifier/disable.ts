import { indexes, keys, listed } from '../../shared/domain/keys.ts'
import type { Notice } from '../../shared/domain/notices.ts'
import type { Organisation } from '../../shared/domain/parties.ts'
import { entryId, entryIdFrom } from '../../shared/entries/id.ts'
import { putEntry } from '../../shared/entries/put.ts'
import { webhookDisabledEntry } from '../../shared/entries/webhook.ts'
import { itemAbsent, type Key } from '../../shared/ports/store.ts'
import { givenUpMs, tookAny } from '../../shared/webhooks/delivery.ts'
import type { NotifierDeps } from './deps.ts'

/**
 * Whether a webhook has taken nothing since then. The organisation's notices tell: those made since, and those made so
 * long before that they were still being sent. Newest first, so that a receiver that works is found to at once.
 */
export async function tookNothing(
  { store }: Pick<NotifierDeps, 'store'>,
  organisation: string,
  webhook: string,
  since: number,
): Promise<boolean> {
  let after: string | undefined
  do {
    const page = await store.query({
      index: indexes.byOwner,
      partition: organisation,
      from: `notice#${entryIdFrom(Math.max(0, since - givenUpMs))}`,
      // The character after `#`.
      to: 'notice$',
      order: 'desc',
      limit: 100,
      ...(after !== undefined && { after }),
    })
    if (tookAny(webhook, since, await store.get(page.keys as readonly Key<Notice>[]))) return false
    after = page.next
  } while (after !== undefined)
  return true
}

/**
 * Sends nothing more to a webhook, with an entry, and a notice to those of the organisation that still work. The
 * record's `rev` stays: a receiver could otherwise make proposals about its organisation stale at will. False where
 * that was done before.
 */
export async function disable(
  deps: NotifierDeps,
  organisation: Organisation,
  webhook: string,
  why: 'gone' | 'failing',
  notice: string,
): Promise<boolean> {
  const { store, clock, random, telemetry } = deps
  const now = clock.now()
  const eid = entryId(now, random.bytes(16))
  const { id, name } = organisation
  const { ok } = await store.transact([
    {
      kind: 'update',
      key: keys.organisation(id),
      change: { set: [[['webhooks', webhook, 'disabledAt'], now]] },
      if: { and: [{ exists: ['webhooks', webhook] }, { absent: ['webhooks', webhook, 'disabledAt'] }] },
    },
    putEntry(webhookDisabledEntry({ eid, now, organisation: { id, name }, webhook, why, notice })),
    putNotice({
      id: `${eid}-${id}`,
      organisation: id,
      type: 'webhook.disabled',
      subject: { kind: 'organisation', id, name },
      text:
        why === 'gone'
          ? `Nothing more is sent to the webhook ${webhook}: its receiver answered that it is gone.`
          : `Nothing more is sent to the webhook ${webhook}: it has taken nothing for three days.`,
      entry: eid,
      at: now,
      next: 'Register it anew when its receiver works.',
      due: 'pending',
      dueAt: now,
      attempts: 0,
    }),
  ])
  if (ok) telemetry.alarm('webhook_disabled', { organisation: id, webhook, why })
  return ok
}

const putNotice = (notice: Notice) =>
  ({
    kind: 'put',
    key: keys.notice(notice.id),
    item: { ...notice, ...listed('notice', notice.organisation, notice.id) },
    if: itemAbsent,
  }) as const
