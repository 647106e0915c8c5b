/** What the real meter admits is found to be within its limits, and whatever it would not have admitted is found. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { run } from '../../../client/cli/program.ts'
import { type ExaminedMeter, examineMeter } from '../../../client/log/budget.ts'
import {
  type BudgetLimits,
  meterOf,
  noBudgetRecords,
  takeRecord,
} from '../../../client/log/budget-records.ts'
import { recountEntry } from '../../../shared/entries/recount.ts'
import { type Act, begin, limitsOf, meterId, play, record } from './budget-world.ts'
import { bundleZip, makeBundle } from './bundle-world.ts'
import { RecordedTerminal } from './recorded-terminal.ts'
import { signedLog } from './verify-world.ts'

type Body = Record<string, unknown> & { unmapped: Record<string, unknown> }
interface Line {
  readonly eid: string
  readonly body: object
}

function examine(records: readonly Line[], limits?: BudgetLimits): ExaminedMeter {
  const found = noBudgetRecords()
  for (const one of records) expect(takeRecord(found, one)).toBeUndefined()
  return examineMeter(meterId, meterOf(found, meterId), limits)
}

const hour = 3_600_000
const after = fc.integer({ min: 0, max: 4 * hour })
const part = fc.oneof(
  { weight: 9, arbitrary: fc.double({ min: 0, max: 1, noNaN: true }) },
  { weight: 1, arbitrary: fc.double({ min: 1, max: 2, noNaN: true }) },
)
const call = fc.record({ do: fc.constant('call' as const), tokens: fc.integer({ min: 1, max: 400 }), after })
const end = fc.record({ do: fc.constant('end' as const), which: fc.nat(7), part, after })
const change = fc.record({
  do: fc.constant('limit' as const),
  limits: fc
    .tuple(fc.integer({ min: 1_000, max: 6_000 }), fc.option(fc.integer({ min: 200, max: 2_000 })))
    .map(([total, perDay]) => limitsOf(total, perDay ?? undefined)),
  after,
})
const acts = fc.array(
  fc.oneof({ weight: 6, arbitrary: call }, { weight: 5, arbitrary: end }, { weight: 1, arbitrary: change }),
  { minLength: 1, maxLength: 60 },
)
const firstLimits = fc
  .tuple(fc.integer({ min: 500, max: 6_000 }), fc.option(fc.integer({ min: 200, max: 2_000 })))
  .map(([total, perDay]) => limitsOf(total, perDay ?? undefined))

/** One call after the other: nothing is under way when the next one reserves. */
const sequential = fc
  .array(fc.tuple(fc.integer({ min: 10, max: 400 }), fc.double({ min: 0.1, max: 0.9, noNaN: true })), {
    minLength: 3,
    maxLength: 20,
  })
  .map(calls =>
    calls.flatMap(([tokens, part]): readonly Act[] => [
      { do: 'call', tokens, after: 1_000 },
      { do: 'end', which: 0, part, after: 1_000 },
    ]),
  )

const isOutcome = ({ body }: Line): boolean => (body as Body).unmapped.kind === 'outcome'
const told = (one: Line) =>
  ((one.body as Body).unmapped.meters as { seq: number; reserved: number; remaining: number }[])[0] ?? {
    seq: 0,
    reserved: 0,
    remaining: 0,
  }

/** The n-th outcome, in the order of reservations, with other facts. */
function changed(
  records: readonly Line[],
  n: number,
  change: (unmapped: Body['unmapped']) => object,
): readonly Line[] {
  const ordered = records.filter(isOutcome).sort((a, b) => told(a).seq - told(b).seq)
  const which = ordered[n % ordered.length]
  return records.map(one => {
    if (one !== which) return one
    const body = one.body as Body
    return { ...one, body: { ...body, unmapped: { ...body.unmapped, ...change(body.unmapped) } } }
  })
}
const meterWith = (unmapped: Body['unmapped'], change: (one: ReturnType<typeof told>) => object) => ({
  meters: (unmapped.meters as ReturnType<typeof told>[]).map(one => ({ ...one, ...change(one) })),
})

describe('every history of the real meter', () => {
  test('is within its limits, whatever comes at once, at midnight, beyond a reservation, and under changing limits', () => {
    fc.assert(
      fc.property(firstLimits, acts, (limits, acts) => {
        const { entries, meter, open } = play(limits, acts)
        const { facts, faults } = examine(entries.map(record))
        expect(faults).toEqual([])
        expect(facts.charged).toBe(meter.used)
        expect(facts.limits).toEqual({
          total: meter.limits.total,
          streams: meter.limits.streams,
          ...(meter.limits.perDay !== undefined && { perDay: meter.limits.perDay }),
        })
        expect(facts.overruns).toBe(Object.keys(meter.overruns).length)
        if (open === 0) {
          expect(facts.missing).toBe(0)
          expect(facts.wholeUntil).toBe(meter.seq)
        }
      }),
      { numRuns: 400 },
    )
  })

  test('and so is any part of it: what is left out is named', () => {
    fc.assert(
      fc.property(firstLimits, acts, fc.infiniteStream(fc.boolean()), (limits, acts, leave) => {
        const records = play(limits, acts).entries.map(record)
        const kept = records.filter(one => !isOutcome(one) || leave.next().value)
        const { facts, faults } = examine(kept)
        expect(faults).toEqual([])
        const seqs = kept.filter(isOutcome).map(one => told(one).seq)
        const last = Math.max(0, ...seqs)
        expect(facts.missing).toBe(last - seqs.length)
        const gone = Array.from({ length: last }, (_, n) => n + 1).filter(seq => !seqs.includes(seq))
        const named = facts.gaps.flatMap(([from, to]) =>
          Array.from({ length: to - from + 1 }, (_, n) => from + n),
        )
        expect(named).toEqual(gone.slice(0, named.length))
        expect(facts.wholeUntil).toBeLessThan(gone[0] ?? Infinity)
      }),
      { numRuns: 300 },
    )
  })
})

describe('whatever the meter would not have done is found', () => {
  const found = (records: readonly Line[], message: RegExp, limits?: BudgetLimits): void => {
    const { faults } = examine(records, limits)
    expect(faults.map(one => one.message).join('\n')).toMatch(message)
  }

  test('a charge above its reservation that is not said to be one', () => {
    fc.assert(
      fc.property(sequential, fc.nat(), fc.integer({ min: 1, max: 50 }), (acts, n, more) => {
        const records = play(limitsOf(20_000), acts).entries.map(record)
        const charge = ({ meters }: Body['unmapped']) => (meters as { reserved: number }[])[0]?.reserved ?? 0
        found(
          changed(records, n, one => ({ charge: charge(one) + more })),
          /said to be no overrun/,
        )
      }),
    )
  })

  test('a charge raised or lowered by one token, of any call but the last, where they came one after the other', () => {
    fc.assert(
      fc.property(sequential, fc.nat(), fc.constantFrom(1, -1), (acts, n, by) => {
        const records = play(limitsOf(20_000, undefined, 1), acts).entries.map(record)
        const calls = records.filter(isOutcome).length
        const other = changed(records, n % (calls - 1), ({ charge }) => ({ charge: Number(charge) + by }))
        found(other, by > 0 ? /at least \d+ were spent/ : /at most \d+ can have been spent/)
      }),
    )
  })

  test('a charge raised in any history, by more than calls under way could explain', () => {
    fc.assert(
      fc.property(acts, fc.nat(), (acts, n) => {
        const records = play(limitsOf(6_000), acts).entries.map(record)
        fc.pre(records.some(isOutcome))
        const other = changed(records, n, () => ({ charge: 6_001, overrun: false }))
        found(other, /said to be no overrun|were spent/)
      }),
    )
  })

  test('a reservation larger than it was, and one that says more remained', () => {
    fc.assert(
      fc.property(sequential, fc.nat(), fc.integer({ min: 1, max: 50 }), (acts, n, more) => {
        const records = play(limitsOf(20_000, undefined, 1), acts).entries.map(record)
        const larger = changed(records, n, one =>
          meterWith(one, ({ reserved }) => ({ reserved: reserved + more })),
        )
        found(larger, /at least \d+ were spent/)
        const richer = changed(records, n, one =>
          meterWith(one, ({ remaining }) => ({ remaining: remaining + more })),
        )
        found(richer, /at least \d+ were spent/)
        const poorer = changed(records, n, one =>
          meterWith(one, ({ remaining }) => ({ remaining: remaining - more })),
        )
        found(poorer, /at most \d+ can have been spent/)
      }),
    )
  })

  test('a reservation when nothing was left', () => {
    const { entries } = play(limitsOf(300), [
      { do: 'call', tokens: 200, after: 0 },
      { do: 'end', which: 0, part: 1, after: 1_000 },
      { do: 'call', tokens: 100, after: 1_000 },
      { do: 'end', which: 0, part: 1, after: 1_000 },
    ])
    const records = entries.map(record)
    const beyond = changed(records, 1, one => meterWith(one, () => ({ reserved: 150, remaining: -50 })))
    found(beyond, /50 tokens were reserved that were not there/)
    found(
      changed(records, 1, one => meterWith(one, () => ({ reserved: 150, remaining: 0 }))),
      /at least 200 were spent/,
    )
    found(
      changed(records, 1, one => meterWith(one, () => ({ reserved: 301, remaining: 0 }))),
      /the limit is 300/,
    )
  })

  test('more in a day than its limit', () => {
    fc.assert(
      fc.property(sequential, acts => {
        const { entries, meter } = play(limitsOf(20_000), acts)
        const records = entries.map(record)
        expect(examine(records, { total: 20_000, perDay: meter.used + 400 }).faults).toEqual([])
        found(records, /of that day were spent|limit of a day/, { total: 20_000, perDay: meter.used - 1 })
      }),
    )
  })

  test('more in all than its limit, whatever was decided', () => {
    fc.assert(
      fc.property(sequential, acts => {
        const { entries, meter } = play(limitsOf(20_000), acts)
        found(entries.map(record), /were spent|the limit is/, { total: meter.used - 1 })
      }),
    )
  })

  test('a place that two calls have', () => {
    const { entries } = play(limitsOf(1_000), [
      { do: 'call', tokens: 10, after: 0 },
      { do: 'end', which: 0, part: 1, after: 0 },
      { do: 'call', tokens: 10, after: 0 },
      { do: 'end', which: 0, part: 1, after: 0 },
    ])
    found(
      changed(entries.map(record), 1, one => meterWith(one, () => ({ seq: 1 }))),
      /is that of entry_\w+\.outcome, too/,
    )
  })

  test('a reservation before its limit was raised', () => {
    const acts: readonly Act[] = [
      { do: 'call', tokens: 100, after: 0 },
      { do: 'end', which: 0, part: 1, after: 1_000 },
      { do: 'limit', limits: limitsOf(1_000), after: 2 * hour },
      { do: 'call', tokens: 500, after: 1_000 },
      { do: 'end', which: 0, part: 1, after: 1_000 },
    ]
    const records = play(limitsOf(200), acts).entries.map(record)
    expect(examine(records).faults).toEqual([])
    found(
      changed(records, 0, one => meterWith(one, () => ({ reserved: 500, remaining: 500 }))),
      /the limit is 200/,
    )
  })
})

describe('what is not told', () => {
  const some = play(limitsOf(1_000), [
    { do: 'call', tokens: 100, after: 0 },
    { do: 'end', which: 0, part: 0.5, after: 1_000 },
    { do: 'call', tokens: 100, after: 1_000 },
  ])

  test('limits that no record tells are none: nothing is said of them', () => {
    const { facts } = examine(some.entries.slice(1).map(record))
    expect(facts.limits).toBeUndefined()
    expect(facts.wholeUntil).toBe(0)
  })

  test('limits before a change are those that the change tells', () => {
    const { entries } = play(limitsOf(300), [
      { do: 'call', tokens: 200, after: 0 },
      { do: 'end', which: 0, part: 1, after: 1_000 },
      { do: 'limit', limits: limitsOf(900), after: hour },
    ])
    const { facts, faults } = examine(entries.slice(1).map(record))
    expect(faults).toEqual([])
    expect(facts).toMatchObject({ limits: { total: 900 }, wholeUntil: 1 })
  })

  test('a recount is what counts from there', () => {
    const first = play(limitsOf(1_000, undefined, 1), [
      { do: 'call', tokens: 400, after: 0 },
      { do: 'end', which: 0, part: 1, after: 1_000 },
      { do: 'call', tokens: 100, after: 1_000 },
      { do: 'end', which: 0, part: 1, after: 1_000 },
    ])
    const figures = { used: 0, remaining: 0, today: 0, reserved: 0, seq: 0 }
    const counted = recountEntry({
      now: begin + hour,
      random: new Uint8Array(16).fill(3),
      meter: meterId,
      before: figures,
      after: { ...figures, used: 500, seq: 5 },
      operator: 'root',
    })
    const later = changed(first.entries.map(record), 1, one =>
      meterWith(one, () => ({ seq: 6, remaining: 400 })),
    )
    const { facts, faults } = examine([...later, record(counted)])
    expect(faults).toEqual([])
    expect(facts).toMatchObject({ recounts: 1, gaps: [[2, 5]], wholeUntil: 6 })
    const wrong = changed(later, 1, one => meterWith(one, () => ({ remaining: 401 })))
    expect(examine([...wrong, record(counted)]).faults).toHaveLength(1)
  })

  test.each([
    ['a charge that is none', { charge: -1 }],
    ['a part of a token', { charge: 0.5 }],
    ['a place that is none', { meters: [{ meter: meterId, seq: 0, reserved: 1, remaining: 1 }] }],
    ['no reservation', { meters: [{ meter: meterId }] }],
    ['a remainder that is none', { meters: [{ meter: meterId, seq: 1, reserved: 1, remaining: '9' }] }],
  ])('an outcome with %s is none', (_, change) => {
    const [outcome] = changed(some.entries.map(record).filter(isOutcome), 0, () => change)
    if (outcome === undefined) throw new Error('there is no outcome')
    expect(takeRecord(noBudgetRecords(), outcome)).toMatch(/without a charge|that is none/)
  })
})

describe('the command', () => {
  const { entries } = play(limitsOf(1_000, 600), [
    { do: 'call', tokens: 100, after: 0 },
    { do: 'end', which: 0, part: 0.5, after: 1_000 },
    { do: 'call', tokens: 100, after: 1_000 },
    { do: 'end', which: 0, part: 0.5, after: 1_000 },
    { do: 'call', tokens: 50, after: 1_000 },
  ])
  const lines = (records: readonly Line[]) =>
    records.map(one => JSON.stringify({ digest: null, ...one })).join('\n')

  async function verify(content: string | Uint8Array, ...words: readonly string[]) {
    const terminal = new RecordedTerminal()
    const path = join(terminal.home, 'records')
    await writeFile(path, content)
    const code = await run(['verify', 'budget', path, ...words], terminal)
    return { code, stdout: terminal.stdout, stderr: terminal.stderr }
  }

  test('tells of each meter what was kept, and what is not proved', async () => {
    const { code, stdout } = await verify(lines(entries.map(record)))
    expect(code).toBe(0)
    expect(stdout).toMatch(/^verified +1 budget, by 2 calls in 6 records/)
    expect(stdout).toMatch(/open +1 call without an outcome/)
    expect(stdout).toMatch(/limits +1,000 tokens in all, 600 a day/)
    expect(stdout).toMatch(/charged +100 tokens of 200 reserved/)
    expect(stdout).toMatch(/not shown +that the log holds these records.*rates.*refusals/s)
  })

  test('ends with 6 where a limit was passed, and names the call', async () => {
    const over = changed(entries.map(record), 1, one => meterWith(one, () => ({ reserved: 2_000 })))
    const { code, stdout, stderr } = await verify(lines(over), '--json')
    expect(code).toBe(6)
    const told = JSON.parse(stdout) as { faults: { place: string }[]; meters: object[] }
    expect(told.faults[0]?.place).toMatch(/^meter_1, reservation 2 \(entry_\w+\.outcome\)$/)
    expect(told.meters[0]).toMatchObject({ meter: meterId, kept: false })
    expect(stderr).toContain('A budget was not kept.')
  })

  test('ends with 1 where nobody has told the limits, and takes them as an option', async () => {
    const records = entries.slice(1).map(record)
    const { code, stderr } = await verify(lines(records))
    expect(code).toBe(1)
    expect(stderr).toContain('--limit')
    expect((await verify(lines(records), '--limit', 'total=1000,per_day=600')).code).toBe(0)
    expect((await verify(lines(records), '--limit', 'meter_1:total=1000')).code).toBe(0)
    expect((await verify(lines(records), '--limit', 'meter_1:total=90')).code).toBe(6)
    expect((await verify(lines(records), '--limit', 'meter_2:total=90')).code).toBe(1)
  })

  test.each(['1000', 'total', 'total=x', 'per_day=3', 'total=1,total=2', 'total=1,rpm=3', ''])(
    'refuses the limit %j',
    async limit => {
      expect((await verify(lines(entries.map(record)), '--limit', limit)).code).toBe(2)
    },
  )

  test('reads a bundle, and with the key proves it first', async () => {
    const log = await signedLog(entries)
    const bundle = await makeBundle(
      log,
      entries.map((_, n) => n),
    )
    const zip = bundleZip(bundle)
    expect((await verify(zip)).code).toBe(0)
    const proved = await verify(zip, '--key', log.vkey)
    expect(proved.code).toBe(0)
    expect(proved.stdout).not.toContain('that the log holds these records')

    const charged = String(bundle.files.get('records.jsonl')).replace('"charge":50', '"charge":49')
    const files = new Map([...bundle.files, ['records.jsonl', charged]])
    const forged = await verify(bundleZip({ ...bundle, files }), '--key', log.vkey)
    expect(forged.code).toBe(6)
    expect(forged.stdout).toContain('does not give the digest')
  })

  test('a list, stdin, what is neither, and no record', async () => {
    const list = JSON.stringify(entries.map(record).map(one => ({ digest: null, ...one })))
    expect((await verify(list)).code).toBe(0)
    const terminal = new RecordedTerminal()
    terminal.input = lines(entries.map(record))
    expect(await run(['verify', 'budget', '-'], terminal)).toBe(0)
    expect(await run(['verify', 'budget', '-', '--key', 'a+00000000+b'], new RecordedTerminal())).toBe(2)
    expect((await verify('no records')).code).toBe(2)
    expect((await verify('')).code).toBe(1)
  })
})
