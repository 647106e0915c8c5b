/** Signatures of the Standard Webhooks specification 1.0.0, symmetric: any of its libraries verifies them. */
import { createHmac } from 'node:crypto'

/** What `Secrets.derive('webhook', …)` takes: one secret for each webhook, and another for one that is registered anew. */
export const webhookLabel = (organisation: string, webhook: string): string => `${organisation}/${webhook}`

/** As the receiver keeps it. `key`: 32 bytes. */
export const webhookSecret = (key: Uint8Array): string => `whsec_${Buffer.from(key).toString('base64')}`

export interface Message {
  /** The same for every attempt and every receiver, so that whoever gets it twice can drop the second. No dot in it. */
  readonly id: string
  readonly body: string
}

/** `now`: of this attempt, in milliseconds. Receivers refuse what is more than five minutes old, as replayed. */
export function webhookHeaders({ id, body }: Message, key: Uint8Array, now: number): Record<string, string> {
  const timestamp = String(Math.floor(now / 1000))
  const signature = createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64')
  return {
    'content-type': 'application/json',
    'user-agent': 'Sallyport',
    'webhook-id': id,
    'webhook-timestamp': timestamp,
    'webhook-signature': `v1,${signature}`,
  }
}
