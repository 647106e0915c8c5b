import { createHash } from 'node:crypto'
import type { RemovableObjects } from '../../shared/ports/objects.ts'

const everything = { from: 0, to: Number.MAX_SAFE_INTEGER }

/** Objects that live as long as the test. */
export function memoryObjects(): RemovableObjects & { readonly all: ReadonlyMap<string, Uint8Array> } {
  const all = new Map<string, Uint8Array>()
  const etag = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('base64url')
  return {
    all,
    async put(key, bytes, condition) {
      const there = all.get(key)
      const holds =
        'ifAbsent' in condition
          ? there === undefined
          : there !== undefined && etag(there) === condition.ifMatch
      if (!holds) return { ok: false }
      all.set(key, Uint8Array.from(bytes))
      return { ok: true, etag: etag(bytes) }
    },
    async get(key, { from, to } = everything) {
      const bytes = all.get(key)
      return bytes && { bytes: bytes.slice(from, to), etag: etag(bytes) }
    },
    async remove(key) {
      all.delete(key)
      return { ok: true }
    },
    async list(prefix, after = '') {
      const keys = [...all.keys()].filter(key => key.startsWith(prefix) && key > after).sort()
      return { keys: keys.slice(0, 1000), next: keys.length > 1000 ? keys[999] : undefined }
    },
  }
}
