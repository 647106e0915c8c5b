/** A grant with what it stands on, as decisions about it read it. */
import { type Governed, keys } from '../../../shared/domain/keys.ts'
import { isDevelopersAlone } from '../../../shared/domain/model-step.ts'
import type { Organisation, PartnerFields } from '../../../shared/domain/parties.ts'
import type { Subject } from '../../../shared/domain/proposals.ts'
import type { Grant, Model } from '../../../shared/domain/records.ts'
import { type Refusal, refuse, unknownRecord } from '../../../shared/domain/refusal.ts'
import type { Signature } from '../../../shared/domain/stop.ts'
import type { Store, Update } from '../../../shared/ports/store.ts'
import { change } from '../engine/changes.ts'
import type { Actor } from '../engine/plan.ts'
import { judgeSight } from '../engine/sight.ts'
import { grantSubject } from '../engine/subjects.ts'

export interface GrantSeen {
  readonly grant: Governed<Grant>
  readonly model: Governed<Model>
  readonly organisation: Governed<Organisation>
  readonly subject: Subject
}

/** What does not show itself to `actor` is not there for them. */
export async function readGrant(store: Store, id: string, actor?: Actor): Promise<GrantSeen | Refusal> {
  const unknown = unknownRecord('grant', id)
  const [grant] = await store.get([keys.grant(id)])
  if (grant === undefined) return unknown
  const [model, organisation] = await store.get([
    keys.model(grant.model),
    keys.organisation(grant.organisation),
  ])
  if (model === undefined || organisation === undefined) return unknown
  const subject = grantSubject(grant, model, organisation)
  return actor && judgeSight(actor, subject) ? unknown : { grant, model, organisation, subject }
}

/** Of a model that is released or withdrawn, nobody but its developer stops a grant or lets it go on. */
export function judgeAlone({ model }: GrantSeen, actor: Actor | undefined): Refusal | undefined {
  if (!isDevelopersAlone(model) || actor === undefined || actor.organisation.id === model.developer)
    return undefined
  return refuse('role_missing', `${model.name} is ${model.state}: its developer alone decides on its grants.`)
}

/** Its partner is not stopped itself. */
export const takesPart = (organisation: Organisation): boolean =>
  organisation.kind !== 'partner' || ['active', 'reinstated'].includes(organisation.partner)

/**
 * A stop that is not the developer's own raises the version of the model too: its release, which ends such stops, is
 * then judged anew and misses none that is made at the same moment; nor is one made after it.
 */
export const beforeRelease = (
  { model }: GrantSeen,
  by: Pick<Signature, 'organisation'>,
): readonly Update[] =>
  by.organisation === model.developer ? [] : [change<Model>(keys.model(model.id), model, {})]

/** The version of its partner alone: what is judged by the partner's grants is judged again. */
export const raised = ({ organisation }: GrantSeen): readonly Update[] =>
  organisation.kind === 'partner'
    ? [change<Organisation>(keys.organisation(organisation.id), organisation, {})]
    : []

/** It no longer goes on though its partner is suspended. */
export function endListing({ grant, organisation }: GrantSeen): readonly Update[] {
  if (organisation.kind !== 'partner' || !organisation.continues?.includes(grant.id)) return []
  const rest = organisation.continues.filter(id => id !== grant.id)
  const key = keys.organisation(organisation.id)
  return [
    change<Organisation & PartnerFields>(key as never, organisation, {
      continues: rest.length > 0 ? rest : undefined,
    }),
  ]
}
