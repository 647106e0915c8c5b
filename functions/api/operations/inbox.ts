import { indexes, type Listed } from '../../../shared/domain/keys.ts'
import type { Notice } from '../../../shared/domain/notices.ts'
import { rolesOf } from '../../../shared/domain/parties.ts'
import { Refusal, refuse } from '../../../shared/domain/refusal.ts'
import type { Viewer } from '../../../shared/domain/who-sees.ts'
import type { Key } from '../../../shared/ports/store.ts'
import { forPeople, type Operation } from '../operation.ts'
import { listOf, listQuery } from '../shapes/common.ts'
import { noticeShown, showNotice } from '../shapes/notice.ts'

/**
 * A notice tells an organisation of everything that concerns it. A consultant belongs to one and is shown what is shared
 * with them alone; whoever holds no role is shown nothing.
 */
export const readsInbox = ({ kind, roles }: Viewer): boolean =>
  roles.some(role => role !== 'consultant' && rolesOf[kind].includes(role))

export const inboxOperations: readonly Operation[] = [
  forPeople({
    id: 'listNotices',
    method: 'GET',
    path: '/inbox',
    tag: 'inbox',
    summary: 'What your organisation was told, newest first',
    query: listQuery,
    answers: { 200: listOf(noticeShown) },
    async answer({ deps: { store }, caller, query: { limit = 50, after } }) {
      const { viewer } = caller
      if (!readsInbox(viewer)) {
        const roles = rolesOf[viewer.kind].filter(role => role !== 'consultant').join(', ')
        return refuse('role_missing', `The inbox is for those who act for the organisation: ${roles}.`)
      }
      // The id of a notice begins with that of its entry, which sorts in time.
      const page = await store
        .query({
          index: indexes.byOwner,
          partition: viewer.organisation,
          from: 'notice#',
          to: 'notice$',
          order: 'desc',
          limit,
          ...(after !== undefined && { after }),
        })
        .catch((error: unknown) => {
          if (error instanceof TypeError)
            return refuse('body_malformed', 'after is the next of an earlier page.', { field: 'after' })
          throw error
        })
      if (page instanceof Refusal) return page
      const found = await store.get(page.keys as readonly Key<Notice & Listed>[])
      // Ids tell the time to 10 s: within a page the exact times put them in order.
      const items = found
        .filter(one => one?.organisation === viewer.organisation)
        .flatMap(one => (one ? [one] : []))
        .toSorted((a, b) => b.at - a.at)
        .map(showNotice)
      return { status: 200, body: { items, next: page.next ?? null } }
    },
  }),
]
