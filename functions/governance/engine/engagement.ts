/** An auditor's engagement is in models: an organisation, its people and its clients are in it by what it is granted. */
import type { Subject } from '../../../shared/domain/proposals.ts'
import type { Refusal } from '../../../shared/domain/refusal.ts'
import type { Store } from '../../../shared/ports/store.ts'
import { modelsOf } from '../../grants.ts'
import type { Actor } from './plan.ts'
import { judgeSight } from './sight.ts'

/** With the models by which it is in the engagement of whoever audits those. */
export async function inEngagements(store: Store, subject: Subject): Promise<Subject> {
  const { kind, organisation } = subject
  if (kind !== 'organisation' && kind !== 'person' && kind !== 'client') return subject
  const models = await modelsOf(store, organisation)
  return models.length > 0 ? { ...subject, models } : subject
}

/** What an auditor is shown is there for them in a decision as well: that they do not decide is told by their role. */
export const judgeSightIn = async (
  store: Store,
  actor: Actor,
  subject: Subject,
): Promise<Refusal | undefined> =>
  judgeSight(actor, actor.organisation.kind === 'auditor' ? await inEngagements(store, subject) : subject)
