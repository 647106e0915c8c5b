import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { indexes } from '../../../shared/domain/keys.ts'
import { dayShard, everyOpenShard } from '../../../shared/entries/id.ts'
import { explainPlan } from '../../../shared/search/explain.ts'
import { searchFacts } from '../../../shared/search/facts.ts'
import { formatQuery, parseQuery } from '../../../shared/search/grammar.ts'
import { isFound } from '../../../shared/search/matching.ts'
import { type Plan, type PlanContext, planQuery } from '../../../shared/search/plan.ts'
import { isQueryFault, type QueryFault } from '../../../shared/search/query.ts'
import { entries, now, queries } from './queries.ts'

const all: PlanContext = { now, mayWalkAll: true, organisation: 'cedar' }
const entry = 'entry_01kb2r8w3ge4084010g2081040'
const hour = 3_600_000
const day = 24 * hour
const grid = (ms: number): number => ms - (ms % 10_000)

function asked(text: string, context: PlanContext = all): Plan | QueryFault {
  const query = parseQuery(text)
  return isQueryFault(query) ? query : planQuery(query, context)
}

function planned(text: string, context: PlanContext = all): Plan {
  const plan = asked(text, context)
  if (isQueryFault(plan)) throw new Error(plan.message)
  return plan
}

describe('the index that is walked', () => {
  test.each([
    ['request:r-1', 'by_request', ['r-1']],
    ['request:r-1 partner:cedar', 'by_request', ['r-1']],
    ['partner:cedar decision:refuse', 'by_organisation', ['cedar']],
    [`entry:${entry} request:r-1`, 'entry', [entry]],
    [`entry:${entry},${entry}.outcome`, 'entry', [`${entry}.outcome`, entry]],
    ['ending:open partner:cedar', 'open_intents', everyOpenShard()],
  ])('%s: %s', (text, index, partitions) => {
    expect(planned(text)).toMatchObject({ index, partitions, order: 'desc' })
  })

  test.each([
    'request:r-1,r-2',
    'request:r-*',
    '-request:r-1',
    'partner:cedar,fjord',
    // Their own alone: how many of another's were passed over would tell of those that they do not see.
    'partner:fjord',
    'partner:ced*',
    '-partner:cedar',
    `-entry:${entry}`,
    'ending:open,cut',
    '-ending:open',
    'model:aurora',
    '',
  ])('%s: by day', text => {
    expect(planned(text).index).toBe('by_day')
  })

  test('of whoever may see only their own is that of their organisation, whoever they ask about', () => {
    const own: PlanContext = { now, mayWalkAll: false, organisation: 'cedar' }
    for (const text of ['', 'partner:fjord', 'ending:open', 'partner:cedar,fjord'])
      expect(planned(text, own)).toMatchObject({ index: 'by_organisation', partitions: ['cedar'] })
    expect(planned('request:r-1', own).index).toBe('by_request')
  })

  test('of what their own people decided is that of those who act', () => {
    const us = { now, by: 'us', organisation: 'ofr' } as const
    for (const mayWalkAll of [true, false] as const)
      expect(planned('partner:cedar', { ...us, mayWalkAll })).toMatchObject({
        index: 'by_actor',
        partitions: ['ofr'],
      })
  })

  test('is one of those that the store has', () => {
    const names: readonly string[] = Object.values(indexes).map(({ name }) => name)
    for (const text of ['request:r-1', 'partner:cedar', 'ending:open', ''])
      expect(names).toContain(planned(text).index)
    expect(names).toContain(planned('', { now, mayWalkAll: false, organisation: 'o', by: 'us' }).index)
  })
})

describe('the range', () => {
  test('is the last 24 hours where none is asked for: two days of 16 partitions, the newest first', () => {
    const plan = planned('')
    expect(plan).toMatchObject({ from: grid(now - day), to: now, range: 'last_day' })
    expect(plan.partitions).toHaveLength(32)
    expect([plan.partitions[0], plan.partitions[15], plan.partitions[16], plan.partitions[31]]).toEqual([
      'day#2026-11-27#0',
      'day#2026-11-27#15',
      'day#2026-11-26#0',
      'day#2026-11-26#15',
    ])
  })

  test('is everything for one entry or one request, however old', () => {
    for (const text of [`entry:${entry}`, 'request:r-1'])
      expect(planned(text)).toMatchObject({ from: 0, to: now, range: 'everything' })
  })

  test.each([
    ['time:>=-2h', grid(now - 2 * hour), now, 1],
    ['time:>=-1d', grid(now - day), now, 2],
    ['time:2026-11-25', Date.UTC(2026, 10, 25), Date.UTC(2026, 10, 26) - 1, 1],
    ['time:2026-11-25..2026-11-26', Date.UTC(2026, 10, 25), Date.UTC(2026, 10, 27) - 1, 2],
    [
      'time:2026-11-25T09:00:09Z..2026-11-25T09:00:11Z',
      Date.UTC(2026, 10, 25, 9),
      Date.UTC(2026, 10, 25, 9, 0, 11),
      1,
    ],
    ['time:>=2026-11-25 time:<=2026-11-25T12:00:00Z', Date.UTC(2026, 10, 25), Date.UTC(2026, 10, 25, 12), 1],
    ['time:2026-11-20..-1d time:>=-2d', grid(now - 2 * day), now - day, 2],
    ['time:2026-11-27..2030-01-01', Date.UTC(2026, 10, 27), Date.UTC(2030, 0, 2) - 1, 2],
  ])('%s', (text, from, to, days) => {
    const plan = planned(text)
    expect(plan).toMatchObject({ from, to, range: 'asked' })
    expect(plan.partitions).toHaveLength(days * 16)
  })

  test('without a start goes back as far as days are walked, and to the beginning in a narrower index', () => {
    const plan = planned('time:<=2026-11-25')
    expect(plan.partitions).toHaveLength(1_100 * 16)
    expect(plan.partitions.at(-1)).toBe('day#2023-11-22#15')
    expect(plan.from).toBe(Date.UTC(2023, 10, 22))
    expect(planned('time:<=2026-11-25 partner:cedar').from).toBe(0)
  })

  test.each([
    ['time:>=2026-11-28', 0, 'The range begins after now.'],
    ['model:a time:>=-1h time:<=2026-11-20', 19, 'The ranges of time have no moment in common.'],
    ['time:-1h..2026-11-20', 0, 'The range ends before it begins.'],
    [
      'time:>=2023-11-01',
      0,
      'The range has more than 1,100 days, which are too many to be walked one by one.',
    ],
  ])('%s is a fault', (text, at, message) => {
    expect(asked(text)).toMatchObject({ at, message, next: expect.stringMatching(/./) })
  })

  test('of the days that are too many is none in a narrower index', () => {
    expect(planned('time:>=1970-01-01 partner:cedar')).toMatchObject({ from: 0, partitions: ['cedar'] })
  })
})

describe('entries of who read the log', () => {
  test.each([
    ['', ['log_read']],
    ['type:access', ['log_read']],
    ['-type:read', ['log_read']],
    ['person:*', ['log_read']],
    ['type:read', []],
    ['type:log_read', []],
    ['type:access,read', []],
    ['type:*', []],
    ['type:lo*', []],
    [`entry:${entry}`, []],
  ])('%s leaves out %j', (text, skips) => {
    expect(planned(text).skips).toEqual(skips)
  })
})

test('an entry that is found stands in a partition that is walked', () => {
  let met = 0
  fc.assert(
    fc.property(queries, fc.array(entries, { minLength: 5, maxLength: 30 }), (query, some) => {
      const plan = asked(formatQuery(query))
      if (isQueryFault(plan)) return
      for (const { eid, body, open } of some) {
        const facts = searchFacts(eid, body, open ? { open: everyOpenShard()[3] ?? '' } : {})
        if (!isFound(plan, facts)) continue
        met++
        const stands = {
          by_day: [dayShard(eid)],
          by_organisation: facts.words.partner,
          by_request: facts.words.request,
          by_actor: [],
          open_intents: open ? [everyOpenShard()[3]] : [],
          entry: [eid],
        }[plan.index]
        expect(stands.some(one => one !== undefined && plan.partitions.includes(one))).toBe(true)
      }
    }),
    { numRuns: 200 },
  )
  expect(met).toBeGreaterThan(50)
})

describe('a plan is explained', () => {
  test('by range, index, partitions, what is compared, and what is left out', () => {
    expect(explainPlan(planned('decision:refuse -model:"a b" charge:>=5'))).toEqual([
      'range: 2026-11-26T09:00:00.000Z to 2026-11-27T09:00:07.000Z (the last 24 hours, as no time was asked for)',
      'index: by_day, as the query names neither one request nor your own organisation alone',
      'partitions: 32 (day#2026-11-27#0 … day#2026-11-26#15), the newest first',
      'compared after reading: decision:refuse -model:"a b" charge:>=5',
      'left out: entries of who read the log; type:read shows them, type:* everything',
    ])
    expect(explainPlan(planned('partner:cedar type:* time:2026-11-27'))).toEqual([
      'range: 2026-11-27T00:00:00.000Z to 2026-11-27T23:59:59.999Z (as asked)',
      'index: by_organisation, as the query names your own organisation',
      'partitions: 1 (cedar)',
      'compared after reading: partner:cedar type:*',
      'left out: nothing',
    ])
  })

  test('without anything of the query that a terminal would obey', () => {
    const lines = explainPlan(planned('request:"\u001b[31m\n\u202ecedar"'))
    expect(lines[2]).toBe('partitions: 1 (·[31m··cedar)')
    expect(lines.join('')).not.toMatch(/\p{C}/u)
  })
})
