import type { Operation } from './operation.ts'
import { agreementOperations } from './operations/agreements.ts'
import { appealOperations } from './operations/appeals.ts'
import { attributionOperations } from './operations/attributions.ts'
import { caseOperations } from './operations/cases.ts'
import { clauseOperations } from './operations/clauses.ts'
import { clientOperations } from './operations/clients.ts'
import { entryOperations } from './operations/entries.ts'
import { evidenceOperations } from './operations/evidence.ts'
import { exportOperations } from './operations/exports.ts'
import { findingOperations } from './operations/findings.ts'
import { grantOperations } from './operations/grants.ts'
import { holdOperations } from './operations/holds.ts'
import { inboxOperations } from './operations/inbox.ts'
import { integrityOperations } from './operations/integrity.ts'
import { logDeletionOperations } from './operations/log-deletions.ts'
import { meOperations } from './operations/me.ts'
import { modelOperations } from './operations/models.ts'
import { openapiOperations } from './operations/openapi.ts'
import { opinionOperations } from './operations/opinions.ts'
import { organisationOperations } from './operations/organisations.ts'
import { partnerOperations } from './operations/partners.ts'
import { personOperations } from './operations/people.ts'
import { preservationOperations } from './operations/preservations.ts'
import { proposalOperations } from './operations/proposals.ts'
import { reviewOperations } from './operations/reviews.ts'
import { rulesOperations } from './operations/rules.ts'
import { sessionOperations } from './operations/sessions.ts'
import { statementKeyOperations } from './operations/statement-keys.ts'
import { statisticsOperations } from './operations/statistics.ts'
import { traceOperations } from './operations/traces.ts'
import { viewOperations } from './operations/views.ts'

/** Everything that `/api/v1` offers. */
export const operations: readonly Operation[] = [
  ...meOperations,
  ...sessionOperations,
  ...inboxOperations,
  ...organisationOperations,
  ...personOperations,
  ...partnerOperations,
  ...clientOperations,
  ...modelOperations,
  ...opinionOperations,
  ...findingOperations,
  ...agreementOperations,
  ...clauseOperations,
  ...grantOperations,
  ...proposalOperations,
  ...holdOperations,
  ...appealOperations,
  ...reviewOperations,
  ...rulesOperations,
  ...statisticsOperations,
  ...entryOperations,
  ...exportOperations,
  ...logDeletionOperations,
  ...evidenceOperations,
  ...preservationOperations,
  ...integrityOperations,
  ...caseOperations,
  ...traceOperations,
  ...attributionOperations,
  ...viewOperations,
  ...statementKeyOperations,
  ...openapiOperations,
]
