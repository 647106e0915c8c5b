import { hash } from 'node:crypto'

/**
 * So many SHA-256 hashes of so many bytes each, and nothing else: no tree can be made of fewer. In the form in which Node
 * gives a hash the fastest, a string of bytes: as a buffer it takes three times as long.
 */
export function bareHashes(counts: readonly (readonly [count: number, bytes: number])[]): void {
  for (const [count, bytes] of counts) {
    const input = Buffer.alloc(bytes, 7)
    for (let i = 0; i < count; i++) {
      input.writeUInt32BE(i)
      hash('sha256', input, 'binary')
    }
  }
}

/** What is hashed for a leaf of the log and for a node, with the byte before it. */
export const leafInputBytes = 107
export const nodeInputBytes = 65
/** A slot: its salt, its carrier, the body's digest. */
export const slotInputBytes = 73
