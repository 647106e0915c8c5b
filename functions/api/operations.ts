import type { Operation } from './operation.ts'
import { agreementOperations } from './operations/agreements.ts'
import { appealOperations } from './operations/appeals.ts'
import { clientOperations } from './operations/clients.ts'
import { entryOperations } from './operations/entries.ts'
import { grantOperations } from './operations/grants.ts'
import { holdOperations } from './operations/holds.ts'
import { inboxOperations } from './operations/inbox.ts'
import { meOperations } from './operations/me.ts'
import { modelOperations } from './operations/models.ts'
import { openapiOperations } from './operations/openapi.ts'
import { organisationOperations } from './operations/organisations.ts'
import { partnerOperations } from './operations/partners.ts'
import { personOperations } from './operations/people.ts'
import { proposalOperations } from './operations/proposals.ts'
import { rulesOperations } from './operations/rules.ts'
import { sessionOperations } from './operations/sessions.ts'
import { statisticsOperations } from './operations/statistics.ts'

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
  ...agreementOperations,
  ...grantOperations,
  ...proposalOperations,
  ...holdOperations,
  ...appealOperations,
  ...rulesOperations,
  ...statisticsOperations,
  ...entryOperations,
  ...openapiOperations,
]
