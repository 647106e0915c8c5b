/** A plan in plain lines, for whoever wonders why a query is slow, or finds nothing. */
import { time } from '../domain/time.ts'
import { formatTerm } from './grammar.ts'
import type { Plan, Why } from './plan.ts'
import { plain } from './query.ts'

const reasons: Readonly<Record<Why, string>> = {
  entry: 'the query names entries by their ids',
  request: 'the query names one request',
  decided_by_own: 'what your organisation’s people decided is asked for',
  partner: 'the query names your own organisation',
  own_alone: 'you see what is about your organisation',
  open: 'calls without an outcome are asked for',
  nothing_narrower: 'the query names neither one request nor your own organisation alone',
}

const ranges: Readonly<Record<Plan['range'], string>> = {
  asked: 'as asked',
  last_day: 'the last 24 hours, as no time was asked for',
  everything: 'everything, as no time was asked for',
}

export function explainPlan({ index, why, partitions, from, to, range, filter, skips }: Plan): string[] {
  const [first = 'none', last = first] = [partitions[0], partitions.at(-1)]
  return [
    `range: ${time(from)} to ${time(to)} (${ranges[range]})`,
    `index: ${index}, as ${reasons[why]}`,
    `partitions: ${partitions.length.toLocaleString('en-US')} (${first}${last === first ? ')' : ` … ${last}), the newest first`}`,
    `compared after reading: ${filter.map(formatTerm).join(' ') || 'nothing'}`,
    `left out: ${skips.length > 0 ? 'entries of who read the log; type:read shows them, type:* everything' : 'nothing'}`,
  ].map(plain)
}
