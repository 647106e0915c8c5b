import type { Notice } from '../domain/notices.ts'
import type { PublishedEvent } from '../ports/events.ts'
import type { Message } from './sign.ts'

/** What is told of a notice: the same to a webhook and on the event bus. */
const toldOf = ({ id, organisation, subject, text, entry, next }: Notice) => ({
  id,
  organisation,
  subject,
  text,
  entry,
  ...(next && { next }),
})

/** `timestamp` is when it was decided (RFC 3339); that of the attempt stands in the headers. */
export const webhookMessage = (notice: Notice): Message => ({
  id: notice.id,
  body: JSON.stringify({
    type: notice.type,
    timestamp: new Date(notice.at).toISOString(),
    data: toldOf(notice),
  }),
})

export const publishedEvent = (notice: Notice): PublishedEvent => ({
  type: notice.type,
  at: notice.at,
  detail: toldOf(notice),
})
