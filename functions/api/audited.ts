import type { Store } from '../../shared/ports/store.ts'
import { modelsOf } from '../grants.ts'
import type { PersonCaller } from './caller.ts'

/** An auditor's engagement is in models: an organisation is in it by those that it holds grants of. */
export const auditedModels = async (
  store: Store,
  { viewer }: Pick<PersonCaller, 'viewer'>,
  organisation: string,
): Promise<readonly string[]> => (viewer.kind === 'auditor' ? modelsOf(store, organisation) : [])
