/** `organisation.webhooks`: where an organisation hears of what concerns it. Its own matter, and its own administrators'. */
import { keys } from '../../../shared/domain/keys.ts'
import type { Webhook } from '../../../shared/domain/parties.ts'
import { Refusal, refuse } from '../../../shared/domain/refusal.ts'
import type { Change, Condition } from '../../../shared/ports/store.ts'
import type { Definition } from '../engine/plan.ts'
import { organisationSubject } from '../engine/subjects.ts'
import { judgeOpen, readOrganisation } from '../people/members.ts'

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
    const [written, still] = writeOf(asked, before !== undefined, made)
    return {
      // Others are not told where it listens.
      subject: { ...organisationSubject(organisation), developers: [], governments: [] },
      difference: [{ field: 'webhooks', from: ids, to: after }],
      // The version stays: a partner could otherwise make each proposal about itself stale, its revocation included.
      keeps: true,
      writes: () => [
        {
          kind: 'update',
          key: keys.organisation(id),
          if: { and: [{ eq: [['rev'], rev] }, still] },
          change: written,
        },
      ],
      told: {
        type: 'organisation.webhooks_changed',
        text: `${name} is told at ${after.length} of at most ${maxWebhooks} addresses.`,
      },
    }
  },
}

/** The change, and what must hold of the webhooks themselves, since the version does not tell of them. */
function writeOf(
  asked: WebhookChange,
  some: boolean,
  made: Webhook | undefined,
): readonly [Change, Condition] {
  if ('remove' in asked)
    return [{ remove: [['webhooks', asked.remove]] }, { exists: ['webhooks', asked.remove] }]
  const id = asked.register
  return some
    ? [{ set: [[['webhooks', id], made]] }, { sizeLt: [['webhooks'], maxWebhooks] }]
    : [{ set: [[['webhooks'], { [id]: made }]] }, { absent: ['webhooks'] }]
}

function judge(
  asked: WebhookChange,
  before: Readonly<Record<string, Webhook>>,
  now: number,
): Webhook | undefined | Refusal {
  if ('remove' in asked)
    return Object.hasOwn(before, asked.remove)
      ? undefined
      : refuse('record_unknown', `There is no webhook ${asked.remove} of this organisation.`, {
          next: 'See those that are: sallyport webhook list',
        })
  if (Object.keys(before).length >= maxWebhooks)
    return refuse('state_forbids', `It has ${maxWebhooks} webhooks: remove one of them first.`)
  return { url: asked.url, createdAt: now }
}
