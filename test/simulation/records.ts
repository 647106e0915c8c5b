/** What stands in the registry when a history begins: one model, two partners, budgets small enough to run out. */
import { keys, type Listed } from '../../shared/domain/keys.ts'
import { freshMeter, type Limits } from '../../shared/domain/meter.ts'
import type { Agreement, Client, Grant, KeyRing, Model, Organisation } from '../../shared/domain/records.ts'
import type { Signer } from '../../shared/ports/keys.ts'
import type { Key, Put } from '../../shared/ports/store.ts'
import type { Dice } from './dice.ts'
import { type SimulatedKey, simulatedKey } from './keys.ts'

export const issuer = 'https://gate.example'
export const modelId = 'aurora'
export const partners = ['cedar', 'prairie'] as const
export type Partner = (typeof partners)[number]

/** The first signs from the start, the others once one before them is no longer trusted. */
export const signings = [simulatedKey(1), simulatedKey(6), simulatedKey(7)] as const
const [signing] = signings
export function signerOf(kid: string): Signer {
  const found = signings.find(key => key.kid === kid)
  if (found === undefined) throw new Error(`no key ${kid}`)
  return found.signer
}
export const clientKeys: Readonly<Record<Partner, SimulatedKey>> = {
  cedar: simulatedKey(2),
  prairie: simulatedKey(3),
}
export const proofKeys: Readonly<Record<Partner, SimulatedKey>> = {
  cedar: simulatedKey(4),
  prairie: simulatedKey(5),
}
export const clientOf = (partner: Partner): string => `client_${partner}`
export const grantOf = (partner: Partner): string => `grant_${partner}`
export const pool = 'pool_both'

const year = 365 * 86_400_000

export function firstRecords(dice: Dice, now: number): readonly Put[] {
  const ring: KeyRing = {
    version: 1,
    keys: [{ kid: signing.kid, alg: 'Ed25519', jwk: signing.jwk, ref: 'one', signsFrom: now - year }],
  }
  const model: Model = {
    id: modelId,
    name: 'Aurora',
    developer: 'halcyon',
    state: 'partner_access',
    killed: false,
    createdAt: now,
    upstreams: {
      openai: { url: 'https://provider.example/v1', credential: 'key', model: modelId },
      anthropic: { url: 'https://provider.example', credential: 'key', model: modelId },
    },
    tokens: { overhead: { request: 16, message: 8, tool: 600 }, hiddenOutput: dice.chance(0.2) },
  }
  return [
    { kind: 'put', key: keys.standing, item: { holds: {}, compromised: {} } },
    { kind: 'put', key: keys.keyRing, item: ring },
    listed('model', 'halcyon', keys.model(modelId), model),
    ...partners.flatMap(partner => partnerRecords(partner, dice, now)),
    { kind: 'put', key: keys.meter(pool), item: freshMeter(pool, drawLimits(dice, 2), now, 'pool') },
  ]
}

function partnerRecords(partner: Partner, dice: Dice, now: number): readonly Put[] {
  const organisation: Organisation = {
    id: partner,
    name: partner,
    kind: 'partner',
    state: 'active',
    partner: 'active',
  }
  const { jwk, kid } = clientKeys[partner]
  const client: Client = {
    id: clientOf(partner),
    name: partner,
    organisation: partner,
    kind: 'workload',
    state: 'active',
    expiresAt: now + year,
    keys: [{ kid, alg: 'Ed25519', jwk }],
  }
  const agreement: Agreement = {
    id: `agreement_${partner}`,
    kind: 'access',
    state: 'effective',
    digest: `digest-${partner}`,
    developer: 'halcyon',
    partner,
    models: [modelId],
    startsAt: now - year,
    endsAt: now + year,
    purposes: ['defence'],
    capabilities: ['infer'],
    clauses: { quota: 'c1', purpose: 'c2', capabilities: 'c3', retentionNotice: 'c4' },
    consentedAt: now,
  }
  const id = grantOf(partner)
  const grant: Grant = {
    id,
    organisation: partner,
    model: modelId,
    agreement: agreement.id,
    state: 'active',
    startsAt: now - year,
    expiresAt: now + year,
    meters: dice.chance(0.7) ? [id, pool] : [id],
  }
  return [
    listed('organisation', partner, keys.organisation(partner), organisation),
    listed('client', partner, keys.client(client.id), client),
    listed('agreement', partner, keys.agreement(agreement.id), agreement),
    listed('grant', partner, keys.grant(id), grant),
    { kind: 'put', key: keys.meter(id), item: freshMeter(id, drawLimits(dice, 1), now) },
  ]
}

/** A call reserves some 300 to 700 tokens. */
function drawLimits(dice: Dice, times: number): Limits {
  const total = times * dice.between(2_000, 20_000)
  return {
    total,
    ...(dice.chance(0.6) && { perDay: dice.between(1_000, total) }),
    rpm: dice.pick([60, 600, 6_000]),
    burst: dice.between(2, 30),
    streams: dice.between(2, 12),
  }
}

/** `rev` counts an administrator's decisions, so that one that arrives twice takes effect once. */
function listed(record: Listed['record'], owner: string, key: Key, item: { readonly id: string }): Put {
  return { kind: 'put', key, item: { ...item, rev: 1, record, owner, listed: `${record}#${item.id}` } }
}
