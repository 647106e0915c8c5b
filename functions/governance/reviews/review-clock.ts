/** When the access reviews of an agreement fall due: pure. */
import { hash } from 'node:crypto'
import { agreementStateAt } from '../../../shared/domain/agreement-step.ts'
import { randomId } from '../../../shared/domain/id.ts'
import type { Agreement } from '../../../shared/domain/records.ts'

const dayMs = 86_400_000
/** How long ahead a review is opened; at once where they follow closer on each other. */
const aheadMs = 14 * dayMs

export interface ReviewTerm {
  /** When it is due by the clause. */
  readonly nominal: number
  /** When it is opened. */
  readonly opensAt: number
  /** How long whoever is asked has, where it could not be opened before it was due. */
  readonly ahead: number
}

/** The next one of an agreement in force; nothing where its clauses ask for none. */
export function nextReview(agreement: Agreement, now: number): ReviewTerm | undefined {
  const { clocks, startsAt, review } = agreement
  const days = clocks?.reviewDays
  if (days === undefined || agreementStateAt(agreement, now) !== 'effective') return undefined
  const nominal = (review?.from ?? startsAt) + days * dayMs
  const ahead = Math.min(aheadMs, days * dayMs)
  return { nominal, opensAt: nominal - ahead, ahead }
}

/** It should be opened by now, and none is open. */
export function isToOpen(agreement: Agreement, now: number): boolean {
  const next = nextReview(agreement, now)
  return next !== undefined && agreement.review?.open === undefined && next.opensAt <= now
}

/** Whether anybody still owes a review: the agreement goes on, and asks for it. */
export const isOwed = (agreement: Agreement, now: number): boolean =>
  agreement.clocks?.reviewDays !== undefined &&
  ['effective', 'suspended'].includes(agreementStateAt(agreement, now))

/** The same for the same agreement and due date, so that several sweepers make one. */
export const reviewId = (agreement: string, nominal: number): string =>
  randomId('review', hash('sha256', `review ${agreement} ${nominal}`, 'buffer').subarray(0, 16))
