/** `organisation.webhooks`: where an organisation hears of what concerns it. Its own matter, and its own administrators'. */
import { keys } from '../../shared/domain/keys.ts'
import type { Webhook } from '../../shared/domain/parties.ts'
import { Refusal, refuse } from '../../shared/domain/refusal.ts'
import type { Change } from '../../shared/ports/store.ts'
import { judgeOpen, readOrganisation } from './members.ts'
import type { Definition } from './plan.ts'
import { organisationSubject } from './subjects.ts'

/** Each notice is sent to every one of them. */
export const maxWebhooks = 5

/** The address was judged when it was asked for, and is again before anything is sent. */
export type WebhookChange = { readonly register: string; readonly url: string } | { readonly remove: string }

export const webhooks: Definition = {
  async plan({ store }, { id, params }, { now, actor }) {
    const asked = params as unknown as WebhookChange
    const organisation = await readOrganisation(store, id, actor)
    if (organisation instanceof Refusal) return organisation
    const closed = judgeOpen(organisation)
    if (closed) return closed
    const { name, rev, webhooks: before } = organisation
    const ids = Object.keys(before ?? {})
    const made = judge(asked, before ?? {}, now)
    if (made instanceof Refusal) return made
    const after = 'register' in asked ? [...ids, asked.register] : ids.filter(one => one !== asked.remove)
    const written: Change =
      'remove' in asked
        ? { remove: [['webhooks', asked.remove]] }
        : before
          ? { set: [[['webhooks', asked.register], made]] }
          : { set: [[['webhooks'], { [asked.register]: made }]] }
    return {
      // Others are not told where it listens.
      subject: { ...organisationSubject(organisation), developers: [], governments: [] },
      difference: [{ field: 'webhooks', from: ids, to: after }],
      writes: () => [
        {
          kind: 'update',
          key: keys.organisation(id),
          if: { eq: [['rev'], rev] },
          change: { ...written, add: [[['rev'], 1]] },
        },
      ],
      told: {
        type: 'organisation.webhooks_changed',
        text: `${name} is told at ${after.length} of at most ${maxWebhooks} addresses.`,
      },
    }
  },
}

function judge(
  asked: WebhookChange,
  before: Readonly<Record<string, Webhook>>,
  now: number,
): Webhook | undefined | Refusal {
  if ('remove' in asked)
    return Object.hasOwn(before, asked.remove)
      ? undefined
      : refuse('record_unknown', `There is no webhook ${asked.remove} of this organisation.`)
  if (Object.keys(before).length >= maxWebhooks)
    return refuse('state_forbids', `It has ${maxWebhooks} webhooks: remove one of them first.`)
  return { url: asked.url, createdAt: now }
}
