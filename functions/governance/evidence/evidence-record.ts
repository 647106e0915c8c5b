/** Evidence as a record, and as the subject of decisions. */
import type { Evidence } from '../../../shared/domain/evidence.ts'
import { type Governed, keys } from '../../../shared/domain/keys.ts'
import type { Subject } from '../../../shared/domain/proposals.ts'
import { type Refusal, unknownRecord } from '../../../shared/domain/refusal.ts'
import { day } from '../../../shared/domain/time.ts'
import { type Facts, sees } from '../../../shared/domain/who-sees.ts'
import type { Store } from '../../../shared/ports/store.ts'
import type { Actor } from '../engine/plan.ts'
import { factsOf, viewerOf } from '../engine/sight.ts'

type Concerning = Pick<
  Governed<Evidence>,
  'id' | 'rev' | 'organisation' | 'developer' | 'governments' | 'model' | 'at'
>

export const evidenceSubject = (evidence: Concerning): Subject => ({
  kind: 'evidence',
  id: evidence.id,
  // Whom it is about is no part of its name: that is told in notices.
  name: `the evidence of ${day(evidence.at)}`,
  rev: evidence.rev,
  organisation: evidence.organisation,
  developers: [evidence.developer],
  governments: evidence.governments,
  ...(evidence.model !== undefined && { model: evidence.model }),
})

export const evidenceFacts = (evidence: Governed<Evidence>): Facts => ({
  ...factsOf('evidence', evidenceSubject(evidence)),
  decidedBy: evidence.signatures.map(({ organisation }) => organisation),
})

/** What does not show itself to `actor` is not there for them. */
export async function readEvidence(
  store: Store,
  id: string,
  actor?: Actor,
): Promise<Governed<Evidence> | Refusal> {
  const [found] = await store.get([keys.evidence(id)])
  const seen = found && (actor === undefined || sees(viewerOf(actor), evidenceFacts(found)) !== undefined)
  return seen ? found : unknownRecord('evidence', id)
}
