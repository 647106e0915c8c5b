/**
 * An object store with atomic, conditional puts (S3's `If-None-Match: *` and `If-Match`). Every operation may throw
 * `ObjectsUnavailable`.
 */
export interface Objects {
  /**
   * Durable when it resolves. `ok: false` means that the condition did not hold and nothing changed.
   * `ifAbsent` lets exactly one of several concurrent puts win; `ifMatch` is a compare-and-swap.
   *
   * `retainUntil` is a moment, in milliseconds. A store that can lock objects (S3, where the deployment keeps its data)
   * lets nobody delete this version before it, the operator neither; every other one ignores it.
   */
  put(key: string, bytes: Uint8Array, condition: PutCondition, retainUntil?: number): Promise<PutResult>
  /** Of a range the bytes that are there: none, where it begins beyond the end. The etag is always the whole object's. */
  get(key: string, range?: ByteRange): Promise<StoredObject | undefined>
  /** Keys that start with `prefix`, in byte order, after `after`; at most 1,000 a page. */
  list(
    prefix: string,
    after?: string,
  ): Promise<{ readonly keys: readonly string[]; readonly next: string | undefined }>
}

/** For whoever may take objects away: the exporter, and nobody else is given this. */
export interface RemovableObjects extends Objects {
  /**
   * Every version of it, so that nothing of it can be read any more; one that is not there is removed already. `ok: false`
   * where a lock, or a right that is lacking, keeps some version: the others may be gone.
   */
  remove(key: string): Promise<{ readonly ok: boolean }>
}

/** From `from`, and before `to`. Whole numbers from 0; `from` is at most `to`. */
export interface ByteRange {
  readonly from: number
  readonly to: number
}

export type PutCondition = { readonly ifAbsent: true } | { readonly ifMatch: string }
export type PutResult = { readonly ok: true; readonly etag: string } | { readonly ok: false }

export interface StoredObject {
  readonly bytes: Uint8Array
  readonly etag: string
}

/** The object store did not answer, or not in time. Whether a put took place is unknown. */
export class ObjectsUnavailable extends Error {
  override readonly name = 'ObjectsUnavailable'
}
