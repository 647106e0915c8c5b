/** What the titles of columns and the keys of records say, in the words of the log and in those of others. Pure. */

export type Column = 'time' | 'latency' | 'eid' | 'nothing' | 'fact'

const titles: Readonly<Record<string, Column>> = {
  ...{ time: 'time', timestamp: 'time', datetime: 'time', date_time: 'time', date: 'time', when: 'time' },
  ...{
    shown_time: 'time',
    'shown.time': 'time',
    time_utc: 'time',
    'time_(utc)': 'time',
    'date/time': 'time',
  },
  ...{ latency_s: 'latency', latency: 'latency', took: 'latency', took_s: 'latency', duration_s: 'latency' },
  ...{ 'shown.latency_s': 'latency', 'latency_(s)': 'latency', duration: 'latency' },
  ...{ eid: 'eid', entry: 'eid', entry_id: 'eid' },
  // The same in every record, or another for each reader.
  ...{ exact_to_s: 'nothing', 'shown.exact_to_s': 'nothing', withheld: 'nothing' },
}
for (const title of `sentence says kind decision action code ending organisation person client model grant charge request
  about words leaf index digest`.split(/\s+/))
  (titles as Record<string, Column>)[title] = 'fact'

const longest = 40

/** `undefined` where it is no title of a column that is known here. */
export function columnOf(title: string): Column | undefined {
  if (title.length > longest) return undefined
  const name = title.trim().replace(/^'+/, '').toLowerCase().replace(/\s+/g, '_')
  return Object.hasOwn(titles, name) ? titles[name] : undefined
}
