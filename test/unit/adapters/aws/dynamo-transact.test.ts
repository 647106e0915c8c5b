import { describe, expect, test } from 'vitest'
import { StoreUnavailable } from '../../../../shared/ports/store.ts'
import { hangs } from './fake-aws.ts'
import {
  cancelled,
  check,
  guarded,
  item,
  key,
  opened,
  put,
  putOnce,
  startsOf,
  stored,
} from './fake-dynamo.ts'

describe('a transaction', () => {
  const failed = { Code: 'ConditionalCheckFailed' }
  const none = { Code: 'None' }

  test.each(['TransactionConflict', 'ThrottlingError', 'ProvisionedThroughputExceeded'])(
    'that %s has cancelled is tried again under its token',
    async Code => {
      const { store, sent } = opened(cancelled(none, { Code }), cancelled({ Code }, none), {})
      expect(await store.transact([guarded, check])).toEqual({ ok: true })
      expect(startsOf(sent)).toEqual([0, 25, 75])
      expect(new Set(sent.map(({ input }) => input.ClientRequestToken)).size).toBe(1)
    },
  )

  test('is answered only once every operation of it was decided', async () => {
    const { store, sent } = opened(
      cancelled({ ...failed, Item: stored() }, { Code: 'TransactionConflict' }),
      cancelled({ ...failed, Item: stored() }, failed),
    )
    expect(await store.transact([guarded, check])).toEqual({
      ok: false,
      failed: new Map<number, unknown>([
        [0, { ...item, pk: key.pk, sk: '-' }],
        [1, undefined],
      ]),
    })
    expect(sent).toHaveLength(2)
  })

  test('that others get in the way of for ever is an unavailable store, before the deadline', async () => {
    const { store, sent, clock } = opened(cancelled({ Code: 'TransactionConflict' }))
    await expect(store.transact([put])).rejects.toThrow(StoreUnavailable)
    expect(sent.length).toBeGreaterThan(5)
    expect(clock.now()).toBeLessThan(3_000)
  })

  test('whose failed operations are all ours was done before', async () => {
    const ours = cancelled({ ...failed, Item: stored() }, none)
    expect(await opened(ours).store.transact([putOnce, check])).toEqual({ ok: true })
    const theirs = cancelled({ ...failed, Item: stored({ word: 'theirs' }) }, none)
    expect((await opened(theirs).store.transact([putOnce, check])).ok).toBe(false)
  })

  test.each([
    ['for a reason that this system does not know', cancelled({ Code: 'Whatever' })],
    [
      'for such a one and a failed condition',
      cancelled({ Code: 'ConditionalCheckFailed' }, { Code: 'Whatever' }),
    ],
    ['without a reason', cancelled()],
  ])('that was cancelled %s is an unavailable store', async (_, error) => {
    await expect(opened(error).store.transact([put])).rejects.toThrow(StoreUnavailable)
  })

  test('of nothing is done, and asks nobody', async () => {
    const { store, sent } = opened(hangs)
    expect(await store.transact([])).toEqual({ ok: true })
    expect(sent).toEqual([])
  })

  test('sends an update without a change as a check, which is all it is', async () => {
    const { store, sent } = opened({})
    await store.transact([{ kind: 'update', key, change: {} }])
    expect(sent[0]?.input.TransactItems).toMatchObject([{ ConditionCheck: { TableName: 'a-meters' } }])
  })
})
