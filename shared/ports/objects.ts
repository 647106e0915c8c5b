/**
 * An object store with atomic, conditional puts (S3's `If-None-Match: *` and `If-Match`). Every operation may throw
 * `ObjectsUnavailable`.
 */
export interface Objects {
  /**
   * Durable when it resolves. `ok: false` means that the condition did not hold and nothing changed.
   * `ifAbsent` lets exactly one of several concurrent puts win; `ifMatch` is a compare-and-swap.
   */
  put(key: string, bytes: Uint8Array, condition: PutCondition): Promise<PutResult>
  get(key: string): Promise<StoredObject | undefined>
  /** Keys that start with `prefix`, in byte order, after `after`; at most 1,000 a page. */
  list(
    prefix: string,
    after?: string,
  ): Promise<{ readonly keys: readonly string[]; readonly next: string | undefined }>
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
