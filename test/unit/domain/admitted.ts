/** A caller and records by which every call is admitted: each test makes one thing other than it should be. */
import type { ModelCaller, ModelRecords } from '../../../shared/domain/authority.ts'
import type {
  Agreement,
  Client,
  Grant,
  Model,
  Organisation,
  Standing,
} from '../../../shared/domain/records.ts'

export const now = 1_800_000_000_000
export const hour = 3_600_000

export const caller: ModelCaller = {
  client: 'client_1',
  organisation: 'cedar',
  tokenId: 'token_1',
  signedBy: 'kid-1',
  scopes: ['infer', 'tools'],
  model: 'aurora',
  grant: 'grant_1',
  agreement: { id: 'agreement_1', digest: 'v2' },
  purpose: 'research',
}

export const admitted: ModelRecords & {
  readonly standing: Standing
  readonly organisation: Extract<Organisation, { kind: 'partner' }>
  readonly client: Client
  readonly model: Model
  readonly agreement: Agreement
  readonly grant: Grant
} = {
  standing: { holds: {}, compromised: {} },
  revokedToken: undefined,
  organisation: { id: 'cedar', name: 'Cedar', kind: 'partner', state: 'active', partner: 'active' },
  client: {
    id: 'client_1',
    name: 'workload',
    organisation: 'cedar',
    kind: 'workload',
    state: 'active',
    expiresAt: now + 4 * hour,
    keys: [],
  },
  model: {
    id: 'aurora',
    name: 'Aurora',
    developer: 'halcyon',
    state: 'partner_access',
    killed: false,
    createdAt: 0,
    upstreams: {},
    tokens: { overhead: { request: 0, message: 0, tool: 0 }, hiddenOutput: false },
  },
  agreement: {
    id: 'agreement_1',
    kind: 'access',
    title: 'A sample',
    version: 1,
    state: 'effective',
    digest: 'v2',
    developer: 'halcyon',
    counterparty: 'cedar',
    governments: [],
    models: ['aurora'],
    startsAt: now - hour,
    endsAt: now + 3 * hour,
    purposes: ['research'],
    capabilities: ['infer', 'tools'],
    clauses: { quota: 'q-1', purpose: 'p-1', capabilities: 'c-1', 'retention-notice': 'r-1' },
    consentedAt: now - hour,
  },
  grant: {
    id: 'grant_1',
    organisation: 'cedar',
    model: 'aurora',
    agreement: 'agreement_1',
    state: 'active',
    startsAt: now - hour,
    expiresAt: now + 2 * hour,
    meters: ['grant_1'],
  },
}
