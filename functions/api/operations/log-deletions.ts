import { keys } from '../../../shared/domain/keys.ts'
import type { LogDeletion } from '../../../shared/domain/log-deletions.ts'
import { refuse } from '../../../shared/domain/refusal.ts'
import { creationAnswers, decideBy } from '../decision.ts'
import { listRecords } from '../lists.ts'
import { forPeople, type Operation } from '../operation.ts'
import { listOf, listQuery } from '../shapes/common.ts'
import { logDeletionBody, logDeletionShown, showLogDeletion } from '../shapes/log-deletion.ts'

export const logDeletionOperations: readonly Operation[] = [
  forPeople({
    id: 'listLogDeletions',
    method: 'GET',
    path: '/log/deletions',
    tag: 'entries',
    summary: 'The months of which the bodies were deleted, and by which decisions',
    query: listQuery,
    answers: { 200: listOf(logDeletionShown) },
    answer: ({ deps, caller: { viewer }, query }) =>
      listRecords<LogDeletion>(deps.store, {
        record: 'deletion',
        ...query,
        show: one => showLogDeletion(one, viewer),
      }),
  }),
  forPeople({
    id: 'getLogDeletion',
    method: 'GET',
    path: '/log/deletions/{month}',
    tag: 'entries',
    summary: 'Whether the bodies of a month were deleted, and by which decision',
    answers: { 200: logDeletionShown },
    async answer({ deps, caller, path }) {
      const month = path.month ?? ''
      const [deletion] = await deps.store.get([keys.logDeletion(month)])
      if (deletion === undefined)
        return refuse('record_unknown', `No bodies of ${month.slice(0, 20)} were deleted.`, {
          next: 'See of which months they were: sallyport log deletions',
        })
      return { status: 200, body: showLogDeletion(deletion, caller.viewer), rev: deletion.rev }
    },
  }),
  forPeople({
    id: 'deleteLogMonth',
    method: 'POST',
    path: '/log/deletions',
    tag: 'entries',
    summary: 'Delete the bodies of one month, developer and office together',
    description:
      'Once all of it is older than it is kept at least, and but for what a preservation order covers. Leaves stay: what was proved is proved still. It cannot be undone.',
    action: 'log.delete',
    creates: true,
    body: logDeletionBody,
    answers: creationAnswers,
    answer: context =>
      decideBy(
        context,
        { name: 'log.delete', id: context.body.month, params: {} },
        `/log/deletions/${context.body.month}`,
      ),
  }),
]
