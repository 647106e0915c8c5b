import type { ActionName } from '../../shared/domain/who-decides.ts'
import { agreementActions } from './agreements/agreements.ts'
import { appealActions } from './appeals/appeals.ts'
import { caseContents } from './cases/case-contents.ts'
import { caseActions } from './cases/cases.ts'
import { clientActions } from './clients/clients.ts'
import { opinionActions } from './consultation/opinions.ts'
import type { Definition } from './engine/plan.ts'
import { logActions } from './evidence/delete-log.ts'
import { evidenceActions } from './evidence/evidence.ts'
import { findingActions } from './findings/findings.ts'
import { grantActions } from './grants/grants.ts'
import { holdActions } from './holds/holds.ts'
import { modelActions } from './models/models.ts'
import { organisationActions } from './organisations/organisations.ts'
import { partnerActions } from './organisations/partners.ts'
import { personActions } from './people/people.ts'
import { preservationActions } from './preservations/preservations.ts'
import { reviewActions } from './reviews/reviews.ts'
import { rulesActions } from './rules.ts'
import { viewActions } from './views/views.ts'

/** Each action of who-decides has its definition. */
const definitions: Readonly<Partial<Record<ActionName, Definition>>> = {
  ...agreementActions,
  ...appealActions,
  ...caseActions,
  ...caseContents,
  ...clientActions,
  ...evidenceActions,
  ...findingActions,
  ...grantActions,
  ...holdActions,
  ...logActions,
  ...modelActions,
  ...opinionActions,
  ...organisationActions,
  ...partnerActions,
  ...personActions,
  ...preservationActions,
  ...reviewActions,
  ...rulesActions,
  ...viewActions,
}

export function definitionOf(name: ActionName): Definition {
  const found = definitions[name]
  if (found === undefined) throw new Error(`the action ${name} has no definition`)
  return found
}
