/** Scores and markings that once passed, and ordinary words of offices that were once refused. */
import { describe, expect, test } from 'vitest'
import { judgeText } from '../../../shared/domain/marking.ts'
import { judgeScore } from '../../../shared/domain/score.ts'

describe('a score', () => {
  test.each([
    ...['43 of 50 tasks', '43 of the 50 tasks', 'solved 43 problems of 50', 'It answered forty of fifty.'],
    ...[
      'the model solved eleven of twelve',
      'it beat the bar by a mile: 9 of 10 tasks',
      '26 orders of magnitude',
    ],
    ...['1e26FLOPS', '87 per 100', '87 from 100', '87 in every 100', '87±2', 'at least 87', 'It exceeds 87.'],
    ...['more than 87', 'score: XCIII', 'risk tier II', 'score-2026-87', 'mmlu_2026_87'],
  ])('is found: %s', text => {
    expect(judgeScore(text, 'field')?.code).toBe('score_refused')
  })

  test.each([
    ...[
      'Tier one office',
      'an average of one meeting a week',
      'points 1 to 4 of the memo',
      'on point two of the agenda',
    ],
    ...[
      'limit of one month',
      'Reviewed by 3 of 4 members of the panel.',
      'at least 14 days',
      'more than 2 offices agree',
    ],
    ...[
      'One of the two conditions is met.',
      'Claude Opus 4 was compared.',
      'All 14 reviewers concur.',
      'the civil level',
    ],
    ...[
      'The 30-day period begins now.',
      'Signed on the 3rd of November.',
      'ARC-2026-0001',
      'Both passed the review.',
    ],
  ])('is none: %s', text => {
    expect(judgeScore(text, 'field')).toBeUndefined()
  })

  test('the name of the model that it is about is none, and hides none', () => {
    expect(judgeScore('Aurora 2.5 is designated.', 'field', ['Aurora 2.5'])).toBeUndefined()
    for (const text of ['Aurora 2.5 has 87%', 'Aurora 2.5: MMLU 87', 'Aurora 2.51'])
      expect(judgeScore(text, 'field', ['Aurora 2.5'])?.code).toBe('score_refused')
  })
})

describe('a marking', () => {
  test.each([
    ...[
      '[S]',
      '[TS//SI]',
      '(S/NF)',
      '(S-NF)',
      'S//NF',
      'TS//SI//NOFORN',
      'TS//SCI',
      'secret//noforn',
      'Secret//NF',
    ],
    ...[
      'SECRET - NOFORN',
      'SECRET/NOFORN',
      'SECRET NOFORN',
      'CLASSIFICATION: SECRET',
      'Classification: Top Secret',
    ],
    ...[
      '**SECRET**',
      '--SECRET--',
      'SECRET.',
      'NATO SECRET',
      'COSMIC TOP SECRET',
      'TOP_SECRET',
      'TOPSECRET//SI',
    ],
    ...['Words.\n(C) More words.', '(U) Words. (S) Others.', '(C//REL TO USA, FVEY)'],
  ])('is found: %s', text => {
    expect(judgeText(text, 'field')?.code).toBe('classification_exceeded')
  })

  test.each([
    ...[
      'clause 3(C)',
      'section 3 (C)',
      'Section 3(c)',
      'option (C)',
      'size (S)',
      'file(S)',
      '(C) 2026 Halcyon',
      '(c) 2026',
    ],
    ...[
      'The confidential annex',
      'CONFIDENTIAL INFORMATION of Halcyon',
      'a trade secret - keep it',
      'Secretary of Defense',
    ],
    ...[
      'SECRETARY OF DEFENSE',
      'no classification is told',
      'C++//C',
      'https://host/s//path',
      'this is (sic) said',
      'as in (c) above',
    ],
  ])('is none: %s', text => {
    expect(judgeText(text, 'field')).toBeUndefined()
  })

  test('is judged in time, whatever stands before it', () => {
    for (const unit of [
      'section ',
      '(S',
      'TOP ',
      'SECRET ',
      '- ',
      '[ ',
      '§ 1.',
      'classified as ',
      '\n',
      '*\n',
    ])
      for (const length of [4_000, 16_000]) {
        const startedAt = performance.now()
        judgeText(unit.repeat(length / unit.length), 'field')
        judgeScore(unit.repeat(2_000 / unit.length), 'field')
        expect(performance.now() - startedAt).toBeLessThan(500)
      }
  })
})
