import type { IncomingMessage } from 'node:http'

/**
 * What Node's parser lets pass and two servers in a row could read as two different requests, or promises what
 * is not kept here. RFC 9112 §3.2: one `Host`. §6.1: `chunked` is the only transfer coding that is known, and
 * in HTTP/1.0 there is none. RFC 9110 §10.1.1: one expectation.
 */
export function headFault({ httpVersion, headersDistinct }: IncomingMessage): string | undefined {
  const { host = [], 'transfer-encoding': coding, expect } = headersDistinct
  if (httpVersion !== '1.1' && httpVersion !== '1.0') return 'The version is HTTP/1.1.'
  if (host.length > 1 || (host.length === 0 && httpVersion === '1.1')) return 'Send exactly one Host header.'
  if (coding && (httpVersion === '1.0' || !/^chunked$/i.test(coding.join())))
    return 'The only Transfer-Encoding is chunked, once.'
  if (expect && !/^100-continue$/i.test(expect.join())) return 'The only expectation is 100-continue.'
  return undefined
}
