/**
 * The demo's story: a developer, a government office, two partners under signed agreements, an auditor, one covered
 * model. Every organisation, person and model here is made up. `tell.ts` tells it through the API.
 */
import { templateOf } from '../../shared/agreements/templates.ts'
import type { Clause } from '../../shared/domain/clauses.ts'
import type { Limits } from '../../shared/domain/meter.ts'
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

/** The sample texts, of which the quota is the demo's own. */
const clausesOf = (template: string): readonly Clause[] => templateOf(template)?.clauses ?? []

export const engagementClauses = clausesOf('sample-engagement')

export const accessClauses = ({ total, perDay, rpm, burst, streams }: Limits): readonly Clause[] =>
  clausesOf('sample-access').map(clause =>
    clause.kind === 'quota'
      ? {
          ...clause,
          text: 'Made-up sample text, which binds nobody: no grant is given more than this.',
          terms: { total, ...(perDay !== undefined && { per_day: perDay }), rpm, burst, streams },
        }
      : clause,
  )

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
