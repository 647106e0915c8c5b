import type { Protocol } from '../domain/records.ts'

const defaultVersion = '2023-06-01'

/**
 * The headers of an upstream request: made here, none is passed on but the protocol's version. So no
 * cookie, authorization, forwarding or hop-by-hop header can cross.
 */
export function upstreamHeaders(
  protocol: Protocol,
  key: string,
  version: string | undefined,
): Record<string, string> {
  const headers = { 'content-type': 'application/json', 'user-agent': 'sallyport' }
  return protocol === 'openai'
    ? { ...headers, authorization: `Bearer ${key}` }
    : { ...headers, 'x-api-key': key, 'anthropic-version': version ?? defaultVersion }
}
