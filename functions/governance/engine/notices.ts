import { keys, listed } from '../../../shared/domain/keys.ts'
import type { Notice } from '../../../shared/domain/notices.ts'
import { reservedIds } from '../../../shared/domain/parties.ts'
import type { Subject } from '../../../shared/domain/proposals.ts'
import { itemAbsent, type Put } from '../../../shared/ports/store.ts'

export interface Telling {
  readonly eid: string
  readonly now: number
  readonly type: string
  readonly text: string
  readonly next?: string
  readonly subject: Subject
  /** Beside those of the subject. */
  readonly tells?: readonly string[]
}

/** A transaction takes 100 items, and a stop is made however many it concerns. */
const maxTold = 80
/** Of those that a hold hits. */
const maxHit = 60

/**
 * One notice for each organisation that it concerns, to stand in the transaction of the decision. Of more than `maxHit`
 * that a hold hits, the others learn of it by what their calls are answered, and by their list of holds.
 */
export function noticePuts({ eid, now, type, text, next, subject, tells = [] }: Telling): readonly Put[] {
  const { kind, id, name, hit = [] } = subject
  const concerned = new Set([
    ...[subject.organisation, ...subject.developers, ...subject.governments, ...tells],
    ...hit.slice(0, maxHit).map(({ organisation }) => organisation),
  ])
  // What is about everybody, or done by an operator, is nobody's to be told alone.
  for (const none of reservedIds) concerned.delete(none)
  return [...concerned].slice(0, maxTold).map(organisation => {
    const notice: Notice = {
      id: `${eid}-${organisation}`,
      organisation,
      type,
      subject: { kind, id, name },
      text,
      entry: eid,
      at: now,
      ...(next && { next }),
      due: 'pending',
      dueAt: now,
      attempts: 0,
    }
    return {
      kind: 'put',
      key: keys.notice(notice.id),
      item: { ...notice, ...listed('notice', organisation, notice.id) },
      if: itemAbsent,
    }
  })
}
