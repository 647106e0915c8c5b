import { keys } from '../../shared/domain/keys.ts'
import type { Appeal } from '../../shared/domain/proposals.ts'
import { time } from '../../shared/domain/time.ts'
import { appealSubject } from '../governance/appeals/appeals.ts'
import type { Lapse } from '../governance/lapse.ts'
import { remind, reminderId } from './reminder.ts'

/** No silence decides an appeal: whoever owes the answer hears that it is due, and so does whoever waits. Once. */
export const overdueAppeal: Lapse<Appeal> = {
  name: 'appeals_overdue',
  key: keys.appeal,
  due: ({ state, dueAt }, { now }) => state === 'open' && dueAt <= now,
  eid: ({ id, dueAt }) => reminderId(`appeal ${id} ${dueAt}`, dueAt),
  end: ({ store }, appeal, at) =>
    remind(
      store,
      {
        subject: appealSubject(appeal),
        type: 'appeal.overdue',
        text: `The appeal about ${appeal.subject.name} was to be answered by ${time(appeal.dueAt)}: it waits.`,
        next: `sallyport appeal get ${appeal.id}`,
        dueAt: appeal.dueAt,
      },
      at,
    ),
}
