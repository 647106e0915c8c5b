import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  type AdvisoryFacts,
  advisoryOf,
  productStatuses,
  remediationCategories,
} from '../../../shared/csaf/advisory.ts'
import { findingKinds, severities } from '../../../shared/domain/findings.ts'
import { csafFaults, mandatoryTests } from './csaf-faults.ts'

const facts: AdvisoryFacts = {
  finding: {
    id: 'finding_5aesfvr6ahgd79gey2aj1jye76',
    kind: 'vulnerability',
    severity: 'high',
    title: 'Replies repeat the prompt of somebody else',
    text: 'Seen twice.\nNothing to be done from outside.',
    salt: 'c2l4dGVlbiByYW5kb20gYg',
    discoveredAt: Date.UTC(2026, 10, 20),
    reportedAt: Date.UTC(2026, 10, 21),
    embargoUntil: Date.UTC(2027, 1, 19),
  },
  model: { id: 'aurora', name: 'Aurora' },
  developer: { id: 'halcyon', name: 'Halcyon Research' },
  issuer: 'https://gate.example',
  at: Date.UTC(2026, 10, 22),
  status: 'under_investigation',
}
const documentOf = (change: Partial<AdvisoryFacts> = {}) =>
  JSON.parse(advisoryOf({ ...facts, ...change }).text)

describe('an advisory', () => {
  test('of a vulnerability tells what was found, of which model, since when, and how far it may go', () => {
    const { document, product_tree, vulnerabilities } = documentOf()
    expect(document).toMatchObject({
      category: 'csaf_security_advisory',
      csaf_version: '2.0',
      title: facts.finding.title,
      aggregate_severity: { text: 'high' },
      distribution: {
        tlp: { label: 'AMBER' },
        text: expect.stringContaining('Under embargo until 2027-02-19T00:00:00.000Z'),
      },
      publisher: { category: 'vendor', name: 'Halcyon Research' },
      tracking: { id: facts.finding.id, status: 'interim', version: '1' },
    })
    expect(product_tree.branches[0].branches[0].product.product_id).toBe('aurora')
    expect(vulnerabilities).toHaveLength(1)
    expect(vulnerabilities[0]).toMatchObject({
      discovery_date: '2026-11-20T00:00:00.000Z',
      product_status: { under_investigation: ['aurora'] },
      ids: [{ text: facts.finding.id }],
      notes: [{ category: 'description', text: facts.finding.text }, { category: 'general' }],
    })
  })

  test('of an incident follows the profile of an incident, and claims no vulnerability', () => {
    const document = documentOf({ finding: { ...facts.finding, kind: 'incident' } })
    expect(document.document.category).toBe('csaf_security_incident_response')
    expect(document.document.notes[0].text).toBe(facts.finding.text)
    expect(document.vulnerabilities).toBeUndefined()
  })

  test('is named by the SHA-256 of its bytes, which are the same for the same facts', () => {
    const { text, digest } = advisoryOf(facts)
    expect(digest).toBe(createHash('sha256').update(text, 'utf8').digest('hex'))
    expect(advisoryOf({ ...facts, finding: { ...facts.finding } })).toEqual({ text, digest })
    expect(advisoryOf({ ...facts, at: facts.at + 1 }).digest).not.toBe(digest)
    const salted = { ...facts.finding, salt: 'YW5vdGhlciByYW5kb20gYg' }
    expect(advisoryOf({ ...facts, finding: salted }).digest).not.toBe(digest)
  })

  test('the validator that judges the next ones knows what is wrong', async () => {
    expect(mandatoryTests.length).toBeGreaterThan(40)
    expect(await csafFaults({})).not.toEqual([])
    const document = documentOf()
    document.vulnerabilities[0].product_status.under_investigation = ['elsewhere']
    expect((await csafFaults(document)).join()).toContain('mandatoryTest_6_1_1 ')
  })

  test('is valid by the schema and by every mandatory test, whatever is reported', async () => {
    const moment = fc.date({ min: new Date(0), max: new Date(2 ** 42), noInvalidDate: true }).map(Number)
    const words = fc
      .string({ unit: 'grapheme', minLength: 1, maxLength: 80 })
      .filter(text => text.trim() !== '')
    const any = fc.record({
      kind: fc.constantFrom(...findingKinds),
      severity: fc.constantFrom(...severities),
      title: words,
      text: words,
      discoveredAt: moment,
      reportedAt: moment,
      embargoUntil: fc.option(moment, { nil: undefined }),
      at: moment,
      status: fc.constantFrom(...productStatuses),
      remediation: fc.option(
        fc.record({ category: fc.constantFrom(...remediationCategories), details: words }),
        { nil: undefined },
      ),
    })
    await fc.assert(
      fc.asyncProperty(any, async ({ at, status, remediation, embargoUntil, ...told }) => {
        const finding = {
          ...{ id: facts.finding.id, salt: facts.finding.salt, ...told },
          ...(embargoUntil !== undefined && { embargoUntil }),
        }
        const document = documentOf({ finding, at, status, ...(remediation && { remediation }) })
        expect(await csafFaults(document)).toEqual([])
      }),
      { numRuns: 60 },
    )
  }, 60_000)
})
