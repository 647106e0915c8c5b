/** Decisions about access reviews: `review.certify` of who-decides. */
import { digestOf } from '../../../shared/agreements/document.ts'
import { type Governed, keys } from '../../../shared/domain/keys.ts'
import type { Subject } from '../../../shared/domain/proposals.ts'
import type { Agreement } from '../../../shared/domain/records.ts'
import { Refusal, refuse, unknownRecord } from '../../../shared/domain/refusal.ts'
import type { Review } from '../../../shared/domain/reviews.ts'
import { time } from '../../../shared/domain/time.ts'
import type { Store, TransactOp } from '../../../shared/ports/store.ts'
import { change } from '../engine/changes.ts'
import type { Actor, Definition } from '../engine/plan.ts'
import { judgeSight } from '../engine/sight.ts'
import { judgeRole } from '../engine/signer.ts'
import { type Access, checks, holdersOf, readAccess } from './access.ts'
import { keptDigest } from './certificate.ts'

/** An auditor is engaged by models: a review is about those of its agreement. */
export const reviewSubject = (review: Governed<Review>, agreement: Agreement | undefined): Subject => ({
  kind: 'review',
  id: review.id,
  name: `the access review of ${review.organisation} under ${agreement?.title ?? review.agreement}`,
  rev: review.rev,
  organisation: review.organisation,
  developers: [review.developer],
  governments: review.governments,
  ...(agreement && { models: agreement.models }),
  clause: review.clause,
})

export interface ReviewSeen {
  readonly review: Governed<Review>
  readonly agreement: Governed<Agreement>
  readonly subject: Subject
}

/** What does not show itself to `actor` is not there for them. */
export async function readReview(store: Store, id: string, actor?: Actor): Promise<ReviewSeen | Refusal> {
  const [review] = await store.get([keys.review(id)])
  const [agreement] = review ? await store.get([keys.agreement(review.agreement)]) : []
  if (review === undefined || agreement === undefined) return unknownRecord('review', id)
  const subject = reviewSubject(review, agreement)
  return actor && judgeSight(actor, subject) ? unknownRecord('review', id) : { review, agreement, subject }
}

const certify: Definition = {
  async plan({ store }, { id, params }, { actor }) {
    const { kept, certificate } = params as {
      readonly kept: readonly string[]
      /** The operation makes it, once all of this was judged; a dry run has none. */
      readonly certificate?: string
    }
    const seen = await readReview(store, id, actor)
    if (seen instanceof Refusal) return seen
    const { review, agreement, subject } = seen
    const role = actor && judgeRole('review.certify', actor, subject)
    if (role instanceof Refusal) return role
    if (review.state !== 'due')
      return refuse('state_forbids', `The review is ${review.state}; one that is due is certified.`)
    const access = await readAccess(store, review.organisation)
    if (access === undefined)
      return refuse('store_unavailable', 'Somebody was enrolled a moment ago, and is not listed yet.', {
        retryAfter: 1,
      })
    const wrong = judgeKept(access, kept, id)
    if (wrong) return wrong
    const { name } = access.organisation
    return {
      subject,
      difference: [
        { field: 'state', from: review.state, to: 'certified' },
        { field: 'kept', from: null, to: kept.length },
      ],
      recorded: {
        agreement: review.agreement,
        clause: review.clause,
        kept: kept.length,
        keptDigest: keptDigest(kept),
        ...(certificate !== undefined && { certificateDigest: digestOf(certificate) }),
      },
      writes: ({ by, now, eid }) => {
        if (certificate === undefined) throw new Error('a review is certified with its certificate')
        return [
          change<Review>(keys.review(id), review, {
            state: 'certified',
            certified: { by, at: now, entry: eid, kept: kept.toSorted(), certificate },
          }),
          reviewedFrom(agreement, now),
          ...checks(access),
        ]
      },
      told: {
        type: 'review.certified',
        text: `${name} has certified its access review, due ${time(review.dueAt)}: ${kept.length} keep their access.`,
      },
    }
  },
}

/** The days to the next one count from now. What others decide about the agreement does not go stale by it. */
export const reviewedFrom = ({ id }: Pick<Agreement, 'id'>, now: number): TransactOp => ({
  kind: 'update',
  key: keys.agreement(id),
  change: { set: [[['review'], { from: now }]] },
})

/** Ids of a kind that are named in a refusal. */
const maxTold = 10

/** Exactly those that have access, each by its id: whoever certifies has looked at every one of them. */
function judgeKept(access: Access, kept: readonly string[], review: string): Refusal | undefined {
  const holders = holdersOf(access)
  const [named, having] = [new Set(kept), new Set(holders)]
  const missing = holders.filter(id => !named.has(id))
  const extra = kept.filter(id => !having.has(id))
  if (missing.length === 0 && extra.length === 0) return undefined
  const listed = (ids: readonly string[]): string =>
    `${ids.slice(0, maxTold).join(', ')}${ids.length > maxTold ? `, and ${ids.length - maxTold} more` : ''}`
  const details = [
    ...(missing.length > 0 ? [`Not named, and with access: ${listed(missing)}.`] : []),
    ...(extra.length > 0 ? [`Named, and without access: ${listed(extra)}.`] : []),
  ]
  return refuse('body_malformed', details.join(' '), {
    field: 'kept',
    next: `Remove or revoke first whoever is to lose access (sallyport person remove, client revoke); then name all of sallyport review get ${review}`,
  })
}

export const reviewActions = {
  'review.certify': certify,
} satisfies Readonly<Record<string, Definition>>
