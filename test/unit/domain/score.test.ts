/** What looks like a score is found however it is written; what offices write beside it is left alone. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { foldText } from '../../../shared/domain/folded-text.ts'
import { judgeScore } from '../../../shared/domain/score.ts'

const found = (text: string): boolean => judgeScore(text, 'field')?.code === 'score_refused'

describe('a score or a threshold', () => {
  test.each([
    ...[
      '87%',
      '87 %',
      '%87',
      '87 percent',
      '87 per cent',
      '87 pct',
      'eighty percent',
      'eighty-seven per cent',
    ],
    ...['0.93', '.93', '0,93', '93.5', '-0.3', '(0.3)', '0·93', '0 . 93', 'zero point nine', '1.2e-3'],
    ...['87/100', '9 / 10', '½', 'two thirds', '87:100', 'nine in ten', '9 in 10', 'ninety out of a hundred'],
    ...['20 of 100', 'won 61 of 100 games', '80-90', '80–90%', 'between 80 and 90', '90th percentile'],
    ...[
      'score: 12',
      'Score 12',
      'the score was twelve',
      'It scored 12.',
      'score:\n12',
      '99 score',
      'top score 99',
    ],
    ...['threshold 5', 'threshold of 5', 'above a threshold of 10^26 operations', '1e26 FLOP', '1e26'],
    ...[
      'MMLU 87',
      'MMLU: 87',
      '87 on MMLU',
      'GPQA-Diamond 59',
      'SWE-bench 49',
      'HumanEval+ 91',
      'WMDP-bio 71',
    ],
    ...['ARC-AGI-2: 54', 'Elo 1280', '1280 Elo', 'elo of 1280', 'logit -3', 'logits: 2', 'log-prob -1.2'],
    ...[
      'pass@1',
      'pass@1 of 80',
      'AUC=1',
      'accuracy 90',
      'F1: 90',
      'perplexity 12',
      'loss = 2',
      'uplift of 2',
    ],
    ...[
      '87 points',
      '12 pts',
      '87 marks',
      'rated 4',
      'a rating of 7',
      'confidence: 8',
      'probability of one half',
    ],
    ...['ASL-3', 'risk level 4', '3 sigma', '3x', '10-fold', 'mean 7', 'the benchmark gave 44'],
    ...[
      '10²⁶ operations',
      'ten to the twenty-sixth power',
      '87 over 100',
      '87 ÷ 100',
      'percent: 87',
      '4 stars',
    ],
    ...['SCORE-87', 'score_87', 'score87', 'OFR-0.93', 'OFR-87.5', '87', 'twelve'],
  ])('is found: %s', text => {
    expect(found(text)).toBe(true)
  })

  test.each([
    ['fullwidth', '８７％'],
    ['Arabic-Indic', '٨٧٪'],
    ['Devanagari', '८७%'],
    ['mathematical', '𝟠𝟟%'],
    ['circled', '⑧⑦%'],
    ['keycaps', '8️⃣7️⃣%'],
    ['with a zero-width space', '8\u200b7\u200b%'],
    ['with a soft hyphen', 'sco\u00adre: 12'],
    ['with a direction', 'score\u202e: 12'],
    ['in Cyrillic letters', 'ѕсоrе: 12'],
    ['with a combining mark', 's\u0301core: 12'],
    ['with a no-break space', 'score\u00a012'],
  ])('is found in another dress: %s', (_, text) => {
    expect(found(text)).toBe(true)
  })
})

describe('what is no score', () => {
  test.each([
    ...[
      'OFR-2026-0001',
      'D-2027-04',
      'OFR_2026.3',
      'OFR.2026.0001',
      'OFR-87',
      'ARC-2026-0001',
      'R2-D2',
      'INC-2027',
    ],
    ...[
      '2026-11-27',
      '27 November 2026',
      'November 27, 2026',
      '27.11.2026',
      '11/27/2026',
      '2026/11/27',
      'Q3 2026',
    ],
    ...['2026-11-27T09:30:00Z', 'at 10:30', '24/7', '1,000 pages', '20260001', '12345678', 'a3f9e2d1'],
    ...[
      'section 3',
      'section 3(c)',
      'Section 3.2',
      '§ 3',
      'sections 3, 4 and 5',
      'EO 14409, 3(c)',
      '32 CFR 2001.24',
    ],
    ...['2 people', '30 days', 'within 3 to 5 working days', 'page 3 of 10', 'in one of 3 rooms', '3 of us'],
    ...['555-0142-17', '+1 202 555 0142', 'case 12-345', 'case 7 of 2026', 'ref 2026/17', 'file 12/2026'],
    ...['Dr. Ruth Hale, Director', 'Deputy Director, Office 12', 'version 2', 'v1.2', 'NSPM-33', 'please'],
    'Requirements met after review by 2 people within 30 days.',
    'Determined under section 3(b) of EO 14409 on 2026-11-27 by two reviewers.',
    'The score is not stated here.',
    'No threshold is told here.',
    'person_5aesfvr6ahgd79gey2aj1jye76',
  ])('is left alone: %s', text => {
    expect(found(text)).toBe(false)
  })
})

/** Words around it, as offices write; none of them is a number. */
const around = fc.constantFrom(
  '',
  'The office has looked at it.',
  'Determined as follows:',
  'As agreed with the developer,',
)
const share = fc.integer({ min: 1, max: 99 })
const measure = fc.constantFrom(
  'score',
  'Threshold',
  'accuracy',
  'Elo',
  'logit',
  'MMLU',
  'GPQA',
  'SWE-bench',
  'AUROC',
)
const scored = fc.oneof(
  fc
    .tuple(share, fc.constantFrom('%', ' %', ' percent', ' per cent', ' pct', 'th percentile'))
    .map(([n, unit]) => `${n}${unit}`),
  fc.tuple(fc.constantFrom('0.', '.', '0,', '1.', '93.'), share).map(([whole, n]) => `${whole}${n}`),
  fc
    .tuple(share, fc.constantFrom('/', ' / '), fc.constantFrom(10, 100, 5))
    .map(([n, by, of]) => `${n}${by}${of}`),
  fc
    .tuple(
      measure,
      fc.constantFrom(' ', ': ', ' = ', ' of ', ' was ', '-', ' is about ', '\n'),
      fc.integer({ min: 1, max: 3_000 }),
    )
    .map(([name, link, n]) => `${name}${link}${n}`),
  fc.tuple(share, fc.constantFrom(' on ', ' in '), measure).map(([n, link, name]) => `${n}${link}${name}`),
  fc.tuple(share, share).map(([low, more]) => `${low}-${low + more}%`),
  fc.integer({ min: 1, max: 10 }).map(n => `pass@${n}`),
  fc
    .tuple(share, fc.constantFrom(' out of ', ' out of a '), fc.constantFrom('100', 'hundred'))
    .map(parts => parts.join('')),
  fc
    .tuple(
      fc.constantFrom('twenty', 'fifty-one', 'ninety'),
      fc.constantFrom(' percent', ' per cent', '-percent'),
    )
    .map(parts => parts.join('')),
  fc.integer({ min: 20, max: 30 }).map(n => `10^${n}`),
)
/** The same to a reader. */
const dressed = fc.constantFrom<(text: string) => string>(
  text => text,
  text => text.replace(/\d/g, digit => String.fromCodePoint(0xff10 + Number(digit))),
  text => text.replace(/\d/g, digit => String.fromCodePoint(0x0660 + Number(digit))),
  text => text.replace(/\d/g, digit => String.fromCodePoint(0x1d7d8 + Number(digit))),
  text => [...text].join('\u200b'),
  text => text.replaceAll('%', '％').replaceAll('.', '．'),
  text => text.toUpperCase(),
)

const two = (n: number): string => String(n).padStart(2, '0')
const year = fc.integer({ min: 1990, max: 2049 })
const monthDay = fc.tuple(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 1, max: 28 }))
const office = fc.constantFrom('OFR', 'D', 'OCB', 'DET', 'case', 'CAISI')
const reference = fc.oneof(
  fc
    .tuple(office, year, fc.integer({ min: 1, max: 9_999 }))
    .map(([name, y, n]) => `${name}-${y}-${String(n).padStart(4, '0')}`),
  fc
    .tuple(
      office,
      fc.constantFrom('-', '_', '.', '/'),
      year,
      fc.constantFrom('-', '_'),
      fc.integer({ min: 1, max: 999 }),
    )
    .map(parts => parts.join('')),
  fc.tuple(office, fc.integer({ min: 1, max: 99_999 })).map(([name, n]) => `${name}-${n}`),
  fc.tuple(year, monthDay).map(([y, [m, d]]) => `${y}-${two(m)}-${two(d)}`),
  fc.tuple(year, monthDay).map(([y, [m, d]]) => `${two(d)}.${two(m)}.${y}`),
  fc
    .tuple(
      fc.constantFrom('section', 'Section', '§', 'clause', 'paragraph', 'annex'),
      fc.integer({ min: 1, max: 99 }),
      fc.constantFrom('', '(c)', '(b)(2)', '.2'),
    )
    .map(([what, n, part]) => `${what} ${n}${part}`),
  fc
    .tuple(
      fc.integer({ min: 2, max: 500 }),
      fc.constantFrom('people', 'days', 'reviewers', 'pages', 'hours', 'offices'),
    )
    .map(([n, what]) => `${n} ${what}`),
  fc
    .tuple(
      fc.integer({ min: 100, max: 999 }),
      fc.integer({ min: 1_000, max: 9_999 }),
      fc.integer({ min: 10, max: 99 }),
    )
    .map(parts => parts.join('-')),
  fc.constantFrom('EO 14409', '32 CFR 2001.24', 'NSPM-33', 'OFR-2026-0001'),
)

describe('properties', () => {
  test('whatever the text, it is judged and nothing is thrown', () => {
    for (const unit of ['grapheme', 'binary'] as const)
      fc.assert(fc.property(fc.string({ unit, maxLength: 300 }), text => void judgeScore(text, 'field')))
  })

  test('every form of a score is found, among words and in every dress', () => {
    fc.assert(
      fc.property(around, scored, dressed, around, (before, text, dress, after) => {
        expect(found(`${before} ${dress(text)} ${after}`)).toBe(true)
      }),
      { numRuns: 2_000 },
    )
  })

  test('every form of a reference passes, alone and among words', () => {
    fc.assert(
      fc.property(around, reference, (before, text) => {
        expect(found(text)).toBe(false)
        expect(found(`${before} ${text}`)).toBe(false)
        expect(found(`${before} See ${text}.`)).toBe(false)
      }),
      { numRuns: 2_000 },
    )
  })

  test('long texts are judged in time', () => {
    for (const unit of [
      '1,',
      '1.',
      '1 and ',
      'score ',
      'one hundred ',
      'section 1, ',
      '1-',
      'is of at to ',
    ]) {
      const startedAt = performance.now()
      judgeScore(unit.repeat(2_000 / unit.length), 'field')
      expect(performance.now() - startedAt).toBeLessThan(500)
    }
  })
})

describe('folding', () => {
  test('is the same twice, and leaves plain text as it is', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), text => {
        expect(foldText(foldText(text))).toBe(foldText(text))
      }),
    )
    const plain = fc.string({ unit: 'grapheme-ascii' })
    fc.assert(fc.property(plain, text => void expect(foldText(text)).toBe(text)))
  })
})
