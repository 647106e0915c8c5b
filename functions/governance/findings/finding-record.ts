/** A finding as a record, and as the subject of decisions. */
import type { Finding } from '../../../shared/domain/findings.ts'
import { type Governed, keys } from '../../../shared/domain/keys.ts'
import type { Subject } from '../../../shared/domain/proposals.ts'
import { type Refusal, unknownRecord } from '../../../shared/domain/refusal.ts'
import type { Store } from '../../../shared/ports/store.ts'
import type { Actor } from '../engine/plan.ts'
import { judgeSight } from '../engine/sight.ts'

/** An office learns of it once it is handed over. Its words are no part of what is logged, sent or proposed. */
export const findingSubject = (finding: Governed<Finding>): Subject => ({
  kind: 'finding',
  id: finding.id,
  name: `the ${finding.kind} of ${finding.model}`,
  rev: finding.rev,
  organisation: finding.organisation,
  developers: [finding.developer],
  governments: finding.handedTo,
  handedTo: finding.handedTo,
  consulted: finding.sharedWith,
  model: finding.model,
  ...(finding.clause !== undefined && { clause: finding.clause }),
})

/** In the same words whether there is none or it is not theirs to see. */
const unknownFinding = (id: string): Refusal => unknownRecord('finding', id)

/** What does not show itself to `actor` is not there for them. */
export async function readFinding(
  store: Store,
  id: string,
  actor: Actor | undefined,
): Promise<Governed<Finding> | Refusal> {
  const [finding] = await store.get([keys.finding(id)])
  if (finding === undefined) return unknownFinding(id)
  return actor && judgeSight(actor, findingSubject(finding)) ? unknownFinding(id) : finding
}
