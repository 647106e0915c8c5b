/**
 * Where all that is random of an entry comes from: one stream for each, keyed by the epoch's key and the entry's id. So
 * nothing of it is stored, and whoever has the key makes it again, byte for byte.
 */
import { createCipheriv, createHmac } from 'node:crypto'

export interface EntryStream {
  /** A part of the stream, not to be changed. */
  bytes(n: number): Uint8Array
  /** Whole, from 0 to `n` − 1, each as likely as any other; `n` is at most 2^16. */
  below(n: number): number
  /** The same for `n` up to 2^32. */
  belowWide(n: number): number
}

/** AES-256-CTR from zero, under HMAC-SHA256 of the entry's id: a key for one stream alone. */
export function entryStream(epochKey: Uint8Array, eid: string): EntryStream {
  const key = createHmac('sha256', epochKey).update(`entry\0${eid}`).digest()
  const cipher = createCipheriv('aes-256-ctr', key, zeroCounter)
  let block: Buffer = cipher.update(zeros)
  let at = 0
  /** Where the next `n` bytes of the stream begin in the block. */
  const next = (n: number): number => {
    if (at + n > block.length) {
      const more = Buffer.alloc(Math.ceil(n / zeros.length) * zeros.length)
      block = Buffer.concat([block.subarray(at), cipher.update(more)])
      at = 0
    }
    at += n
    return at - n
  }
  const bytes = (n: number): Uint8Array => {
    const from = next(n)
    return block.subarray(from, from + n)
  }
  // What is left over above the last whole multiple would favour small numbers.
  const below = (n: number): number => {
    const bound = 65_536 - (65_536 % n)
    for (;;) {
      const drawn = block.readUInt16BE(next(2))
      if (drawn < bound) return drawn % n
    }
  }
  const belowWide = (n: number): number => {
    const bound = 2 ** 32 - (2 ** 32 % n)
    for (;;) {
      const drawn = block.readUInt32BE(next(4))
      if (drawn < bound) return drawn % n
    }
  }
  return { bytes, below, belowWide }
}

const zeroCounter = Buffer.alloc(16)
/** What an entry of 64 slots takes. */
const zeros = Buffer.alloc(2_304)
