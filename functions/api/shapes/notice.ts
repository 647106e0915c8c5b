import * as z from 'zod'
import type { Notice } from '../../../shared/domain/notices.ts'
import { time } from '../../../shared/domain/time.ts'
import { instant, named } from './common.ts'

export const noticeShown = z
  .object({
    id: z.string(),
    type: z.string(),
    subject: named.extend({ kind: z.string() }),
    text: z.string(),
    entry: z.string().meta({ description: 'The entry that records what it tells of.' }),
    at: instant,
    next: z.string().nullable().meta({ description: 'Where one goes on.' }),
    pending: z.boolean().meta({ description: 'A webhook or the event bus still waits for it.' }),
    delivered: z
      .array(z.object({ to: z.string(), at: instant }))
      .meta({ description: 'Which webhook has taken it, and when.' }),
  })
  .meta({ id: 'Notice' })

export const showNotice = (notice: Notice): z.infer<typeof noticeShown> => ({
  id: notice.id,
  type: notice.type,
  subject: { kind: notice.subject.kind, id: notice.subject.id, name: notice.subject.name },
  text: notice.text,
  entry: notice.entry,
  at: time(notice.at),
  next: notice.next ?? null,
  pending: notice.due !== undefined,
  delivered: Object.entries(notice.delivered ?? {})
    .map(([to, at]) => ({ to, at: time(at) }))
    .sort((a, b) => a.at.localeCompare(b.at)),
})
