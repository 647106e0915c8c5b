/** Records as the subjects of decisions: whose they are, and who decides about them. */

import { isUnseen } from '../../../shared/domain/agreement-step.ts'
import type { Governed } from '../../../shared/domain/keys.ts'
import type { Organisation } from '../../../shared/domain/parties.ts'
import type { Subject } from '../../../shared/domain/proposals.ts'
import type { Agreement, Client, Grant, Model } from '../../../shared/domain/records.ts'

/** Who decides about an organisation: those that its record names, and itself where it is one of them. */
export function deciders({
  id,
  kind,
  developers = [],
  governments = [],
}: Organisation): Pick<Subject, 'developers' | 'governments'> {
  return {
    developers: [...new Set([...(kind === 'developer' ? [id] : []), ...developers])],
    governments: [...new Set([...(kind === 'government' ? [id] : []), ...governments])],
  }
}

export const organisationSubject = (organisation: Governed<Organisation>): Subject => ({
  kind: 'organisation',
  id: organisation.id,
  name: organisation.name,
  rev: organisation.rev,
  organisation: organisation.id,
  ...deciders(organisation),
})

export const clientSubject = (client: Governed<Client>, organisation: Organisation): Subject => ({
  kind: 'client',
  id: client.id,
  name: client.name,
  rev: client.rev,
  organisation: client.organisation,
  ...deciders(organisation),
})

/** A grant is decided by the developer of its model, and by the offices that select its organisation. */
export const grantSubject = (
  grant: Pick<Governed<Grant>, 'id' | 'rev' | 'organisation'>,
  model: Model,
  organisation: Organisation,
): Subject => ({
  kind: 'grant',
  id: grant.id,
  name: `${model.name} for ${organisation.name}`,
  rev: grant.rev,
  organisation: grant.organisation,
  developers: [model.developer],
  governments: deciders(organisation).governments,
  model: model.id,
})

export const modelSubject = (model: Governed<Model>, governments: readonly string[]): Subject => ({
  kind: 'model',
  id: model.id,
  name: model.name,
  rev: model.rev,
  organisation: model.developer,
  developers: [model.developer],
  governments,
  model: model.id,
  ...(model.sharedWith?.length && { consulted: model.sharedWith }),
})

/** A draft is its developer's; what is offered, its counterparty's, whom those decide about who select it. */
export function agreementSubject(agreement: Governed<Agreement>, counterparty: Organisation): Subject {
  const { id, title, rev, state, developer, governments } = agreement
  const drafted = isUnseen(state)
  return {
    kind: 'agreement',
    id,
    name: title,
    rev,
    organisation: drafted ? developer : counterparty.id,
    developers: [developer],
    governments: drafted ? [] : [...new Set([...governments, ...deciders(counterparty).governments])],
    // An auditor of its models sees what was offered, as the parties do.
    ...(!drafted && { models: agreement.models }),
  }
}
