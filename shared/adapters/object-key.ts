import type { ByteRange } from '../ports/objects.ts'

/**
 * The key, which is held to what means the same on every file system, in a URL and in XML. Being ASCII, keys are in
 * byte order when they are in JavaScript's. Throws a `TypeError` on any other.
 */
export function checkedKey(key: string): string {
  const plain = key.length <= 1024 && key.split('/').every(step => /^(?!\.\.?$)[\w.=~@+-]{1,255}$/.test(step))
  if (!plain) throw new TypeError(`Not an object key: ${JSON.stringify(key)}`)
  return key
}

/** Throws a `TypeError` where it is no range. */
export function checkedRange(range: ByteRange): ByteRange {
  const { from, to } = range
  if (Number.isSafeInteger(from) && Number.isSafeInteger(to) && from >= 0 && from <= to) return range
  throw new TypeError(`Not a range of bytes: ${from} to ${to}`)
}
