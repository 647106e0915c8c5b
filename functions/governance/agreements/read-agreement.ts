/** An agreement with what it stands on, as decisions about it read it. */
import type { AgreementDocument } from '../../../shared/agreements/document.ts'
import {
  type AgreementEvent,
  agreementStateAt,
  agreementStep,
} from '../../../shared/domain/agreement-step.ts'
import { type Governed, keys, type Listed } from '../../../shared/domain/keys.ts'
import type { Organisation } from '../../../shared/domain/parties.ts'
import type { Subject } from '../../../shared/domain/proposals.ts'
import type { Agreement, AgreementSignature, AgreementVersion } from '../../../shared/domain/records.ts'
import { Refusal, refuse, unknownRecord } from '../../../shared/domain/refusal.ts'
import { type Store, StoreUnavailable } from '../../../shared/ports/store.ts'
import type { Actor, Planning } from '../engine/plan.ts'
import { judgeSight } from '../engine/sight.ts'
import { agreementSubject } from '../engine/subjects.ts'

export interface AgreementSeen {
  readonly agreement: Governed<Agreement>
  readonly counterparty: Governed<Organisation>
  readonly subject: Subject
}

/** What does not show itself to `actor` is not there for them. */
export async function readAgreement(
  store: Store,
  id: string,
  actor?: Actor,
  field?: string,
): Promise<AgreementSeen | Refusal> {
  const unknown = (): Refusal => unknownRecord('agreement', id, field === undefined ? {} : { field })
  const [agreement] = await store.get([keys.agreement(id)])
  if (agreement === undefined) return unknown()
  const [counterparty] = await store.get([keys.organisation(agreement.counterparty)])
  if (counterparty === undefined) return unknown()
  const subject = agreementSubject(agreement, counterparty)
  return actor && judgeSight(actor, subject) ? unknown() : { agreement, counterparty, subject }
}

export type Version = AgreementVersion & Listed

/**
 * A version that a record names was written with it. One that nobody was shown goes where it is drafted anew: who has
 * read the record a moment before asks again.
 */
export async function readVersion(store: Store, digest: string): Promise<Version> {
  const [version] = await store.get([keys.agreementVersion(digest)])
  if (version === undefined) throw new StoreUnavailable(`the version ${digest} of an agreement is gone`)
  return version
}

/** The bytes were made of a document that was judged. */
export const documentOf = ({ document }: Pick<AgreementVersion, 'document'>): AgreementDocument =>
  JSON.parse(document) as AgreementDocument

/** Of nobody but who has signed: each object has names by itself, and one could be an id. */
export const signatureOf = (
  { signatures }: Pick<AgreementVersion, 'signatures'>,
  organisation: string,
): AgreementSignature | undefined =>
  Object.hasOwn(signatures, organisation) ? signatures[organisation] : undefined

/**
 * A decision about an agreement names the version that it was made on, so that its entry proves which text it is about.
 * Absent where nobody has named one.
 */
export const judgeDigest = (named: unknown, digest: string): Refusal | undefined =>
  named === undefined || named === digest
    ? undefined
    : refuse('version_stale', `The digest of the version that it is about is ${digest}.`, { field: 'digest' })

export interface Stepping extends AgreementSeen {
  /** What it is at this moment, and what it becomes. */
  readonly from: Agreement['state']
  readonly state: Agreement['state']
}

/** An agreement that can take this step now, by the version that is named. */
export async function readForStep(
  store: Store,
  id: string,
  { event, digest }: { readonly event: AgreementEvent; readonly digest: unknown },
  { now, actor }: Planning,
): Promise<Stepping | Refusal> {
  const seen = await readAgreement(store, id, actor)
  if (seen instanceof Refusal) return seen
  const stale = judgeDigest(digest, seen.agreement.digest)
  if (stale) return stale
  const from = agreementStateAt(seen.agreement, now)
  const state = agreementStep(from, event, id)
  return state instanceof Refusal ? state : { ...seen, from, state }
}
