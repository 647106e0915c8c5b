/** What may be asked to be attributed. */
import { describe, expect, test } from 'vitest'
import { attributionBody, maxExcerptBytes } from '../../../functions/api/shapes/attribution.ts'

const eight = 'one two three four five six seven eight'
const fault = (asked: object): string => {
  const read = attributionBody.safeParse({ purpose: 'A text on the web', ...asked })
  const [issue] = read.error?.issues ?? []
  return issue === undefined ? 'none' : `${issue.path.join('.')}: ${issue.message}`
}

describe('an attribution is asked of a text', () => {
  test('of eight words at least, however they are written', () => {
    expect(fault({ text: eight })).toBe('none')
    expect(fault({ text: 'ONE, two; three-four\n\nfive "six" seven (8)' })).toBe('none')
    // A script without blanks has a word in each character.
    expect(fault({ text: '一二三四五六七八' })).toBe('none')
    expect(fault({ text: 'one two three four five six seven !!! ???' })).toBe('text: it has at least 8 words')
    expect(fault({ text: '' })).toBe('text: it has at least 8 words')
  })

  test('of 200,000 bytes of UTF-8 at most', () => {
    const text = `${eight} `
    const most = text + 'ä'.repeat((maxExcerptBytes - text.length) / 2)
    expect(Buffer.byteLength(most)).toBe(200_000)
    expect(fault({ text: most })).toBe('none')
    expect(fault({ text: `${most}.` })).toBe('text: it has at most 200,000 bytes of UTF-8')
  })

  test('with a purpose, and of a time that does not end before it begins', () => {
    const [from, to] = ['2026-11-01T00:00:00Z', '2026-11-30T00:00:00Z']
    expect(fault({ text: eight, from, to })).toBe('none')
    expect(fault({ text: eight, from, to: from })).toBe('none')
    expect(fault({ text: eight, from: to, to: from })).toBe('to: it is not before from')
    expect(fault({ text: eight, from: '2026-11-01' })).toContain('from: ')
    expect(fault({ text: eight, purpose: '' })).toContain('purpose: ')
    expect(fault({ text: eight, epsilon: 1 })).toContain('epsilon')
  })
})
