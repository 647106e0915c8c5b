/**
 * The demo's records: a developer, a government office, two partners under signed agreements, one covered
 * model. Every organisation, person and model here is made up.
 */
import { createHash } from 'node:crypto'
import { keys, type Listed } from '../../shared/domain/keys.ts'
import { freshMeter, type Limits } from '../../shared/domain/meter.ts'
import type {
  Agreement,
  Capability,
  Client,
  Grant,
  Model,
  Organisation,
} from '../../shared/domain/records.ts'
import { itemAbsent, type Key, type Put } from '../../shared/ports/store.ts'
import type { DemoCredentials } from './credentials.ts'

export const modelId = 'aurora-preview'

const developer: Organisation = {
  id: 'halcyon',
  name: 'Halcyon Research',
  kind: 'developer',
  state: 'active',
}
const government: Organisation = {
  id: 'ofr',
  name: 'Office of Frontier Review',
  kind: 'government',
  state: 'active',
}

export interface PartnerStory {
  readonly id: string
  readonly name: string
  readonly sector: string
  readonly workload: string
  readonly limits: Limits
}

/** The first has room; the second's budget is small enough to be used up while one watches. */
export const partners: readonly PartnerStory[] = [
  {
    id: 'cedar',
    name: 'Cedar County Hospital',
    sector: 'healthcare',
    workload: 'triage-notes',
    limits: { total: 50_000_000, perDay: 10_000_000, rpm: 6_000, burst: 1_000, streams: 64 },
  },
  {
    id: 'prairie',
    name: 'Prairie Water Cooperative',
    sector: 'water',
    workload: 'pump-advisor',
    limits: { total: 10_000, rpm: 60_000, burst: 1_000, streams: 64 },
  },
]

const purposes = ['defensive-research']
const listed: readonly Capability[] = ['infer', 'embed', 'tools', 'reasoning', 'images']
const year = 365 * 86_400_000

export interface Endpoints {
  readonly openai: string
  readonly anthropic: string
}

/** Where the seeded model's endpoint is now: it may change from one start to the next. */
export const upstreams = ({ openai, anthropic }: Endpoints): Model['upstreams'] => ({
  openai: { url: openai, credential: 'openai', model: modelId },
  anthropic: { url: anthropic, credential: 'anthropic', model: modelId },
})

/** Every record, each put only where there is none: seeding again changes nothing. */
export function storyRecords(
  credentials: DemoCredentials,
  endpoints: Endpoints,
  now: number,
): readonly Put[] {
  const model: Model = {
    id: modelId,
    name: 'Aurora (preview)',
    developer: developer.id,
    state: 'partner_access',
    killed: false,
    createdAt: now,
    upstreams: upstreams(endpoints),
    tokens: {
      overhead: { request: 16, message: 8, tool: 600 },
      image: 1_600,
      defaultOutput: 1_024,
      hiddenOutput: false,
    },
  }
  return [
    put('organisation', developer.id, keys.organisation(developer.id), developer),
    put('organisation', government.id, keys.organisation(government.id), government),
    put('model', developer.id, keys.model(model.id), model),
    ...credentials.partners.flatMap(partner => {
      const story = partners.find(({ id }) => id === partner.id)
      return story ? partnerRecords(story, partner, now) : []
    }),
  ]
}

function partnerRecords(
  story: PartnerStory,
  partner: DemoCredentials['partners'][number],
  now: number,
): readonly Put[] {
  const { id, name, sector, workload, limits } = story
  const organisation: Organisation = { id, name, sector, kind: 'partner', state: 'active', partner: 'active' }
  const client: Client = {
    id: partner.client_id,
    name: workload,
    organisation: id,
    kind: 'workload',
    state: 'active',
    expiresAt: now + year,
    keys: [{ kid: partner.kid, alg: 'ES256', jwk: publicPart(partner.key) }],
  }
  const agreement: Agreement = {
    id: `agreement_${id}`,
    kind: 'access',
    state: 'effective',
    digest: createHash('sha256').update(`demo agreement of ${name}`).digest('base64url'),
    developer: developer.id,
    partner: id,
    models: [modelId],
    startsAt: now,
    endsAt: now + year,
    purposes,
    capabilities: listed,
    clauses: {
      quota: 'quota-1',
      purpose: 'purpose-1',
      capabilities: 'capabilities-1',
      retentionNotice: 'retention-notice-1',
    },
    consentedAt: now,
  }
  const grant: Grant = {
    id: `grant_${id}`,
    organisation: id,
    model: modelId,
    agreement: agreement.id,
    state: 'active',
    startsAt: now,
    expiresAt: now + year,
    meters: [`grant_${id}`],
  }
  return [
    put('organisation', id, keys.organisation(id), organisation),
    put('client', id, keys.client(client.id), client),
    put('agreement', id, keys.agreement(agreement.id), agreement),
    put('grant', id, keys.grant(grant.id), grant),
    { kind: 'put', key: keys.meter(grant.id), item: freshMeter(grant.id, limits, now), if: itemAbsent },
  ]
}

function put(record: Listed['record'], owner: string, key: Key, item: { readonly id: string }): Put {
  return {
    kind: 'put',
    key,
    item: { ...item, record, owner, listed: `${record}#${item.id}` },
    if: itemAbsent,
  }
}

const publicPart = ({ kty, crv, x, y }: DemoCredentials['partners'][number]['key']) => ({ kty, crv, x, y })
