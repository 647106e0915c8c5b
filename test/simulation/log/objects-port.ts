/** One process's way to the bucket, as through an adapter that sends again what had no answer. */
import { checkedKey, checkedRange } from '../../../shared/adapters/object-key.ts'
import { type Objects, ObjectsUnavailable, type PutResult } from '../../../shared/ports/objects.ts'
import { ask, type RequestKind, type Way } from '../way.ts'
import type { Bucket } from './bucket.ts'

/** What a way's `note` is told of a request for an object. */
export interface ObjectRequest {
  readonly object: 'put' | 'get' | 'list'
  readonly name: string
}

/** Two puts of one object may meet: then one is told to come again, as S3 does (409). */
const kindOf = { put: 'transact', get: 'read', list: 'read' } as const satisfies Record<string, RequestKind>

export function createObjectsPort(way: Way & { readonly bucket: Bucket }): Objects {
  const { bucket, process } = way
  const asked = <T>(request: ObjectRequest, perform: (uncertain: boolean) => T): Promise<T> =>
    ask(way, {
      kind: kindOf[request.object],
      request,
      perform,
      unavailable: why => new ObjectsUnavailable(why),
    })
  return {
    async put(key, bytes, condition) {
      checkedKey(key)
      return asked({ object: 'put', name: key }, (uncertain): PutResult => {
        const done = bucket.put(key, bytes, condition, process.name)
        if (done.ok || !uncertain) return done
        // The answer to its own put may have been the one that was lost.
        const there = bucket.get(key)
        return there && Buffer.compare(there.bytes, bytes) === 0 ? { ok: true, etag: there.etag } : done
      })
    },
    async get(key, range) {
      checkedKey(key)
      if (range) checkedRange(range)
      return asked({ object: 'get', name: key }, () => {
        const found = bucket.get(key, range)
        return found && { ...found, bytes: Uint8Array.from(found.bytes) }
      })
    },
    list: async (prefix, after) => asked({ object: 'list', name: prefix }, () => bucket.list(prefix, after)),
  }
}
