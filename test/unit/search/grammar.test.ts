import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { formatQuery, parseQuery } from '../../../shared/search/grammar.ts'
import { editDistance, nearest } from '../../../shared/search/nearest.ts'
import { isQueryFault, type ParsedQuery, searchKeys, wordKeys } from '../../../shared/search/query.ts'
import { queries } from './queries.ts'

function parsed(text: string): ParsedQuery {
  const query = parseQuery(text)
  if (isQueryFault(query)) throw new Error(`${query.at}: ${query.message}`)
  return query
}

const placeless = ({ times, terms }: ParsedQuery) => ({
  terms,
  times: times.map(({ at: _, length: __, ...range }) => range),
})

/** The fault, with what it points at. */
function faultOf(text: string) {
  const fault = parseQuery(text)
  if (!isQueryFault(fault)) throw new Error(`taken: ${text}`)
  const { at, length, message, next } = fault
  return { at, of: text.slice(at, at + length), message, next }
}

const entry = 'entry_01kb2r8w3ge4084010g2081040'

describe('a query', () => {
  test.each(wordKeys.filter(key => !['decision', 'type', 'ending', 'charge', 'entry'].includes(key)))(
    '%s: takes a value, several, a prefix, quotes, and is negated',
    key => {
      expect(parsed(`${key}:cedar`).terms).toEqual([{ key, negated: false, values: [{ text: 'cedar' }] }])
      expect(parsed(`-${key}:a,"b, c",d*`).terms).toEqual([
        { key, negated: true, values: [{ text: 'a' }, { text: 'b, c' }, { text: 'd', prefix: true }] },
      ])
    },
  )

  test.each([
    ['decision:refuse', { key: 'decision', negated: false, values: [{ text: 'refuse' }] }],
    [
      '-decision:allow,timed_out',
      { key: 'decision', negated: true, values: [{ text: 'allow' }, { text: 'timed_out' }] },
    ],
    ['type:access', { key: 'type', negated: false, values: [{ text: 'access' }] }],
    ['type:intent', { key: 'type', negated: false, values: [{ text: 'intent' }] }],
    ['type:*', { key: 'type', negated: false, values: [{ text: '', prefix: true }] }],
    ['ending:open', { key: 'ending', negated: false, values: [{ text: 'open' }] }],
    ['charge:0', { key: 'charge', negated: false, values: [{ text: '0' }] }],
    ['charge:*', { key: 'charge', negated: false, values: [{ text: '', prefix: true }] }],
    ['charge:>=1000', { key: 'charge', negated: false, than: '>=', amount: 1000 }],
    ['charge:<=1', { key: 'charge', negated: false, than: '<=', amount: 1 }],
    ['charge:<5', { key: 'charge', negated: false, than: '<', amount: 5 }],
    ['-charge:>5', { key: 'charge', negated: true, than: '>', amount: 5 }],
    [`entry:${entry}.outcome`, { key: 'entry', negated: false, values: [{ text: `${entry}.outcome` }] }],
    ['partner:-cedar', { key: 'partner', negated: false, values: [{ text: '-cedar' }] }],
    ['purpose:a:b\\c', { key: 'purpose', negated: false, values: [{ text: 'a:b\\c' }] }],
    ['purpose:"a \\"b\\" \\\\ c*"', { key: 'purpose', negated: false, values: [{ text: 'a "b" \\ c*' }] }],
    ['purpose:">=1"', { key: 'purpose', negated: false, values: [{ text: '>=1' }] }],
  ])('%s', (text, term) => {
    expect(parsed(text).terms).toEqual([term])
  })

  test('is terms with blanks between them, all of which hold; the same key may come twice', () => {
    expect(
      parsed('  clause:a\n\tclause:b  -clause:c ').terms.map(({ key, negated }) => [key, negated]),
    ).toEqual([
      ['clause', false],
      ['clause', false],
      ['clause', true],
    ])
    expect(parsed('')).toEqual({ times: [], terms: [] })
  })

  test.each([
    [
      'time:2026-11-20..2026-11-27',
      { from: { kind: 'day', day: '2026-11-20' }, to: { kind: 'day', day: '2026-11-27' } },
    ],
    ['time:2026-11-27', { from: { kind: 'day', day: '2026-11-27' }, to: { kind: 'day', day: '2026-11-27' } }],
    ['time:>=-24h', { from: { kind: 'ago', amount: 24, unit: 'h' } }],
    ['time:<=now', { to: { kind: 'now' } }],
    ['time:-7d..now', { from: { kind: 'ago', amount: 7, unit: 'd' }, to: { kind: 'now' } }],
    [
      'time:-90s..-1m',
      { from: { kind: 'ago', amount: 90, unit: 's' }, to: { kind: 'ago', amount: 1, unit: 'm' } },
    ],
    ['time:>=2026-11-27T09:00:00Z', { from: { kind: 'at', ms: Date.UTC(2026, 10, 27, 9) } }],
    [
      'time:>=2026-11-27t10:00:00.5+01:00',
      { from: { kind: 'at', ms: Date.UTC(2026, 10, 27, 9, 0, 0, 500) } },
    ],
    ['time:"<=2026-11-27"', { to: { kind: 'day', day: '2026-11-27' } }],
  ])('%s', (text, range) => {
    expect(placeless(parsed(text)).times).toEqual([range])
  })

  test('keeps each range, with its place', () => {
    expect(parsed('model:a time:>=-7d time:<=-1d').times.map(({ at, length }) => [at, length])).toEqual([
      [8, 10],
      [19, 10],
    ])
  })
})

describe('a fault names its place, the word, and what to write', () => {
  const keys = `The keys are ${searchKeys.join(', ')}.`
  test.each([
    ['parter:cedar', 0, 'parter', '“parter” is not a key.', `Perhaps partner is meant. ${keys}`],
    ['model:a -modle:b', 9, 'modle', '“modle” is not a key.', `Perhaps model is meant. ${keys}`],
    ['Partner:cedar', 0, 'Partner', '“Partner” is not a key.', `Perhaps partner is meant. ${keys}`],
    ['zzzzzzzzz:1', 0, 'zzzzzzzzz', '“zzzzzzzzz” is not a key.', keys],
    ['constructor:1', 0, 'constructor', '“constructor” is not a key.', keys],
    [
      'model:a cedar',
      8,
      'cedar',
      '“cedar” has no key: free words are not looked for.',
      `Write key:value. ${keys}`,
    ],
    ['"a b"', 0, '"a', '“"a” has no key: free words are not looked for.', `Write key:value. ${keys}`],
    [
      'partner :cedar',
      0,
      'partner',
      '“partner” has no key: free words are not looked for.',
      'Write partner:value, without a blank before the colon.',
    ],
    ['-', 0, '-', '“-” has no key: free words are not looked for.', `Write key:value. ${keys}`],
    [':cedar', 0, ':', 'In front of the colon stands no key.', `Write key:value. ${keys}`],
    [
      'partner: cedar',
      8,
      ' ',
      '“partner” has no value here.',
      'Write the value right behind the colon or the comma, without a blank.',
    ],
    ['partner:', 8, '', '“partner” has no value here.', /behind the colon/],
    ['partner:a,,b', 10, ',', '“partner” has no value here.', /behind the colon or the comma/],
    ['partner:a,', 10, '', '“partner” has no value here.', /comma/],
    [
      'partner:""',
      8,
      '""',
      '“partner” has an empty value.',
      'Write what it is; partner:* is whatever has one.',
    ],
    ['model:a"b', 7, '"', 'A quote stands inside a value that has none around it.', /backslash/],
    ['model:"a"b', 9, 'b', '“b” stands right beside the quotes of a value.', /one pair of quotes/],
    [
      'model:"a"*',
      9,
      '*',
      '“*” stands right beside the quotes of a value.',
      /\* stands after a value without quotes/,
    ],
    ['model:"a b', 6, '"a b', 'The quote is not closed.', /End the value with "/],
    ['model:"a\\n"', 8, '\\n', /A backslash stands in quotes/, /\\\\/],
    ['model:"a\\', 8, '\\', /A backslash stands in quotes/, /\\\\/],
    ['model:a*b', 7, '*', /\* stands at the end/, /into quotes/],
    ['model:a**', 7, '*', /\* stands at the end/, /into quotes/],
    ['partner:>=a', 8, '>=a', '“partner” cannot be compared by >=: only time and charge can.', /quotes/],
    ['charge:>=1,2', 7, '>=1', 'A comparison stands alone in its term.', /charge:>=1000 charge:<5000/],
    ['charge:1,<2', 9, '<2', 'A comparison stands alone in its term.', /one term for each/],
    ['charge:>=1k', 7, '>=1k', '“>=1k” is not a whole number of tokens.', /without separators/],
    ['charge:1,000', 9, '000', '“000” is not a whole number of tokens.', /without separators/],
    ['charge:9007199254740993', 7, '9007199254740993', /whole number/, /charge:>=1000/],
    ['charge:1*', 7, '1*', 'A charge has no beginning.', /Compare it/],
    [
      'decision:refused',
      9,
      'refused',
      '“refused” is nothing that decision can be.',
      /^Perhaps refuse is meant\. It is one of allow, refuse,/,
    ],
    ['type:acess', 5, 'acess', '“acess” is nothing that type can be.', /^Perhaps access is meant/],
    ['ending:constructor', 7, 'constructor', /nothing that ending can be/, /^It is one of completed,/],
    ['entry:entry_1', 6, 'entry_1', '“entry_1” is not the whole id of an entry.', /26 characters/],
    [`entry:${entry}*`, 6, `${entry}*`, /is not the whole id/, /26 characters/],
    ['-time:now', 0, '-time:now', 'A range of time cannot be taken away.', /time:>=/],
    [
      'time:2026-11-20,2026-11-21',
      0,
      'time:2026-11-20,2026-11-21',
      'A query has one range of time.',
      /2026-11-20\.\.2026-11-27/,
    ],
    [
      'time:-24h',
      5,
      '-24h',
      '“-24h” is one moment, and not a range.',
      /^Write time:>=-24h for what came since/,
    ],
    ['time:>2026-11-20', 5, '>2026-11-20', 'Time takes >= and no bare >.', 'Write time:>=2026-11-20'],
    ['time:now..', 5, 'now..', 'One end of the range is missing.', 'Write time:>=now'],
    ['time:..-7d', 5, '..-7d', 'One end of the range is missing.', 'Write time:<=-7d'],
    ['time:>=', 5, '>=', 'The moment is missing.', /^Write 2026-11-27T09:00:00Z/],
    ['time:>=2026-02-30', 7, '2026-02-30', '“2026-02-30” is not a moment.', /a day of UTC/],
    ['time:>=2026-02-30T00:00:00Z', 7, '2026-02-30T00:00:00Z', /not a moment/, /with its zone/],
    ['time:2026-11-27T09:00:00..now', 5, '2026-11-27T09:00:00', /not a moment/, /with its zone/],
    ['time:-7d..later', 10, 'later', '“later” is not a moment.', /-24h, -7d or now/],
    ['time:>=1969-12-31', 7, '1969-12-31', /not a moment/, /UTC/],
    ['time:>=2026-11-27T25:00:00Z', 7, '2026-11-27T25:00:00Z', /not a moment/, /UTC/],
    [
      'model:a time:2026-11-27..2026-11-20',
      8,
      'time:2026-11-27..2026-11-20',
      'The range ends before it begins.',
      /earlier moment first/,
    ],
    ['time:now..-1h', 0, 'time:now..-1h', 'The range ends before it begins.', /earlier moment first/],
    [
      'time:2026-11-20 time:>=2026-11-21',
      16,
      'time:>=2026-11-21',
      'The ranges of time have no moment in common.',
      /Leave one of them out/,
    ],
    [
      'time:>=-1d time:<=-2d',
      11,
      'time:<=-2d',
      'The ranges of time have no moment in common.',
      /Leave one of them out/,
    ],
    [
      `model:${'a'.repeat(4_000)}`,
      4_000,
      'aaaaaa',
      'A query has at most 4,000 characters; this one has 4,006.',
      /request:r-1\*/,
    ],
    [
      `${'model:a '.repeat(50)}code:b`,
      400,
      'code:b',
      'A query has at most 50 terms.',
      /several values of one key/,
    ],
  ])('%s', (text, at, of, message, next) => {
    expect(faultOf(text)).toEqual({
      at,
      of,
      message: typeof message === 'string' ? message : expect.stringMatching(message),
      next: typeof next === 'string' ? next : expect.stringMatching(next),
    })
  })

  test('with nothing of the query that a terminal would obey, and no more of it than a few words', () => {
    const { message } = faultOf(`\u001b[31m\u202e${'x'.repeat(100)}`)
    expect(message).toBe(`“·[31m·${'x'.repeat(33)}…” has no key: free words are not looked for.`)
  })

  test('fifty terms and four thousand characters are taken', () => {
    expect(parsed('model:a '.repeat(50)).terms).toHaveLength(50)
    expect(parsed(`model:${'a'.repeat(3_994)}`).terms).toHaveLength(1)
  })
})

describe('whatever is written', () => {
  const scraps = fc.constantFrom(
    ...[
      'time:',
      'model:',
      'charge:',
      '-',
      '"',
      '\\',
      ',',
      '*',
      ' ',
      '..',
      '>=',
      '<',
      'now',
      '-7d',
      '2026-11-27',
      'x',
      ':',
      '\u0000',
      '\ud800',
      '😀',
      'entry:',
      entry,
    ],
  )
  const texts = fc.oneof(
    fc.array(scraps, { maxLength: 40 }).map(parts => parts.join('')),
    fc.string({ unit: 'binary', maxLength: 80 }),
  )

  test('is understood or a fault, whose place is inside the text or at its end', () => {
    fc.assert(
      fc.property(texts, text => {
        const query = parseQuery(text)
        if (!isQueryFault(query)) return
        expect(query.at).toBeGreaterThanOrEqual(0)
        expect(query.length).toBeGreaterThanOrEqual(0)
        expect(query.at + query.length).toBeLessThanOrEqual(text.length)
        expect(query.message).toMatch(/\.$/)
        expect(query.next).not.toBe('')
      }),
      { numRuns: 200 },
    )
  })

  test('means the same in its canonical form, which stays as it is', () => {
    fc.assert(
      fc.property(texts, text => {
        const query = parseQuery(text)
        if (isQueryFault(query)) return
        const canonical = formatQuery(query)
        expect(placeless(parsed(canonical))).toEqual(placeless(query))
        expect(formatQuery(parsed(canonical))).toBe(canonical)
      }),
      { numRuns: 200 },
    )
  })

  test('every query is read back from its text, unless its ranges contradict each other', () => {
    let read = 0
    fc.assert(
      fc.property(queries, query => {
        const back = parseQuery(formatQuery(query))
        if (isQueryFault(back)) {
          expect(back.message).toMatch(/^The ranges? (of time have no moment|ends before)/)
          return
        }
        read++
        expect(placeless(back)).toEqual(placeless(query))
      }),
      { numRuns: 200 },
    )
    expect(read).toBeGreaterThan(80)
  })
})

describe('the nearest word', () => {
  test.each([
    ['kitten', 'sitting', 3],
    ['', 'abc', 3],
    ['abc', 'abc', 0],
    ['abc', 'acb', 1],
    ['abcd', 'badc', 2],
  ])('%s and %s are %d letters apart', (from, to, distance) => {
    expect(editDistance(from, to)).toBe(distance)
    expect(editDistance(to, from)).toBe(distance)
  })

  test('is none where nothing is near, nor for a text that is longer than any', () => {
    expect(nearest('xyzzy', searchKeys)).toBeUndefined()
    expect(nearest('m'.repeat(65), searchKeys)).toBeUndefined()
  })
})
