import { describe, expect, test } from 'vitest'
import { toAttributes } from '../../../../shared/adapters/aws/attribute-value.ts'
import { type Key, StoreUnavailable } from '../../../../shared/ports/store.ts'
import type { Answer } from './fake-aws.ts'
import { key, opened, startsOf, stored } from './fake-dynamo.ts'

describe('reading', () => {
  const other: Key = { table: 'registry', pk: 'other', sk: '-' }
  const unprocessed = (name: string, ...pks: string[]) => ({
    [name]: { Keys: pks.map(pk => ({ pk: { S: pk }, sk: { S: '-' } })), ConsistentRead: true },
  })

  test('asks for what was left unprocessed, and for nothing else', async () => {
    const left = unprocessed('a-registry', 'other')
    const { store, sent } = opened(
      { Responses: { 'a-meters': [stored()] }, UnprocessedKeys: left },
      { Responses: { 'a-registry': [toAttributes({ pk: 'other', sk: '-', n: 2 })] }, UnprocessedKeys: {} },
    )
    expect(await store.get([other, key])).toMatchObject([{ n: 2 }, { n: 1 }])
    expect(sent[1]?.input.RequestItems).toEqual(left)
  })

  test('never takes an unprocessed key for an absent one: it is an unavailable store, before the deadline', async () => {
    const { store, sent, clock } = opened({ Responses: {}, UnprocessedKeys: unprocessed('a-meters', key.pk) })
    const failure = await store.get([key]).catch((error: unknown) => error)
    expect(failure).toBeInstanceOf(StoreUnavailable)
    expect(sent.length).toBeGreaterThan(5)
    expect(clock.now()).toBeLessThan(3_000)
  })

  test('asks once for a key that is named twice, strongly consistent', async () => {
    const { store, sent } = opened({ Responses: { 'a-meters': [stored()] } })
    const items = await store.get([key, other, { ...key }])
    expect(items).toMatchObject([{ n: 1 }, undefined, { n: 1 }])
    expect(sent[0]?.input.RequestItems).toEqual({
      ...unprocessed('a-meters', key.pk),
      ...unprocessed('a-registry', 'other'),
    })
  })

  test('knows that nothing stands where no item can', async () => {
    const { store, sent } = opened({ Responses: {} })
    const impossible = ['', 'x'.repeat(2_049), 'ä'.repeat(1_025), 'lone \uD800'].map(pk => ({ ...key, pk }))
    expect(await store.get(impossible)).toEqual(impossible.map(() => undefined))
    expect(await store.get([{ ...key, sk: 'x'.repeat(1_025) }])).toEqual([undefined])
    expect(sent).toEqual([])
    await store.get([{ ...key, pk: 'ä'.repeat(1_024) }])
    expect(sent).toHaveLength(1)
  })

  test('does not let the late answer of an attempt that was given up take a key from what is still asked for', async () => {
    const late: Answer = async () => {
      await clock.sleep(1_040)
      return { Responses: {}, UnprocessedKeys: unprocessed('a-meters', key.pk) }
    }
    const { store, sent, clock } = opened(
      late,
      { Responses: { 'a-meters': [stored()] }, UnprocessedKeys: unprocessed('a-registry', 'other') },
      { Responses: { 'a-registry': [toAttributes({ pk: 'other', sk: '-', n: 2 })] } },
    )
    expect(await store.get([key, other])).toMatchObject([{ n: 1 }, { n: 2 }])
    expect(startsOf(sent)).toEqual([0, 1_025, 1_075])
    expect(sent[2]?.input.RequestItems).toEqual(unprocessed('a-registry', 'other'))
  })
})
