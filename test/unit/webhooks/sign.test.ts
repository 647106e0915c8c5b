import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { Webhook } from 'standardwebhooks'
import { describe, expect, test } from 'vitest'
import type { Notice } from '../../../shared/domain/notices.ts'
import { publishedEvent, webhookMessage } from '../../../shared/webhooks/message.ts'
import { webhookHeaders, webhookLabel, webhookSecret } from '../../../shared/webhooks/sign.ts'

const key = createHash('sha256').update('root').digest()
const notice: Notice = {
  id: 'entry_1-organisation_1',
  organisation: 'organisation_1',
  type: 'partner.suspended',
  subject: { kind: 'partner', id: 'organisation_1', name: 'Köln Utilities' },
  text: 'The partner Köln Utilities is suspended.',
  entry: 'entry_1',
  at: 1_800_000_000_000,
  next: 'sallyport partner get organisation_1',
  due: 'pending',
  dueAt: 1_800_000_000_000,
  attempts: 2,
  delivered: { webhook_9: 1 },
}

describe('a message', () => {
  test('is what Standard Webhooks asks for: type, time of the event, data', () => {
    expect(JSON.parse(webhookMessage(notice).body)).toEqual({
      type: 'partner.suspended',
      timestamp: '2027-01-15T08:00:00.000Z',
      data: {
        id: notice.id,
        organisation: 'organisation_1',
        subject: notice.subject,
        text: notice.text,
        entry: 'entry_1',
        next: notice.next,
      },
    })
  })

  test('tells nothing of how it is delivered, and leaves out what there is not', () => {
    const { next: _, ...without } = notice
    expect(webhookMessage(without).body).not.toMatch(/next|attempts|delivered|webhook_9|due/)
  })

  test('is the same on the event bus', () => {
    const { type, data } = JSON.parse(webhookMessage(notice).body)
    expect(publishedEvent(notice)).toEqual({ type, at: notice.at, detail: data })
  })
})

describe('a signature', () => {
  test('verifies by the reference library, with the secret as it is shown', () => {
    fc.assert(
      fc.property(fc.string(), fc.uint8Array({ minLength: 32, maxLength: 32 }), (text, root) => {
        const message = webhookMessage({ ...notice, text })
        const headers = webhookHeaders(message, root, Date.now())
        expect(new Webhook(webhookSecret(root)).verify(message.body, headers)).toEqual(
          JSON.parse(message.body),
        )
      }),
    )
  })

  test.each([
    ['body', (h: Record<string, string>) => h, ' '],
    ['id', (h: Record<string, string>) => ({ ...h, 'webhook-id': 'entry_2-organisation_1' }), ''],
    [
      'time',
      (h: Record<string, string>) => ({
        ...h,
        'webhook-timestamp': String(Number(h['webhook-timestamp']) + 1),
      }),
      '',
    ],
  ])('does not verify another %s', (_, change, more) => {
    const message = webhookMessage(notice)
    const headers = change(webhookHeaders(message, key, Date.now()))
    expect(() => new Webhook(webhookSecret(key)).verify(message.body + more, headers)).toThrow()
  })

  test('is too old after five minutes, by the time of the attempt', () => {
    const message = webhookMessage(notice)
    const headers = webhookHeaders(message, key, Date.now() - 301_000)
    expect(() => new Webhook(webhookSecret(key)).verify(message.body, headers)).toThrow(/old/i)
  })

  test('has a secret of 32 bytes for each webhook: the label names both', () => {
    expect(webhookSecret(key)).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/)
    expect(webhookLabel('organisation_1', 'webhook_1')).toBe('organisation_1/webhook_1')
  })
})
