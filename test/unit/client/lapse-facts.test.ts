import { describe, expect, test } from 'vitest'
import { formatFacts, lapseFacts } from '../../../client/cli/facts.ts'

const lapse = {
  reason: { code: 'inactivity', text: 'It asked for no token for 35 days.', reference: null, sealed: false },
  entry: 'entry_1',
  at: '2027-01-15T08:00:00.000Z',
  appeal: "sallyport partner appeal entry_1 --text '…'",
}

describe('what time has stopped', () => {
  test('is told with the reason, the entry, and the appeal where there is one', () => {
    expect(formatFacts(lapseFacts(lapse))).toBe(
      [
        'stopped    by time, at 2027-01-15 08:00 UTC',
        'why        inactivity: “It asked for no token for 35 days.”',
        'entry      entry_1',
        "appeal     once: sallyport partner appeal entry_1 --text '…'",
        '',
      ].join('\n'),
    )
    expect(formatFacts(lapseFacts({ ...lapse, appeal: null }))).not.toContain('appeal')
  })

  test('is not told of what time has not stopped', () => {
    expect(lapseFacts(null)).toEqual([])
  })
})
