/** Where in the log a leak is looked for. Pure. */
import type { LeakedRow } from '../../../shared/leak/leak.ts'
import type { Span } from '../entries-back.ts'

/** An outcome stands under the time of its intent: no call takes longer. Milliseconds. */
const longestCallMs = 20 * 60_000
/** Spans that are so near each other are one: each costs as many questions as a long one. */
const nearMs = 10 * 60_000

/** Of the rows that do not name their entry, by their times. Apart from each other, the earliest first. */
export function spansOf(rows: readonly LeakedRow[]): readonly Span[] {
  const wanted = rows
    .flatMap(({ eid, time }) =>
      eid !== undefined || time === undefined
        ? []
        : [{ from: time.tens - time.window - longestCallMs, to: time.tens + time.window }],
    )
    .sort((one, other) => one.from - other.from)
  const spans: Span[] = []
  for (const span of wanted) {
    const last = spans.at(-1)
    if (last && span.from <= last.to + nearMs)
      spans[spans.length - 1] = { from: last.from, to: Math.max(last.to, span.to) }
    else spans.push(span)
  }
  return spans
}
