/** What a clause that forbids extraction becomes: a promise, or the thresholds at which what was sent raises a finding. */
import { describe, expect, test } from 'vitest'
import { clausesBody } from '../../../functions/api/shapes/clauses-body.ts'
import { compile } from '../../../shared/agreements/compile.ts'
import { templates } from '../../../shared/agreements/templates.ts'
import {
  type Clause,
  enforcementOf,
  type PatternTerms,
  registrationOf,
} from '../../../shared/domain/clauses.ts'
import { Refusal } from '../../../shared/domain/refusal.ts'
import { agreementOf, documentOf } from './admitted-under.ts'

describe('a clause that forbids extraction', () => {
  const clause = (patterns?: PatternTerms): Clause => ({
    ...{ id: 'no-extraction-1', kind: 'no-extraction', text: 'No.' },
    terms: patterns ? { patterns } : {},
  })
  const [template] = templates
  if (template === undefined) throw new Error('no template')
  const with_ = (patterns?: PatternTerms) =>
    documentOf(
      template,
      template.clauses.map(one => (one.kind === 'no-extraction' ? clause(patterns) : one)),
    )

  test('is a promise, and evidenced where it says what is looked for; it binds no call either way', () => {
    expect(enforcementOf(clause())).toBe('undertaken')
    const looked = registrationOf(clause({ template_percent: 40 }))
    expect([looked.enforcement, looked.binds]).toEqual(['evidenced', undefined])
    expect(looked.by).toContain('a person decides')
    expect(looked.shows).toContain('the clause id')
  })

  test('compiles with one threshold at least, and becomes no limit of a call', () => {
    const plain = agreementOf(with_())
    for (const patterns of [
      { repetition_percent: 40 },
      { template_percent: 1, least_replies: 10 },
      { volume_factor: 2 },
    ]) {
      const { digest, ...compiled } = agreementOf(with_(patterns))
      expect({ ...compiled, digest: plain.digest }).toEqual(plain)
      expect(digest).not.toBe(plain.digest)
    }
    for (const patterns of [{}, { least_replies: 50 }]) {
      const refused = compile(with_(patterns))
      expect(refused instanceof Refusal && [refused.code, refused.facts.field]).toEqual([
        'body_malformed',
        'document.clauses[no-extraction-1].terms',
      ])
    }
  })

  test.each([
    ['a percent of 0', { repetition_percent: 0 }],
    ['more than all', { template_percent: 101 }],
    ['half a percent', { repetition_percent: 0.5 }],
    ['a factor of 1', { volume_factor: 1 }],
    ['a factor that nothing reaches', { volume_factor: 1_001 }],
    ['fewer replies than say anything', { repetition_percent: 1, least_replies: 9 }],
    ['a threshold that there is none of', { repetition_percent: 1, novelty_percent: 1 }],
  ])('takes no %s', (_, patterns) => {
    expect(clausesBody.safeParse([clause(patterns)]).success).toBe(false)
  })

  test('takes both bounds of each, and none of them', () => {
    for (const patterns of [
      undefined,
      { repetition_percent: 1, template_percent: 1, volume_factor: 2, least_replies: 10 },
      { repetition_percent: 100, template_percent: 100, volume_factor: 1_000, least_replies: 1_000_000 },
    ])
      expect(clausesBody.safeParse([clause(patterns)]).success).toBe(true)
  })
})
