/** One advisory to the address of a clearinghouse, and its receipt. */
import { hash } from 'node:crypto'
import type { HandOff } from '../../shared/domain/findings.ts'
import { isObject } from '../../shared/oauth/compact-jws.ts'
import { judgeWebhookUrl } from '../../shared/webhooks/address.ts'
import { defaultDeliveryMs, type NotifierDeps } from './deps.ts'

export interface Receipt {
  /** What the receiver calls it. */
  readonly id: string
  /** SHA-256 of the receipt as it came, base64url. */
  readonly digest: string
}

/** Bytes of a receipt. */
const maxReceipt = 64 * 1024

/** The receipt; else why there is none, for the log: never a word of what the receiver said. */
export type Sent = Receipt | 'address' | 'connection' | 'status' | 'receipt'

/** Never throws: whatever a receiver does is an outcome. No redirect is followed: nobody has judged where it leads. */
export async function sendAdvisory(
  { http, clock, issuer, deliveryMs = defaultDeliveryMs }: NotifierDeps,
  handOff: HandOff,
  url: string,
): Promise<Sent> {
  // The rules may have become stricter since it was set.
  if (judgeWebhookUrl(url, issuer)) return 'address'
  const over = new AbortController()
  const answered = new AbortController()
  const timer = clock.sleep(deliveryMs, answered.signal).then(() => over.abort())
  try {
    const body = Buffer.from(handOff.advisory)
    const request = { method: 'POST', url, headers: headersOf(handOff), body } as const
    const { status, bytes } = await http.open(request, over.signal)
    // Also of a refusal, so that the connection can be kept.
    const read = await readAtMost(bytes, maxReceipt)
    if (status < 200 || status > 299) return 'status'
    return (read && readReceipt(read, handOff.digest)) ?? 'receipt'
  } catch {
    // Why a connection fails is for its receiver to find out; the error can name the address, and with it a secret.
    return 'connection'
  } finally {
    answered.abort()
    await timer
  }
}

/**
 * The signature is the JWS with its payload left out (RFC 7515, appendix F): that is the body, byte for byte. The digest
 * is the same in every attempt, so that whoever gets it twice answers the second time as the first.
 */
const headersOf = ({ jws, digest }: HandOff): Record<string, string> => {
  const [head = '', , signature = ''] = jws.split('.')
  return {
    'content-type': 'application/json',
    'user-agent': 'Sallyport',
    'sallyport-signature': `${head}..${signature}`,
    'content-digest': `sha-256=:${Buffer.from(digest, 'hex').toString('base64')}:`,
    'idempotency-key': `"${digest}"`,
  }
}

async function readAtMost(bytes: AsyncIterable<Uint8Array>, most: number): Promise<Buffer | undefined> {
  const chunks: Uint8Array[] = []
  let read = 0
  for await (const chunk of bytes) {
    read += chunk.length
    if (read > most) return undefined
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

const utf8 = new TextDecoder('utf-8', { fatal: true })

/** `{ receipt_id, sha256 }`: whoever names another digest has taken something else. */
export function readReceipt(bytes: Uint8Array, digest: string): Receipt | undefined {
  try {
    const said: unknown = JSON.parse(utf8.decode(bytes))
    if (!isObject(said)) return undefined
    const { receipt_id: id, sha256 } = said
    if (typeof id !== 'string' || !/^[\x21-\x7e]{1,200}$/.test(id)) return undefined
    return sha256 === digest ? { id, digest: hash('sha256', bytes, 'base64url') } : undefined
  } catch {
    return undefined
  }
}
