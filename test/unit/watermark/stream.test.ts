import { createCipheriv, createHmac } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { entryStream } from '../../../shared/watermark/stream.ts'

const key = new Uint8Array(32).fill(3)
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex')

describe('the stream of an entry', () => {
  test('is AES-256-CTR from zero, keyed by the epoch’s key and the id', () => {
    const own = createHmac('sha256', key).update('entry\0entry_1').digest()
    const expected = createCipheriv('aes-256-ctr', own, Buffer.alloc(16)).update(Buffer.alloc(5_000))
    expect(hex(entryStream(key, 'entry_1').bytes(5_000))).toBe(hex(expected))
  })

  test('is one stream, in whatever pieces it is read', () => {
    const whole = hex(entryStream(key, 'entry_1').bytes(10_000))
    for (const piece of [1, 7, 1_535, 1_536, 1_537, 4_000]) {
      const stream = entryStream(key, 'entry_1')
      let text = ''
      while (text.length < 20_000) text += hex(stream.bytes(piece))
      expect(text.slice(0, 20_000), `pieces of ${piece}`).toBe(whole)
    }
  })

  test('is another for every id and every key', () => {
    const heads = [entryStream(key, 'a'), entryStream(key, 'b'), entryStream(new Uint8Array(32), 'a')].map(
      one => hex(one.bytes(16)),
    )
    expect(new Set(heads).size).toBe(3)
  })

  /** Pearson's test: with 2 degrees of freedom, 18.4 is exceeded by one in 10,000 fair ones. */
  test('draws every number as often as any other, also where they do not divide what they are drawn from', () => {
    const stream = entryStream(key, 'entry_1')
    // A remainder alone would give the lower third twice as often.
    const n = 49_152
    const counts = [0, 0, 0]
    for (let i = 0; i < 9_000; i++) {
      const drawn = stream.below(n)
      expect(drawn).toBeLessThan(n)
      const third = Math.floor((3 * drawn) / n)
      counts[third] = (counts[third] ?? 0) + 1
    }
    const chiSquare = counts.reduce((sum, count) => sum + (count - 3_000) ** 2 / 3_000, 0)
    expect(chiSquare).toBeLessThan(18.4)
  })

  test('draws from one number, too', () => {
    const stream = entryStream(key, 'entry_1')
    expect(stream.below(1)).toBe(0)
    expect(stream.below(65_536)).toBeLessThan(65_536)
  })
})
