/** What `verify budget` has found, for a person and for a program. */
import type { ExaminedMeter, MeterFacts } from '../log/budget.ts'
import type { BudgetLimits, BudgetRecords } from '../log/budget-records.ts'
import { counted, type Fact } from './facts.ts'
import type { Told } from './verify-outcome.ts'

export function tellBudgets(
  { records, open, outcomes, refusals }: BudgetRecords,
  meters: readonly ExaminedMeter[],
  verified: boolean,
  proved: boolean,
): Told {
  return {
    json: {
      records,
      outcomes: outcomes.size,
      open: open.size,
      records_proved: proved,
      meters: meters.map(({ facts, faults }) => jsonOf(facts, faults.length === 0)),
      not_proved: ['rates', 'refusals', 'the charges themselves', ...(proved ? [] : ['the records'])],
    },
    facts: [
      [
        verified ? 'verified' : 'read',
        `${counted(meters.length, 'budget')}, by ${counted(outcomes.size, 'call')} in ${counted(records, 'record')}`,
      ],
      ['open', open.size > 0 ? `${counted(open.size, 'call')} without an outcome in this file` : undefined],
      ...meters.flatMap(({ facts }) => meterFacts(facts)),
      ['not shown', notShown(refusals, proved)],
    ],
  }
}

function meterFacts(facts: MeterFacts): readonly Fact[] {
  const { meter, calls, first, last, gaps, gapCount, missing, wholeUntil, limits } = facts
  const runs = gaps.map(([from, to]) => (from === to ? number(from) : `${number(from)}–${number(to)}`))
  return [
    ['meter', meter],
    ['limits', limits ? limitsText(facts, limits) : 'NOT KNOWN: name them (--limit)'],
    [
      'calls',
      `${counted(calls, 'reservation')}, ${number(first)} to ${number(last)} in the meter’s own order`,
    ],
    ['charged', chargedText(facts)],
    ['most a day', mostOfDay(facts)],
    [
      'gaps',
      missing > 0
        ? `${counted(missing, 'reservation')} not in this file (before it begins, under way, of others, given back at once, or left out): ${runs.join(', ')}${gapCount > gaps.length ? ', …' : ''}`
        : undefined,
    ],
    [
      'accounted',
      wholeUntil > 0
        ? `every token up to reservation ${number(wholeUntil)}${wholeUntil < last ? '; beyond it, that each was within what was left' : ''}`
        : 'that each was within what was left; not where every token went',
    ],
  ]
}

const limitsText = ({ changes }: MeterFacts, { total, perDay }: BudgetLimits): string =>
  `${counted(total, 'token')} in all, ${perDay === undefined ? 'no limit of a day' : `${number(perDay)} a day`}${changes > 1 ? `; decided ${counted(changes, 'time')}, these last` : ''}`

const chargedText = ({ charged, reserved, remaining, overruns, beyond, recounts }: MeterFacts): string =>
  [
    `${counted(charged, 'token')} of ${number(reserved)} reserved; ${number(remaining)} left after the last reservation`,
    ...(overruns > 0
      ? [`${counted(overruns, 'call')} flagged as overrun, by ${counted(beyond, 'token')}`]
      : []),
    ...(recounts > 0 ? [`counted anew by an operator ${counted(recounts, 'time')}`] : []),
  ].join('; ')

function mostOfDay({ days }: MeterFacts): string | undefined {
  const [most] = [...days].sort((a, b) => b.charged - a.charged)
  return most && `${counted(most.charged, 'token')} by the calls that came on ${most.day}`
}

const number = (value: number): string => value.toLocaleString('en-US')

const notShown = (refusals: number, proved: boolean): string =>
  [
    ...(proved ? [] : ['that the log holds these records (--key, or verify bundle)']),
    'rates: how many requests came a minute, and how many at once',
    `refusals: that what was refused had to be (${counted(refusals, 'record')} of them here)`,
    'that a charge is what the provider has counted',
    'what the reservations that are missing have spent',
  ].join('; ')

function jsonOf(facts: MeterFacts, kept: boolean) {
  const { meter, calls, first, last, gaps, limits, reserved, charged, remaining, overruns, beyond } = facts
  return {
    meter,
    kept: kept && limits !== undefined,
    limits: limits
      ? { total: limits.total, per_day: limits.perDay ?? null, streams: limits.streams ?? null }
      : null,
    changes: facts.changes,
    calls,
    first,
    last,
    gaps,
    gap_count: facts.gapCount,
    missing: facts.missing,
    accounted_until: facts.wholeUntil,
    reserved,
    charged,
    remaining,
    overruns,
    beyond,
    recounts: facts.recounts,
    days: facts.days,
  }
}
