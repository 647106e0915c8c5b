import type { ActionName } from '../../shared/domain/who-decides.ts'
import { agreementActions } from './agreements.ts'
import { appealActions } from './appeals.ts'
import { clientActions } from './clients.ts'
import { grantActions } from './grants.ts'
import { holdActions } from './holds.ts'
import { modelActions } from './models.ts'
import { organisationActions } from './organisations.ts'
import { partnerActions } from './partners.ts'
import { personActions } from './people.ts'
import type { Definition } from './plan.ts'
import { rulesActions } from './rules.ts'

/** Each action of who-decides has its definition. */
const definitions: Readonly<Partial<Record<ActionName, Definition>>> = {
  ...agreementActions,
  ...appealActions,
  ...clientActions,
  ...grantActions,
  ...holdActions,
  ...modelActions,
  ...organisationActions,
  ...partnerActions,
  ...personActions,
  ...rulesActions,
}

export function definitionOf(name: ActionName): Definition {
  const found = definitions[name]
  if (found === undefined) throw new Error(`the action ${name} has no definition`)
  return found
}
