import type { Notice } from '../../shared/domain/notices.ts'
import type { Webhook } from '../../shared/domain/parties.ts'
import { EventsUnavailable } from '../../shared/ports/events.ts'
import { SecretsUnavailable } from '../../shared/ports/keys.ts'
import { judgeWebhookUrl } from '../../shared/webhooks/address.ts'
import { outcomeOf } from '../../shared/webhooks/delivery.ts'
import { publishedEvent, webhookMessage } from '../../shared/webhooks/message.ts'
import { webhookHeaders, webhookLabel } from '../../shared/webhooks/sign.ts'
import { defaultDeliveryMs, type NotifierDeps } from './deps.ts'

/** `unsent`: it failed here, so it says nothing about the receiver. */
export type Outcome = 'taken' | 'gone' | 'failed' | 'unsent'

/** An answer's body means nothing; so much of it is read that the connection can be kept. Bytes. */
const bodyRead = 64 * 1024

/** One attempt at one receiver. Never throws: whatever a receiver does is an outcome. */
export async function sendToWebhook(
  deps: NotifierDeps,
  notice: Notice,
  id: string,
  { url }: Webhook,
): Promise<Outcome> {
  const { http, clock, telemetry, issuer } = deps
  // The rules may have become stricter since it was registered.
  if (judgeWebhookUrl(url, issuer)) return 'failed'
  let key: Uint8Array
  try {
    key = await deps.secrets.derive('webhook', webhookLabel(notice.organisation, id))
  } catch (error) {
    if (!(error instanceof SecretsUnavailable)) throw error
    telemetry.error('a webhook’s secret could not be derived', error, { webhook: id })
    return 'unsent'
  }
  const over = new AbortController()
  const answered = new AbortController()
  const timer = clock.sleep(deps.deliveryMs ?? defaultDeliveryMs, answered.signal).then(() => over.abort())
  const message = webhookMessage(notice)
  try {
    const { status, bytes } = await http.open(
      {
        method: 'POST',
        url,
        headers: webhookHeaders(message, key, clock.now()),
        body: Buffer.from(message.body),
      },
      over.signal,
    )
    await readSome(bytes)
    return outcomeOf(status)
  } catch {
    // Why a connection fails is for its receiver to find out; the error can name the address, and with it a secret.
    return 'failed'
  } finally {
    answered.abort()
    await timer
  }
}

/** The status is known, so it counts whatever becomes of the body. */
async function readSome(bytes: AsyncIterable<Uint8Array>): Promise<void> {
  let read = 0
  try {
    for await (const chunk of bytes) {
      read += chunk.length
      if (read > bodyRead) break
    }
  } catch {}
}

export async function sendToBus({ events, telemetry }: NotifierDeps, notice: Notice): Promise<Outcome> {
  try {
    await events?.publish(publishedEvent(notice))
    return 'taken'
  } catch (error) {
    if (!(error instanceof EventsUnavailable)) throw error
    telemetry.error('the event bus did not take a notice', error, { notice: notice.id })
    return 'unsent'
  }
}
