/**
 * What one commit brings, as one object: it is put before the state names it, so whoever finds the state can finish the
 * commit. A line of JSON says what follows; then the bytes of every object, one after the other.
 */

export interface Staged {
  readonly older: number
  readonly newer: number
  readonly checkpoint: string
  /** Entries in the order of their leaves, from `older` on. */
  readonly eids: readonly string[]
  readonly objects: readonly StagedObject[]
}

export interface StagedObject {
  readonly key: string
  readonly bytes: Uint8Array
}

/** The older size belongs in it: a batch of the same root that was made on another tree is another commit. */
export const stagingKey = (older: number, newer: number, rootHex: string): string =>
  `staging/${older}-${newer}-${rootHex}`

export function formatStaged({ objects, ...head }: Staged): Uint8Array {
  const named = objects.map(({ key, bytes }) => ({ key, bytes: bytes.length }))
  const line = Buffer.from(`${JSON.stringify({ ...head, objects: named })}\n`)
  return Buffer.concat([line, ...objects.map(one => one.bytes)])
}

export function parseStaged(bytes: Uint8Array): Staged {
  const whole = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const end = whole.indexOf(0x0a)
  const { objects, ...head } = JSON.parse(whole.subarray(0, end).toString()) as Omit<Staged, 'objects'> & {
    readonly objects: readonly { readonly key: string; readonly bytes: number }[]
  }
  let at = end + 1
  const parts = objects.map(({ key, bytes }) => {
    const part = whole.subarray(at, at + bytes)
    at += bytes
    return { key, bytes: part }
  })
  if (at !== whole.length) throw new TypeError('a staged commit is cut short')
  return { ...head, objects: parts }
}
