import { deflateRawSync, inflateRawSync } from 'node:zlib'
import type { AttributeValue } from '@aws-sdk/client-dynamodb'

/** Below this a text gains too little to be worth its time. Characters. */
const shortest = 512

/**
 * Items are charged by the kilobyte, and records of JSON shrink to half: a long text is kept deflated (RFC 1951), as
 * bytes, which nothing else here is.
 */
export const packText = (text: string): AttributeValue =>
  text.length < shortest ? { S: text } : { B: deflateRawSync(text) }

export const unpackText = (bytes: Uint8Array): string => inflateRawSync(bytes).toString('utf8')
