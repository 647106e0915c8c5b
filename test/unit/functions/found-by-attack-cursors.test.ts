/** The cursor of a list once named the last record that was looked at, whether or not it was shown. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { openCursor, sealCursor } from '../../../functions/api/list-cursor.ts'
import { Refusal } from '../../../shared/domain/refusal.ts'

const secret = Buffer.alloc(32, 7)
const of = { caller: 'person_1', operation: 'listModels /api/v1/models' }
const position = fc
  .string({ unit: 'binary', maxLength: 400 })
  .map(text => Buffer.from(text).toString('base64url'))

test('it is opened for whom it was sealed, and for their list', () => {
  fc.assert(
    fc.property(position, text => {
      const cursor = sealCursor(secret, of, text)
      expect(openCursor(secret, of, cursor)).toBe(text)
      expect(sealCursor(secret, of, text)).toBe(cursor)
      expect(cursor.length).toBeLessThan(2_000)
      for (const other of [
        { ...of, caller: 'person_2' },
        { ...of, operation: 'listFindings /api/v1/findings' },
      ])
        expect(openCursor(secret, other, cursor)).toBeInstanceOf(Refusal)
      expect(openCursor(Buffer.alloc(32, 8), of, cursor)).toBeInstanceOf(Refusal)
    }),
  )
})

test('it tells neither what it names nor how long that is', () => {
  const named = ['model#a', `model#${'a'.repeat(60)}`].map(
    one => `${Buffer.from(one).toString('base64url')}.a.b`,
  )
  const [one = '', other = ''] = named.map(text => sealCursor(secret, of, text))
  expect(one.length).toBe(other.length)
  for (const text of named) expect(Buffer.from(one, 'base64url').toString('latin1')).not.toContain(text)
})

test('nothing that somebody makes up is a position', () => {
  const made = sealCursor(secret, of, 'a.b.c')
  const bytes = Buffer.from(made, 'base64url')
  fc.assert(
    fc.property(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), (at, by) => {
      const changed = Buffer.from(bytes)
      changed[at] = (changed[at] ?? 0) ^ by
      expect(openCursor(secret, of, changed.toString('base64url'))).toBeInstanceOf(Refusal)
    }),
  )
  fc.assert(
    fc.property(fc.string(), text => void expect(openCursor(secret, of, text)).toBeInstanceOf(Refusal)),
  )
  const plain = ['model#aurora', 'model#aurora', '-']
    .map(part => Buffer.from(part).toString('base64url'))
    .join('.')
  expect(openCursor(secret, of, plain)).toBeInstanceOf(Refusal)
})
