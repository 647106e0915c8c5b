/** The slots of an entry: made again byte for byte, opened by every reader, and each wherever chance has put it. */
import { createHmac, hash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { committedBody, fieldText, withholdable } from '../../../shared/watermark/committed.ts'
import { parseLeaf } from '../../../shared/watermark/leaf.ts'
import {
  attrDigest,
  bind,
  entryMarks,
  epochKeyDigest,
  openEpochKey,
  sealDigest,
} from '../../../shared/watermark/slots.ts'
import { openRecord } from '../../../shared/watermark/verify.ts'
import { makeView } from '../../../shared/watermark/view.ts'
import { decisionOf, intentOf } from '../client/verify-world.ts'

const month = 2026 * 12 + 10
const key = new Uint8Array(32).fill(7)
const epoch = openEpochKey(month, 16, key)
const sha256 = (...parts: readonly Uint8Array[]) => hash('sha256', Buffer.concat(parts), 'buffer')
const bytes = (...values: readonly number[]) => Uint8Array.from(values)

const { eid, entry } = decisionOf(3)
const bound = bind(epoch, eid, entry)
const body = JSON.parse(entry.body)

describe('what an entry is bound by', () => {
  test('is the same whenever it is made, byte for byte', () => {
    const again = bind(openEpochKey(month, 16, Uint8Array.from(key)), eid, { ...entry })
    expect(again.leaf).toEqual(bound.leaf)
    for (let j = 0; j < 16; j++) expect(again.opening(j)).toEqual(bound.opening(j))
  })

  test('is another for every key, id, body, exact time and month', () => {
    const leaves = [
      bound,
      bind(openEpochKey(month, 16, new Uint8Array(32).fill(8)), eid, entry),
      bind(epoch, intentOf(4).eid, entry),
      bind(epoch, eid, { ...entry, body: entry.body.replace('As agreed.', 'As ordered') }),
      bind(epoch, eid, { ...entry, exact: { time: '1' } }),
      bind(openEpochKey(month + 1, 16, key), eid, entry),
      bind(openEpochKey(month, 8, key), eid, entry),
    ].map(({ leaf }) => Buffer.from(leaf).toString('hex'))
    expect(new Set(leaves).size).toBe(leaves.length)
  })

  test('is a leaf of 106 bytes, whatever the entry', () => {
    for (const one of [decisionOf(1), intentOf(2)]) {
      const { leaf } = bind(epoch, one.eid, one.entry)
      expect(parseLeaf(leaf)).toMatchObject({ type: 2, flags: 0, epoch: month })
      expect(leaf).toHaveLength(106)
    }
  })

  test('commits to the body and its exact time under a salt that no reader is shown', () => {
    // The second 32 bytes of the stream that the key and the id give.
    const { sealCommit } = bound
    expect(parseLeaf(bound.leaf)?.sealCommit).toEqual(Uint8Array.from(sealCommit))
    expect(sealDigest(bytes(1, 2), entry.body, entry.exact)).toEqual(
      sha256(bytes(5, 1, 2), Buffer.from(`${entry.body}\n${fieldText(entry.exact)}`)),
    )
  })

  test('has a digest that is a hash of the body as it is committed to, under its salt', () => {
    const hashes = Object.fromEntries(Object.entries(bound.fields).map(([path, { hash }]) => [path, hash]))
    expect(Object.keys(hashes)).toEqual([
      'comment',
      'unmapped.reference',
      'unmapped.params',
      'unmapped.shown',
    ])
    expect(bound.digest).toEqual(sha256(bytes(3), bound.bodySalt, Buffer.from(committedBody(body, hashes))))
    const call = intentOf(4)
    const plain = bind(epoch, call.eid, call.entry)
    expect(plain.digest).toEqual(sha256(bytes(3), plain.bodySalt, Buffer.from(call.entry.body)))
  })

  test('has for each field that may be withheld a hash of its own, under its own salt', () => {
    const { comment } = bound.fields
    expect(comment?.hash).toBe(
      sha256(bytes(4), comment?.salt ?? bytes(), Buffer.from('"As agreed."')).toString('base64url'),
    )
    const salts = Object.values(bound.fields).map(({ salt }) => Buffer.from(salt).toString('hex'))
    expect(new Set(salts).size).toBe(salts.length)
  })

  test('commits to the fingerprints of a reply under a salt; without any it cannot be told from one that does', () => {
    const attr = sha256(bytes(1)).toString('base64url')
    const other = bind(epoch, eid, { ...entry, attr })
    expect(other.attrSalt).toEqual(bound.attrCommit)
    expect(other.attrCommit).toEqual(sha256(bytes(8), bound.attrCommit, Buffer.from(attr, 'base64url')))
    expect(other.attrCommit).toEqual(attrDigest(other.attrSalt, Buffer.from(attr, 'base64url')))
    expect(parseLeaf(other.leaf)?.attrCommit).toEqual(Uint8Array.from(other.attrCommit))
    expect(other.digest).toEqual(bound.digest)
  })

  test('keeps the salt of a field where it is, whatever other fields there are', () => {
    const { comment: _, ...fewer } = body
    const other = bind(epoch, eid, { ...entry, body: JSON.stringify(fewer) })
    expect(other.fields['unmapped.reference']).toEqual(bound.fields['unmapped.reference'])
  })
})

describe('a slot', () => {
  const openings = Array.from({ length: 16 }, (_, j) => bound.opening(j))

  test('of every reader opens the leaf', async () => {
    for (let slot = 0; slot < 16; slot++) {
      const view = makeView(bound, { log: 'l', epoch, slot, index: 3, withheld: [] })
      const opened = await openRecord({
        eid,
        digest: Buffer.from(bound.digest).toString('base64url'),
        body,
        view,
      })
      expect(opened.leaf).toEqual(bound.leaf)
      expect(opened.reader).toBe(Buffer.from(epoch.readers[slot] ?? '').toString('hex'))
    }
  })

  test('has a place and a salt of its own', () => {
    expect(openings.map(({ position }) => position).sort((a, b) => a - b)).toEqual([...openings.keys()])
    expect(new Set(openings.map(({ salt }) => Buffer.from(salt).toString('hex'))).size).toBe(16)
  })

  test('tells its reader by a pseudonym of the month, and a time that begins as the body’s', () => {
    const [first] = openings
    const reader = createHmac('sha256', key)
      .update('reader\0' + '0')
      .digest()
      .subarray(0, 8)
    const times = Buffer.alloc(16)
    const [mark] = entryMarks(epoch, eid, body).marks
    times.writeBigUInt64BE(BigInt(body.time) * 1_000n + BigInt(mark?.digits ?? 0))
    expect(Buffer.from(first?.carrier ?? '')).toEqual(Buffer.concat([reader, times]))
    const next = openEpochKey(month + 1, 16, new Uint8Array(32).fill(8))
    expect(next.readers[0]).not.toEqual(epoch.readers[0])
  })

  test('that there is not has no opening', () => {
    for (const j of [-1, 16, 1.5]) expect(() => bound.opening(j)).toThrow(RangeError)
  })

  test('shows nothing of another reader’s: neither pseudonym nor salt', () => {
    const text = JSON.stringify(makeView(bound, { log: 'l', epoch, slot: 0, index: 3, withheld: [] }))
    for (const { salt, carrier } of openings.slice(1)) {
      expect(text).not.toContain(Buffer.from(salt).toString('base64url'))
      expect(text).not.toContain(Buffer.from(carrier).toString('base64url'))
    }
  })

  /**
   * Pearson's test over 3,000 entries: with 15 degrees of freedom, 44.3 is exceeded by one in 10,000 fair ones. The
   * ids are fixed, and so is what comes out.
   */
  test('stands at each place as often as at any other', () => {
    const n = 3_000
    const slots = [0, 7, 15].map(slot => ({ slot, counts: new Array<number>(16).fill(0) }))
    for (let i = 0; i < n; i++) {
      const one = bind(epoch, `entry_${i}`, entry)
      for (const { slot, counts } of slots) {
        const { position } = one.opening(slot)
        counts[position] = (counts[position] ?? 0) + 1
      }
    }
    const expected = n / 16
    for (const { slot, counts } of slots) {
      const chiSquare = counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0)
      expect(chiSquare, `slot ${slot}`).toBeLessThan(44.3)
    }
  })

  test('stands where it stands whatever stands beside it: two slots of an entry are as good as independent', () => {
    const counts = new Map<string, number>()
    const four = openEpochKey(month, 4, key)
    const n = 6_000
    for (let i = 0; i < n; i++) {
      const one = bind(four, `entry_${i}`, entry)
      const order = [0, 1, 2, 3].map(j => one.opening(j).position).join('')
      counts.set(order, (counts.get(order) ?? 0) + 1)
    }
    expect(counts.size).toBe(24)
    const expected = n / 24
    const chiSquare = [...counts.values()].reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0)
    // 23 degrees of freedom, one in 10,000.
    expect(chiSquare).toBeLessThan(56)
  })
})

test('the digest of a key tells the key apart, and nothing else is hashed like it', () => {
  expect(epochKeyDigest(key)).toBe(sha256(bytes(6), key).toString('base64url'))
  expect(withholdable).toHaveLength(8)
})
