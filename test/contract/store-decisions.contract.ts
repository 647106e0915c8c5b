import { randomUUID } from 'node:crypto'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { decide, transacted, written } from '../../shared/adapters/decision.ts'
import {
  type Change,
  type Condition,
  itemAbsent,
  type Key,
  type Path,
  type Scalar,
  type Store,
  type TransactOp,
} from '../../shared/ports/store.ts'

// The model's operations are all well formed. Here conditions and changes may be anything that the port's types admit:
// empty ones, comparisons across types, paths through scalars and lists, changes that overlap or touch the key.
const number = fc.integer({ min: -2, max: 3 })
const scalar: fc.Arbitrary<Scalar> = fc.oneof(number, fc.constantFrom('', 'a', 'b', '\uFFFD'), fc.boolean())
const value = fc.oneof(
  scalar,
  fc.array(scalar, { maxLength: 2 }),
  fc.dictionary(fc.constantFrom('x', 'y'), scalar),
)
const step = fc.constantFrom('n', 'm', 'x', 'y', 'list', 'pk', '0', 'constructor', 'a.b')
const likely = fc.constantFrom<Path[]>(['n'], ['x'], ['m'], ['m', 'x'], ['m', 'y'], ['m', 'x', 'y'], ['list'])
// Never through the key: it has no inside, and DynamoDB takes no question about it.
const any = fc
  .array(step, { minLength: 1, maxLength: 3 })
  .filter(steps => steps[0] !== 'pk' || steps.length === 1) as unknown as fc.Arbitrary<Path>
const path = fc.oneof({ weight: 2, arbitrary: likely }, any)

const item = fc.record(
  { n: number, m: fc.dictionary(step, value), list: fc.array(value, { maxLength: 2 }), x: scalar },
  { requiredKeys: [] },
)

const { condition } = fc.letrec<{ condition: Condition }>(tie => ({
  condition: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    fc.record({ exists: path }),
    fc.record({ absent: path }),
    ...['eq', 'lt', 'le', 'gt', 'ge'].map(
      kind => fc.record({ [kind]: fc.tuple(path, scalar) }) as unknown as fc.Arbitrary<Condition>,
    ),
    fc.record({ sizeLt: fc.tuple(path, number) }),
    fc.record({ and: fc.array(tie('condition'), { maxLength: 3 }) }),
    fc.record({ or: fc.array(tie('condition'), { maxLength: 3 }) }),
    fc.record({ not: tie('condition') }),
  ),
}))

const set = fc.tuple(path, fc.oneof({ weight: 9, arbitrary: value }, fc.constantFrom(null, undefined)))
const add = fc.tuple(path, number)
const sum = fc.tuple(path, path, number)
const list = <T>(one: fc.Arbitrary<T>, maxLength: number) => fc.array(one, { minLength: 1, maxLength })
const change: fc.Arbitrary<Change> = fc.oneof(
  fc.record({ set: list(set, 1) }),
  fc.record({ add: list(add, 1) }),
  fc.record({ sum: list(sum, 1) }),
  fc.record({ remove: list(path, 1) }),
  fc.record(
    { set: list(set, 2), add: list(add, 2), sum: list(sum, 2), remove: list(path, 2) },
    { requiredKeys: [] },
  ),
)

/** The key is each run's own. */
const key: Key = { table: 'meters', pk: '', sk: '-' }
const conditional = { if: condition, ours: condition }
const op: fc.Arbitrary<TransactOp> = fc.oneof(
  fc.record(
    { kind: fc.constant('put' as const), key: fc.constant(key), item, ...conditional },
    { requiredKeys: ['kind', 'key', 'item'] },
  ),
  {
    weight: 3,
    arbitrary: fc.record(
      { kind: fc.constant('update' as const), key: fc.constant(key), change, ...conditional },
      { requiredKeys: ['kind', 'key', 'change'] },
    ),
  },
  fc.record(
    { kind: fc.constantFrom('remove' as const, 'check' as const), key: fc.constant(key), ...conditional },
    { requiredKeys: ['kind', 'key'] },
  ),
)

const outcome = async (act: () => unknown): Promise<unknown> => {
  try {
    return await act()
  } catch (error) {
    if (error instanceof TypeError) return 'a TypeError'
    throw error
  }
}

/** That a backend which decides by itself decides as the others do. */
export function decisionContract(store: () => Store, numRuns = 200): void {
  const fresh = (): Key => ({ ...key, pk: `test#${randomUUID()}` })
  const at = (key: Key, item: object | undefined) => item && { ...item, pk: key.pk, sk: key.sk }

  const alone = async (before: object | undefined, given: TransactOp): Promise<void> => {
    if (given.kind === 'check') return
    const op = { ...given, key: fresh() }
    if (before) await store().write({ kind: 'put', key: op.key, item: before })
    const decided = await outcome(() => written(decide(op, at(op.key, before))))
    expect(await outcome(() => store().write(op))).toEqual(decided)
  }

  const inTransaction = async (
    before: object | undefined,
    given: TransactOp,
    holds: boolean,
  ): Promise<void> => {
    const op = { ...given, key: fresh() }
    const beside: TransactOp = {
      kind: 'put',
      key: fresh(),
      item: {},
      if: holds ? itemAbsent : { exists: ['pk'] },
    }
    if (before) await store().write({ kind: 'put', key: op.key, item: before })
    const decisions = () => [decide(op, at(op.key, before)), decide(beside, undefined)]
    const decided = await outcome(() => transacted(decisions()))
    expect(await outcome(() => store().transact([op, beside]))).toEqual(decided)
    const applied = typeof decided === 'object' && decisions().every(({ held }) => held)
    expect(await store().get([op.key, beside.key])).toEqual([
      applied ? (op.kind === 'remove' ? undefined : decisions()[0]?.item) : at(op.key, before),
      applied ? at(beside.key, {}) : undefined,
    ])
  }

  test('any operation on any item is decided as the shared decision has it', async () => {
    const items = fc.option(item, { nil: undefined, freq: 5 })
    await fc.assert(fc.asyncProperty(items, op, alone), { numRuns })
    await fc.assert(fc.asyncProperty(items, op, fc.boolean(), inTransaction), { numRuns })
  })
}
