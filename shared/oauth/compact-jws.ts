import { decodeBase64url } from './base64url.ts'

export type JsonObject = Readonly<Record<string, unknown>>

/** A parsed JWS whose signature is still to be verified: nothing in it can be believed yet. */
export interface CompactJws {
  readonly header: JsonObject
  readonly payload: JsonObject
  /** What is signed: ASCII of the first two parts (RFC 7515 §5.1). */
  readonly input: Uint8Array
  readonly signature: Uint8Array
}

/** The compact serialisation of a JWT (RFC 7515 §7.1, RFC 7519 §7.2) of at most `cap` characters. */
export function parseCompactJws(text: string, cap: number): CompactJws | undefined {
  if (text.length > cap) return undefined
  const [head, body, tail, ...rest] = text.split('.')
  if (head === undefined || body === undefined || tail === undefined || rest.length > 0) return undefined
  const header = parseObject(head)
  const payload = parseObject(body)
  const signature = decodeBase64url(tail)
  if (header === undefined || payload === undefined || signature === undefined) return undefined
  return { header, payload, input: Buffer.from(`${head}.${body}`, 'latin1'), signature }
}

export const encodeObject = (value: object): string =>
  Buffer.from(JSON.stringify(value)).toString('base64url')

export const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** Header parameters that would change what is verified, or by which key (RFC 7515 §4.1, RFC 7797 §3). */
export const forbiddenParameter = (header: JsonObject, parameters: readonly string[]): string | undefined =>
  parameters.find(parameter => Object.hasOwn(header, parameter))

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

function parseObject(part: string): JsonObject | undefined {
  const bytes = decodeBase64url(part)
  if (bytes === undefined) return undefined
  try {
    const value: unknown = JSON.parse(utf8.decode(bytes))
    return isObject(value) ? value : undefined
  } catch {
    return undefined
  }
}
