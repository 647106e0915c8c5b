/** What an order and what evidence are called, in decisions and notices: by their day. Their ids stand beside, and their words are not for all. */
import { expect, test } from 'vitest'
import { evidenceSubject } from '../../../../functions/governance/evidence/evidence-record.ts'
import { preservationSubject } from '../../../../functions/governance/preservations/preservations.ts'

const at = Date.UTC(2026, 10, 27, 23, 59, 59)
const concerning = { rev: 1, organisation: 'ofr', governments: ['ofr'], at }

test('a preservation order', () => {
  const subject = preservationSubject({ ...concerning, id: 'preservation_1', developers: ['halcyon'] })
  expect(subject).toMatchObject({ id: 'preservation_1', name: 'the preservation order of 2026-11-27' })
})

test('evidence', () => {
  const subject = evidenceSubject({ ...concerning, id: 'evidence_1', developer: 'halcyon' })
  expect(subject).toMatchObject({ id: 'evidence_1', name: 'the evidence of 2026-11-27' })
})
