import { randomUUID } from 'node:crypto'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type {
  Change,
  Condition,
  Key,
  Path,
  Scalar,
  Store,
  TransactOp,
  WriteOp,
} from '../../shared/ports/store.ts'
import { ReferenceStore } from './reference-store.ts'

// Few keys, few names and small numbers, so that conditions hold about as often as they fail. Every item has
// the numbers `n` and `m.x`; `count` is a number or absent, `v` and `m.v` are anything.
const number = fc.integer({ min: -2, max: 3 })
const scalar: fc.Arbitrary<Scalar> = fc.oneof(number, fc.constantFrom('', 'a', 'b'), fc.boolean())
const paths: readonly Path[] = [['pk'], ['n'], ['m', 'x'], ['count'], ['v'], ['m', 'v'], ['m'], ['n', 'x']]
const path = fc.constantFrom(...paths)

const item = fc.record(
  { n: number, m: fc.record({ x: number, v: scalar }, { requiredKeys: ['x'] }), count: number, v: scalar },
  { requiredKeys: ['n', 'm'] },
)

const ordered = fc.oneof(number, fc.constantFrom('', 'a', 'b'))
const { condition } = fc.letrec<{ condition: Condition }>(tie => ({
  condition: fc.oneof(
    { maxDepth: 2, withCrossShrink: true },
    fc.record({ exists: path }),
    fc.record({ absent: path }),
    fc.record({ eq: fc.tuple(path, scalar) }),
    fc.record({ lt: fc.tuple(path, ordered) }),
    fc.record({ le: fc.tuple(path, ordered) }),
    fc.record({ gt: fc.tuple(path, ordered) }),
    fc.record({ ge: fc.tuple(path, ordered) }),
    fc.record({ sizeLt: fc.tuple(path, number) }),
    fc.record({ and: fc.array(tie('condition'), { minLength: 1, maxLength: 3 }) }),
    fc.record({ or: fc.array(tie('condition'), { minLength: 1, maxLength: 3 }) }),
    fc.record({ not: tie('condition') }),
  ),
}))

/** At most one step for each target, so that no two overlap. */
const counted = (target: Path): fc.Arbitrary<Change> =>
  fc.oneof(
    number.map(n => ({ add: [[target, n]] as const })),
    fc.tuple(fc.constantFrom<Path>(['n'], ['m', 'x']), number).map(([source, n]) => ({
      sum: [[target, source, n]] as const,
    })),
  )
const free = (target: Path): fc.Arbitrary<Change> =>
  fc.oneof(
    scalar.map(value => ({ set: [[target, value]] as const })),
    fc.constant({ remove: [target] }),
  )
const change = fc
  .subarray([counted(['n']), counted(['m', 'x']), counted(['count']), free(['v']), free(['m', 'v'])], {
    minLength: 1,
  })
  .chain(steps => fc.tuple(...steps))
  .map(
    (steps): Change => ({
      set: steps.flatMap(step => step.set ?? []),
      add: steps.flatMap(step => step.add ?? []),
      sum: steps.flatMap(step => step.sum ?? []),
      remove: steps.flatMap(step => step.remove ?? []),
    }),
  )

/** Each run puts its own partition key in. */
const keys: readonly Key[] = (['registry', 'registry', 'meters', 'spent'] as const).map((table, i) => ({
  table,
  pk: '',
  sk: `${i}`,
}))
const key = fc.constantFrom(...keys)
const conditional = { if: condition, ours: condition }
const put = fc.record(
  { kind: fc.constant('put' as const), key, item, ...conditional },
  { requiredKeys: ['kind', 'key', 'item'] },
)
const update = fc.record(
  { kind: fc.constant('update' as const), key, change, ...conditional },
  { requiredKeys: ['kind', 'key', 'change'] },
)
const bare = <K extends 'remove' | 'check'>(kind: K) =>
  fc.record({ kind: fc.constant(kind), key, ...conditional }, { requiredKeys: ['kind', 'key'] })

const write: fc.Arbitrary<WriteOp> = fc.oneof(put, update, bare('remove'))
const transact: fc.Arbitrary<TransactOp[]> = fc.uniqueArray(fc.oneof(write, bare('check')), {
  selector: op => op.key,
  minLength: 1,
})
const step = fc.oneof(fc.record({ write }), fc.record({ transact }))

export function modelContract(store: () => Store, numRuns: number): void {
  test('gives the answers and leaves the items of the reference model', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 3, maxLength: 15 }), async steps => {
        const model = new ReferenceStore()
        const pk = `test#${randomUUID()}`
        const mine = keys.map(key => ({ ...key, pk }))
        for (const step of steps) {
          if ('write' in step) {
            const op = { ...step.write, key: { ...step.write.key, pk } }
            expect(await store().write(op)).toEqual(model.write(op))
          } else {
            const ops = step.transact.map(op => ({ ...op, key: { ...op.key, pk } }))
            expect(await store().transact(ops)).toEqual(model.transact(ops))
          }
          expect(await store().get(mine)).toEqual(mine.map(key => model.get(key)))
        }
      }),
      { numRuns },
    )
  })
}
