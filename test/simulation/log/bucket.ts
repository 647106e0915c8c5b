/** The durable objects of the simulated world. What one put has done, everybody reads from then on, as S3 has it. */
import { hash } from 'node:crypto'
import { checkedKey } from '../../../shared/adapters/object-key.ts'
import type {
  ByteRange,
  Objects,
  PutCondition,
  PutResult,
  StoredObject,
} from '../../../shared/ports/objects.ts'

/** One object as it was before and after a put. */
export interface Changed {
  readonly by: string
  readonly key: string
  readonly before: Uint8Array | undefined
  readonly after: Uint8Array
}

const page = 1_000

export class Bucket {
  readonly #objects = new Map<string, StoredObject>()
  /** Told of each object that was put, at once. */
  onPut: (changed: Changed) => void = () => undefined

  get(key: string, range?: ByteRange): StoredObject | undefined {
    const found = this.#objects.get(checkedKey(key))
    return found && range ? { ...found, bytes: found.bytes.slice(range.from, range.to) } : found
  }

  put(key: string, bytes: Uint8Array, condition: PutCondition, by: string): PutResult {
    const before = this.get(key)
    const holds = 'ifAbsent' in condition ? before === undefined : before?.etag === condition.ifMatch
    if (!holds) return { ok: false }
    // A copy: whoever put it may go on to write into its own.
    const object = { bytes: Uint8Array.from(bytes), etag: hash('sha256', bytes, 'base64url') }
    this.#objects.set(key, object)
    this.onPut({ by, key, before: before?.bytes, after: object.bytes })
    return { ok: true, etag: object.etag }
  }

  all(): readonly { readonly key: string; readonly bytes: Uint8Array }[] {
    return [...this.#objects].map(([key, { bytes }]) => ({ key, bytes }))
  }

  list(prefix: string, after = ''): { readonly keys: readonly string[]; readonly next: string | undefined } {
    const found = [...this.#objects.keys()].filter(key => key.startsWith(prefix) && key > after).sort()
    const keys = found.slice(0, page)
    return { keys, next: found.length > page ? keys.at(-1) : undefined }
  }
}

/** Without anything between: for who is no process of the world. */
export const directObjects = (bucket: Bucket, by: string): Objects => ({
  put: async (key, bytes, condition) => bucket.put(key, bytes, condition, by),
  get: async (key, range) => bucket.get(key, range),
  list: async (prefix, after) => bucket.list(prefix, after),
})
