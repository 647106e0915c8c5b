/**
 * The demo's story: a developer, a government office, two partners under signed agreements, an auditor, one covered
 * model. Every organisation, person and model here is made up. `tell.ts` tells it through the API.
 */
import type { Limits } from '../../shared/domain/meter.ts'
import type { Capability } from '../../shared/domain/records.ts'
import { organisationNames } from './people.ts'

export const modelId = 'aurora-preview'
export const developerId = 'halcyon'
export const governmentId = 'ofr'
export const auditorId = 'ledger'

export interface PartnerStory {
  readonly id: 'cedar' | 'prairie'
  readonly name: string
  readonly sector: string
  /** Who administers it, by login. */
  readonly admin: string
  readonly workload: string
  readonly limits: Limits
  /** What its agreement covers at most. */
  readonly ceiling: Limits
}

/** The first has room; the second's budget is small enough to be used up while one watches. */
export const partners: readonly PartnerStory[] = [
  {
    id: 'cedar',
    name: organisationNames.cedar,
    sector: 'healthcare',
    admin: 'priya',
    workload: 'triage-notes',
    limits: { total: 50_000_000, perDay: 10_000_000, rpm: 6_000, burst: 1_000, streams: 64 },
    ceiling: { total: 100_000_000, perDay: 20_000_000, rpm: 6_000, burst: 1_000, streams: 64 },
  },
  {
    id: 'prairie',
    name: organisationNames.prairie,
    sector: 'water',
    admin: 'wes',
    workload: 'pump-advisor',
    limits: { total: 10_000, rpm: 60_000, burst: 1_000, streams: 64 },
    ceiling: { total: 20_000, rpm: 60_000, burst: 1_000, streams: 64 },
  },
]

export const purposes = ['defensive-research']
export const capabilities: readonly Capability[] = ['infer', 'embed', 'tools', 'reasoning', 'images']
export const clauses = {
  quota: 'quota-1',
  purpose: 'purpose-1',
  capabilities: 'capabilities-1',
  retention_notice: 'retention-notice-1',
}
/** Of agreements, grants and clients. Milliseconds. */
export const term = 365 * 86_400_000

export interface Endpoints {
  readonly openai: string
  readonly anthropic: string
}

/** Where the model's endpoint is now: it may change from one start to the next. In the words of the API. */
export const upstreams = ({ openai, anthropic }: Endpoints) => ({
  openai: { url: openai, credential: 'openai', model: modelId },
  anthropic: { url: anthropic, credential: 'anthropic', model: modelId },
})

export const tokens = {
  overhead: { request: 16, message: 8, tool: 600 },
  image: 1_600,
  default_output: 1_024,
  hidden_output: false,
}
