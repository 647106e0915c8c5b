import { describe, expect, test } from 'vitest'
import { toAttributes } from '../../../../shared/adapters/aws/attribute-value.ts'
import { createDynamoStore } from '../../../../shared/adapters/aws/dynamo-store.ts'
import { indexes } from '../../../../shared/domain/keys.ts'
import {
  itemAbsent,
  type Store,
  StoreUnavailable,
  type TransactOp,
  type WriteOp,
} from '../../../../shared/ports/store.ts'
import {
  type Answer,
  connectionError,
  createFakeClient,
  createFakeClock,
  hangs,
  longestPauses,
  serviceError,
} from './fake-aws.ts'
import {
  cancelled,
  check,
  conditionFailed,
  guarded,
  item,
  key,
  mine,
  opened,
  put,
  putOnce,
  remove,
  startsOf,
  stored,
  update,
} from './fake-dynamo.ts'

const unknown: [string, Answer | Error][] = [
  ['no answer', hangs],
  ['a reset connection', connectionError('ECONNRESET')],
  ['a server error', serviceError('InternalServerError', 500)],
]

describe('what certainly had no effect is tried again until the deadline, whatever it is', () => {
  const throttles = [
    'ThrottlingException',
    'ProvisionedThroughputExceededException',
    'RequestLimitExceeded',
    'TransactionConflictException',
  ]
  const done = { Attributes: stored({ n: 2 }) }

  test.each(throttles)('%s, then a success', async name => {
    for (const op of [put, putOnce, update, guarded, remove]) {
      const { store, sent } = opened(serviceError(name, 400), serviceError(name, 400), done)
      expect((await store.write(op)).ok).toBe(true)
      expect(startsOf(sent)).toEqual([0, 25, 75])
    }
  })

  test('for ever: unavailable, before the deadline, with the last failure as the cause', async () => {
    const { store, sent, clock } = opened(serviceError('ThrottlingException', 400))
    const failure = await store.write(guarded).catch((error: unknown) => error)
    expect(failure).toBeInstanceOf(StoreUnavailable)
    expect(failure).toMatchObject({ cause: { name: 'ThrottlingException' } })
    expect(Math.max(...startsOf(sent))).toBeLessThan(3_000)
    expect(clock.now()).toBeLessThan(3_000)
  })
})

describe.each(unknown)('after %s', (_, lost) => {
  test.each<[string, WriteOp]>([
    ['an update', update],
    ['an update with a condition', guarded],
    ['a put with a condition', { ...put, if: itemAbsent }],
    ['a removal with a condition', { ...remove, if: { exists: ['n'] } }],
    ['an update that would know its own work, but has no condition to stop it', { ...update, ours: mine }],
  ])('%s is not tried again: it could take place twice, or deny its own first time', async (_, op) => {
    const { store, sent } = opened(lost, { Attributes: stored() })
    await expect(store.write(op)).rejects.toThrow(StoreUnavailable)
    expect(sent).toHaveLength(1)
  })

  test.each<[string, WriteOp]>([
    ['a put', put],
    ['a removal', remove],
    ['a put that knows its own work', putOnce],
    ['an update that knows its own work', { ...guarded, ours: mine }],
  ])('%s is tried again', async (_, op) => {
    const { store, sent } = opened(lost, { Attributes: stored() })
    expect((await store.write(op)).ok).toBe(true)
    expect(sent).toHaveLength(2)
  })

  test('a second attempt that meets the work of the first counts as done', async () => {
    const { store } = opened(lost, conditionFailed(stored()))
    expect(await store.write(putOnce)).toEqual({ ok: true, item: { ...item, pk: key.pk, sk: '-' } })
  })

  test("a second attempt that meets another's work does not", async () => {
    const { store } = opened(lost, conditionFailed(stored({ word: 'theirs' })))
    expect(await store.write(putOnce)).toMatchObject({ ok: false, item: { word: 'theirs' } })
  })

  test('a throttle in between changes nothing about that', async () => {
    const { store, sent } = opened(serviceError('ThrottlingException', 400), lost)
    await expect(store.write(guarded)).rejects.toThrow(StoreUnavailable)
    expect(sent).toHaveLength(2)
  })

  test('reads and queries are tried again', async () => {
    const { store, sent } = opened(lost, { Responses: { 'a-meters': [stored()] }, Items: [] })
    expect(await store.get([key])).toMatchObject([{ n: 1 }])
    await store.query({ index: indexes.byOwner, partition: 'o', order: 'asc', limit: 1 })
    expect(sent).toHaveLength(3)
  })

  test('a transaction is tried again under its token', async () => {
    const { store, sent } = opened(lost, {})
    expect(await store.transact([guarded, check])).toEqual({ ok: true })
    expect(sent).toHaveLength(2)
    expect(sent[0]?.input.ClientRequestToken).toMatch(/^[0-9a-f]{32}$/)
    expect(sent[1]?.input.ClientRequestToken).toBe(sent[0]?.input.ClientRequestToken)
    await store.transact([guarded, check])
    expect(sent[2]?.input.ClientRequestToken).not.toBe(sent[0]?.input.ClientRequestToken)
  })
})

describe('what would fail again is not tried again', () => {
  test.each([
    'AccessDeniedException',
    'ResourceNotFoundException',
    'ExpiredTokenException',
    'UnrecognizedClientException',
  ])('%s is an unavailable store', async name => {
    const cause = serviceError(name, 400)
    const { store, sent } = opened(cause)
    for (const act of [
      () => store.get([key]),
      () => store.write(putOnce),
      () => store.transact([put]),
      () => store.query({ index: indexes.byOwner, partition: 'o', order: 'asc', limit: 1 }),
    ]) {
      const before = sent.length
      const failure = await act().catch((error: unknown) => error)
      expect(failure).toBeInstanceOf(StoreUnavailable)
      expect(failure).toMatchObject({ cause })
      expect(sent).toHaveLength(before + 1)
    }
  })

  test('a request that DynamoDB takes for malformed is a TypeError', async () => {
    const { store } = opened(serviceError('ValidationException', 400))
    await expect(store.get([key])).rejects.toThrow(TypeError)
    const query = { index: indexes.byOwner, partition: 'o', order: 'asc', limit: 1 } as const
    await expect(store.query(query)).rejects.toThrow(TypeError)
  })
})

describe('a write that DynamoDB takes for malformed', () => {
  const malformed = serviceError('ValidationException', 400)
  const found = { Responses: { 'a-meters': [stored()] } }

  test('is a TypeError where its condition holds', async () => {
    const { store } = opened(malformed, found)
    const failure = await store.write(guarded).catch((error: unknown) => error)
    expect(failure).toBeInstanceOf(TypeError)
    expect(failure).toMatchObject({ cause: malformed })
  })

  test('fails where its condition fails, which comes first', async () => {
    const { store } = opened(malformed, found)
    const written = await store.write({ ...update, if: { gt: [['n'], 5] } })
    expect(written).toEqual({ ok: false, item: { ...item, pk: key.pk, sk: '-' } })
  })

  test('so does one that cannot be put into a request at all', async () => {
    const impossible: WriteOp = { kind: 'put', key, item: { n: 1n }, if: itemAbsent }
    const failing = opened(found)
    expect((await failing.store.write(impossible)).ok).toBe(false)
    expect(failing.sent.map(({ name }) => name)).toEqual(['BatchGetItemCommand'])
    const { store } = opened({ Responses: {} })
    await expect(store.write(impossible)).rejects.toThrow(TypeError)
  })

  test.each<[string, Error]>([
    ['as a whole', malformed],
    ['in one of its operations', cancelled({ Code: 'None' }, { Code: 'ValidationError' })],
  ])('in a transaction, %s, is decided alike', async (_, error) => {
    const ops: TransactOp[] = [{ ...check, if: { exists: ['open'] } }, guarded]
    const both = (open: object) => ({
      Responses: { 'a-meters': [stored()], 'a-registry': [toAttributes({ pk: key.pk, sk: '-', ...open })] },
    })
    await expect(opened(error, both({ open: 1 })).store.transact(ops)).rejects.toThrow(TypeError)
    expect(await opened(error, both({})).store.transact(ops)).toMatchObject({ ok: false })
  })
})

describe('time', () => {
  const acts: [string, (store: Store) => Promise<unknown>][] = [
    ['a read', store => store.get([key])],
    ['a write', store => store.write(putOnce)],
    ['a transaction', store => store.transact([put])],
    ['a query', store => store.query({ index: indexes.byOwner, partition: 'o', order: 'asc', limit: 1 })],
  ]
  test.each(acts)(
    '%s that is never answered ends at the deadline, after attempts of a second',
    async (_, act) => {
      const { store, sent, clock } = opened(hangs)
      await expect(act(store)).rejects.toThrow(StoreUnavailable)
      expect(startsOf(sent)).toEqual([0, 1_025, 2_075])
      expect(clock.now()).toBe(3_000)
    },
  )

  test('writes in order share one deadline, and tell what was written before it', async () => {
    const slow: Answer = async () => {
      await clock.sleep(900)
      return {}
    }
    const { store, sent, clock } = opened(slow, slow, slow, hangs)
    const { written, failure } = await store.writeInOrder([put, put, put, put, put])
    expect(written.map(({ ok }) => ok)).toEqual([true, true, true])
    expect(failure).toBeInstanceOf(StoreUnavailable)
    expect(startsOf(sent)).toEqual([0, 900, 1_800, 2_700])
    expect(clock.now()).toBe(3_000)
  })

  test('writes in order end with the first whose answer was lost: nothing after it is sent', async () => {
    const { store, sent } = opened({}, serviceError('InternalServerError', 500))
    const { written, failure } = await store.writeInOrder([put, guarded, put])
    expect(written).toHaveLength(1)
    expect(failure).toBeInstanceOf(StoreUnavailable)
    expect(sent).toHaveLength(2)
  })
})

test('a table that the function was not given is a TypeError', async () => {
  const clock = createFakeClock()
  const { client, sent } = createFakeClient(clock, {})
  const store = createDynamoStore({ client, tables: { spent: 'a-spent' }, clock, random: longestPauses })
  await expect(store.get([key])).rejects.toThrow('The store was opened without table meters')
  await expect(store.write(put)).rejects.toThrow(TypeError)
  await expect(store.transact([put])).rejects.toThrow(TypeError)
  expect(sent).toEqual([])
})

test('no message tells a key or a value', async () => {
  const failures: unknown[] = []
  for (const error of [
    hangs,
    serviceError('AccessDeniedException', 400),
    serviceError('InternalServerError', 500),
  ])
    for (const act of [
      (store: Store) => store.get([key]),
      (store: Store) => store.write(guarded),
      (store: Store) => store.transact([put, check]),
      (store: Store) => store.query({ index: indexes.byOwner, partition: 'secret', order: 'asc', limit: 1 }),
    ])
      failures.push(await act(opened(error).store).catch((failure: unknown) => failure))
  for (const failure of failures) expect(`${failure} ${(failure as Error).cause}`).not.toContain('secret')
  expect(failures.slice(4, 8).map(String)).toEqual([
    'StoreUnavailable: DynamoDB: get on meters failed: AccessDeniedException',
    'StoreUnavailable: DynamoDB: write on meters failed: AccessDeniedException',
    'StoreUnavailable: DynamoDB: transact on meters, registry failed: AccessDeniedException',
    'StoreUnavailable: DynamoDB: query on registry failed: AccessDeniedException',
  ])
})
