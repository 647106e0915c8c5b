import type { Subject } from '../domain/proposals.ts'

/** What a record tells of its subject, beside its name: by this it is judged who sees the record (`who-sees.ts`). */
export const subjectFields = (subject: Subject) => ({
  subject: { kind: subject.kind, id: subject.id, rev: subject.rev },
  organisation: subject.organisation,
  developers: subject.developers,
  governments: subject.governments,
  ...(subject.model && { model: subject.model }),
  ...(subject.models && { models: subject.models }),
  ...(subject.hit && { hit: subject.hit }),
  ...(subject.consulted && { shared_with: subject.consulted }),
  ...(subject.handedTo && { handed_to: subject.handedTo }),
  ...(subject.clause && { clause: subject.clause }),
})
