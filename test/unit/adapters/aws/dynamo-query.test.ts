import { describe, expect, test } from 'vitest'
import { toAttributes } from '../../../../shared/adapters/aws/attribute-value.ts'
import { indexes } from '../../../../shared/domain/keys.ts'
import { opened } from './fake-dynamo.ts'

describe('a query', () => {
  const rows = (...pks: string[]) =>
    pks.map(pk => toAttributes({ pk, sk: '-', owner: 'o', listed: `l-${pk}` }))
  const query = { index: indexes.byOwner, partition: 'o', order: 'asc', limit: 2 } as const

  test('asks for one more than a page has, also over several answers', async () => {
    const start = toAttributes({ pk: 'a', sk: '-', owner: 'o', listed: 'l-a' })
    const { store, sent } = opened({ Items: rows('a'), LastEvaluatedKey: start }, { Items: rows('b', 'c') })
    const page = await store.query(query)
    expect(page.keys.map(({ pk }) => pk)).toEqual(['a', 'b'])
    expect(sent.map(({ input }) => [input.Limit, input.ExclusiveStartKey])).toEqual([
      [3, undefined],
      [2, start],
    ])
    await store.query({ ...query, after: page.next ?? '' })
    expect(sent[2]?.input.ExclusiveStartKey).toEqual(
      toAttributes({ pk: 'b', sk: '-', owner: 'o', listed: 'l-b' }),
    )
  })

  test('has no next where DynamoDB only has not looked to the end', async () => {
    const start = toAttributes({ pk: 'b', sk: '-', owner: 'o', listed: 'l-b' })
    const { store } = opened({ Items: rows('a', 'b'), LastEvaluatedKey: start }, { Items: [] })
    expect((await store.query(query)).next).toBeUndefined()
  })

  test('of bounds that leave nothing is an empty page, in the order of bytes', async () => {
    const { store, sent } = opened({ Items: [] })
    const empty = { keys: [], next: undefined }
    expect(await store.query({ ...query, from: 'b', to: 'a' })).toEqual(empty)
    expect(await store.query({ ...query, from: '\u{1F600}', to: '\uFFFD' })).toEqual(empty)
    expect(sent).toEqual([])
    await store.query({ ...query, from: '\uFFFD', to: '\u{1F600}' })
    expect(sent).toHaveLength(1)
  })

  test.each(['', 'x', 'YQ.YQ.YQ.YQ', '!'])('takes %j for no place to go on from', async after => {
    await expect(opened({}).store.query({ ...query, after })).rejects.toThrow(TypeError)
  })
})
