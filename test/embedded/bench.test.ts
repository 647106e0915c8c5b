/** The benchmarks of the gate as they run, at the smallest scale: every figure is there. How fast is not asked. */
import { expect, test } from 'vitest'
import { abort } from '../../scripts/bench/abort.ts'
import { atOnce } from '../../scripts/bench/at-once.ts'
import type { Bench, Row } from '../../scripts/bench/bench.ts'
import { gate } from '../../scripts/bench/gate.ts'

async function rowsOf(bench: Bench): Promise<readonly Row[]> {
  const rows = await bench.run({ scale: 0.01, profile: false, print: () => undefined })
  for (const { what, value, beside } of rows) {
    expect(Number.isFinite(value), what).toBe(true)
    if (beside) expect(Number.isFinite(beside.value), what).toBe(true)
  }
  expect(new Set(rows.map(({ what }) => what)).size).toBe(rows.length)
  return rows
}

const figure = (rows: readonly Row[], what: RegExp): number => {
  const found = rows.filter(row => what.test(row.what))
  expect(found, String(what)).toHaveLength(1)
  return found[0]?.value ?? Number.NaN
}

test('gate: latency at two paces, CPU for each kind of call, and chunks that were passed on one by one', async () => {
  const rows = await rowsOf(gate)
  expect(rows.filter(({ unit, beside }) => unit === 'ms' && beside?.by === 'added')).toHaveLength(26)
  expect(rows.filter(({ target }) => target)).toHaveLength(6)
  expect(figure(rows, /^pieces/)).toBeGreaterThan(8)
})

test('at-once: none over, nothing stays reserved, and at least 95 % can be used', async () => {
  const rows = await rowsOf(atOnce)
  expect(figure(rows, /^over the total/)).toBe(0)
  expect(figure(rows, /^reserved after settling/)).toBe(0)
  expect(figure(rows, /^usable/)).toBeGreaterThanOrEqual(95)
  expect(figure(rows, /fewest$/)).toBeGreaterThan(0)
  expect(figure(rows, /most$/)).toBeLessThan(200)
})

test('abort: the upstream sees that the caller has left, for streams and for JSON calls', async () => {
  const rows = await rowsOf(abort)
  expect(rows).toHaveLength(6)
  for (const { value } of rows) expect(value).toBeGreaterThan(0)
})
