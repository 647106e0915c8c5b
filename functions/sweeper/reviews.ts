/** Access reviews: opened ahead of time, flagged once when nobody certified them, ended with their agreement. */
import { type Governed, keys, listed } from '../../shared/domain/keys.ts'
import type { Subject } from '../../shared/domain/proposals.ts'
import type { Agreement } from '../../shared/domain/records.ts'
import type { Review } from '../../shared/domain/reviews.ts'
import { time } from '../../shared/domain/time.ts'
import { itemAbsent, type TransactOp } from '../../shared/ports/store.ts'
import { change } from '../governance/engine/changes.ts'
import { agreementSubject } from '../governance/engine/subjects.ts'
import { type Lapse, lapseCommit } from '../governance/lapse.ts'
import { isOwed, isToOpen, nextReview, reviewId } from '../governance/reviews/review-clock.ts'
import { reviewedFrom, reviewSubject } from '../governance/reviews/reviews.ts'
import { ownerOf } from './missed-stops.ts'
import { remind, reminderId } from './reminder.ts'

export const openedReview: Lapse<Agreement> = {
  name: 'reviews_opened',
  key: keys.agreement,
  due: (agreement, { now }) => isToOpen(agreement, now),
  eid: (agreement, { now }) => {
    const { nominal, opensAt } = nextReview(agreement, now) ?? { nominal: 0, opensAt: 0 }
    return reminderId(`review ${agreement.id} ${nominal}`, opensAt)
  },
  async end({ store }, agreement, at) {
    const next = nextReview(agreement, at.now)
    const clause = agreement.clauses['insider-risk']
    if (next === undefined || clause === undefined) return undefined
    const counterparty = await ownerOf(store, { id: agreement.id, organisation: agreement.counterparty })
    const { developers, governments } = agreementSubject(agreement, counterparty)
    const id = reviewId(agreement.id, next.nominal)
    const review: Governed<Review> = {
      id,
      organisation: agreement.counterparty,
      agreement: agreement.id,
      clause,
      developer: agreement.developer,
      governments: governments.filter(one => !developers.includes(one)),
      state: 'due',
      openedAt: at.now,
      // Who was not asked in time is given the time that the asking leaves.
      dueAt: next.nominal > at.now ? next.nominal : at.now + next.ahead,
      rev: 1,
      ...listed('review', agreement.counterparty, id),
    }
    const reminded = await remind(
      store,
      {
        subject: forItself(reviewSubject(review, agreement)),
        type: 'review.due',
        text: `An access review is due by ${time(review.dueAt)}: look through your people and clients, and certify who keeps access (clause ${clause} of “${agreement.title}”).`,
        next: `sallyport review certify ${id}`,
        dueAt: review.dueAt,
      },
      at,
    )
    if (reminded === undefined) return undefined
    const writes: readonly TransactOp[] = [
      { kind: 'put', key: keys.review(id), item: review, if: itemAbsent },
      {
        kind: 'update',
        key: keys.agreement(agreement.id),
        // Its version stays: what people have proposed about it does not go stale by the clock.
        if: { and: [{ eq: [['rev'], agreement.rev] }, { absent: ['review', 'open'] }] },
        change: { set: [[['review'], { ...agreement.review, open: id }]] },
      },
    ]
    return { ...reminded, ops: [...writes, ...reminded.ops] }
  },
}

/** It is theirs to do; nobody else is asked for anything. */
const forItself = (subject: Subject): Subject => ({ ...subject, developers: [], governments: [] })

const missedAt = ({ state, missed, dueAt }: Review, now: number): boolean =>
  state === 'due' && missed === undefined && dueAt <= now

/** Nobody certified it in time: every party hears of it, once. It stays to be done. */
export const missedReview: Lapse<Review> = {
  name: 'reviews_missed',
  key: keys.review,
  due: (review, { now }) => missedAt(review, now),
  async end({ store }, review, at) {
    const [agreement] = await store.get([keys.agreement(review.agreement)])
    if (agreement === undefined || !isOwed(agreement, at.now)) return undefined
    const subject = reviewSubject(review, agreement)
    const flagged: TransactOp = {
      kind: 'update',
      key: keys.review(review.id),
      if: { and: [{ eq: [['state'], 'due'] }, { absent: ['missed'] }] },
      change: { set: [[['missed'], true]] },
    }
    return lapseCommit(at, [flagged], {
      step: 'missed',
      action: { name: 'review.certify', params: { agreement: review.agreement, clause: review.clause } },
      subject,
      type: 'review.overdue',
      text: `Nobody has certified ${subject.name}, which was due by ${time(review.dueAt)} (clause ${review.clause}).`,
      next: `sallyport review get ${review.id}`,
    })
  },
}

/** The agreement has come to its end, or asks for no review any more: nobody owes it. */
export const endedReview: Lapse<Review> = {
  name: 'reviews_ended',
  key: keys.review,
  due: ({ state }) => state === 'due',
  async end({ store }, review, at) {
    const [agreement] = await store.get([keys.agreement(review.agreement)])
    if (agreement === undefined || isOwed(agreement, at.now)) return undefined
    const subject = reviewSubject(review, agreement)
    const writes: readonly TransactOp[] = [
      change<Review>(keys.review(review.id), review, { state: 'ended' }),
      reviewedFrom(agreement, at.now),
    ]
    return lapseCommit(at, writes, {
      step: 'lapsed',
      action: { name: 'review.certify', params: { agreement: review.agreement, clause: review.clause } },
      subject,
      difference: [{ field: 'state', from: review.state, to: 'ended' }],
      type: 'review.ended',
      text: `Nobody owes ${subject.name} any more: what asked for it has ended.`,
    })
  },
}
