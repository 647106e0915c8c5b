import fc from 'fast-check'
import { expect, test } from 'vitest'
import { fromAttribute } from '../../../../shared/adapters/aws/attribute-value.ts'
import { expressions } from '../../../../shared/adapters/aws/dynamo-expression.ts'
import { packText } from '../../../../shared/adapters/aws/packed-text.ts'

test('every text comes back as it was, short or long', () => {
  const text = fc.oneof(fc.string({ unit: 'grapheme' }), fc.string({ unit: 'grapheme', minLength: 600 }))
  fc.assert(
    fc.property(text, one => {
      expect(fromAttribute(packText(one))).toBe(one)
    }),
  )
})

test('a record of JSON takes half the room; a short text is left readable', () => {
  const record = JSON.stringify(
    Array.from({ length: 40 }, (_, i) => ({ kind: 'outcome', organisation: 'cedar', i })),
  )
  expect(packText(record).B?.length).toBeLessThan(record.length / 2)
  expect(packText('short')).toEqual({ S: 'short' })
})

test('nothing asks DynamoDB to look into a packed text', () => {
  expect(() => expressions({ eq: [['body'], 'x'] }, undefined, ['body'])).toThrow(TypeError)
  expect(() => expressions(undefined, { set: [[['body'], 'x']] }, ['body'])).toThrow(TypeError)
  expect(() => expressions({ eq: [['digest'], 'x'] }, undefined, ['body'])).not.toThrow()
})
