/**
 * What stands in the registry when a history begins: a model for two partners with budgets small enough to run out, one
 * that an office may be offered a window on; and who decides about them, under rules whose hours pass in seconds.
 */
import { keys, type Listed } from '../../shared/domain/keys.ts'
import { freshMeter, type Limits } from '../../shared/domain/meter.ts'
import type { Person } from '../../shared/domain/parties.ts'
import type { Client, Grant, KeyRing, Model, Organisation } from '../../shared/domain/records.ts'
import type { Rules } from '../../shared/domain/rules.ts'
import type { Signer } from '../../shared/ports/keys.ts'
import type { Key, Put } from '../../shared/ports/store.ts'
import { agreementPuts } from './agreement-records.ts'
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
/** The organisations that decide, together, about both partners. */
export const developer = 'halcyon'
export const government = 'ofr'
/** Whoever calls: the office in a window that it was offered. */
export type Caller = Partner | typeof government
/** Designated; the office is engaged on it. */
export const windowModelId = 'borealis'
export const modelOf = (caller: Caller): string => (caller === government ? windowModelId : modelId)

export const clientKeys: Readonly<Record<Caller, SimulatedKey>> = {
  cedar: simulatedKey(2),
  prairie: simulatedKey(3),
  ofr: simulatedKey(8),
}
export const proofKeys: Readonly<Record<Caller, SimulatedKey>> = {
  cedar: simulatedKey(4),
  prairie: simulatedKey(5),
  ofr: simulatedKey(9),
}
/** Partners sign with keys of their own; for the developer the deployment attests it. */
export const signatoryKeys = { cora: simulatedKey(10), petra: simulatedKey(11) } as const
export const statements = simulatedKey(12).signer

export const clientOf = (caller: Caller): string => `client_${caller}`
export const grantOf = (partner: Partner): string => `grant_${partner}`
export const agreementOf = (partner: Partner): string => `agreement_${partner}`
export const engagement = 'agreement_engagement'
export const pool = 'pool_both'

export const people = {
  hana: { organisation: developer, roles: ['developer-admin'] },
  hugo: { organisation: developer, roles: ['developer-admin', 'counsel'] },
  olga: { organisation: government, roles: ['nsa-admin'] },
  omar: { organisation: government, roles: ['nsa-admin'] },
  cora: { organisation: 'cedar', roles: ['partner-admin'] },
  petra: { organisation: 'prairie', roles: ['partner-admin'] },
} as const satisfies Readonly<Record<string, Pick<Person, 'organisation' | 'roles'>>>
export type Somebody = keyof typeof people
export const personOf = (who: string): string => `person_${who}`

/** What is attested of each client, and the person who answers for it: holds are placed by them. */
export const attested = {
  cedar: { nationality: 'GB', region: 'GB-ENG', operator: personOf('cora') },
  prairie: { nationality: 'US', region: 'US-KS', operator: personOf('petra') },
  ofr: { nationality: 'US', region: 'US-DC', operator: personOf('olga') },
} as const

const year = 365 * 86_400_000

export function firstRecords(dice: Dice, now: number): readonly Put[] {
  const ring: KeyRing = {
    version: 1,
    keys: [{ kid: signing.kid, alg: 'Ed25519', jwk: signing.jwk, ref: 'one', signsFrom: now - year }],
  }
  const model: Model = {
    id: modelId,
    name: 'Aurora',
    developer,
    governments: [government],
    state: 'partner_access',
    killed: false,
    createdAt: now,
    upstreams: {
      openai: { url: 'https://provider.example/v1', credential: 'key', model: modelId },
      anthropic: { url: 'https://provider.example', credential: 'key', model: modelId },
    },
    tokens: { overhead: { request: 16, message: 8, tool: 600 }, hiddenOutput: dice.chance(0.2) },
  }
  const designated: Model = {
    ...model,
    id: windowModelId,
    name: 'Borealis',
    state: 'designated',
    agreement: engagement,
  }
  return [
    { kind: 'put', key: keys.standing, item: { holds: {}, compromised: {} } },
    { kind: 'put', key: keys.keyRing, item: ring },
    { kind: 'put', key: keys.rules, item: drawRules(dice) },
    listed('model', developer, keys.model(modelId), model),
    listed('model', developer, keys.model(windowModelId), designated),
    ...decidingRecords(now),
    ...officeRecords(now),
    ...partners.flatMap(partner => partnerRecords(partner, dice, now)),
    { kind: 'put', key: keys.meter(pool), item: freshMeter(pool, drawLimits(dice, 2), now, 'pool') },
  ]
}

/** Hours and days that a storm of a minute sees the end of. */
function drawRules(dice: Dice): Rules {
  const seconds = (least: number, most: number): number => dice.between(least, most) / 3_600
  return {
    version: 1,
    proposalHours: seconds(5, 60),
    ratifyHours: seconds(5, 40),
    governmentHoldDays: seconds(5, 40) / 24,
    confirmationDays: 90,
    inactivityDays: 35,
    freshMinutes: 5,
  }
}

function decidingRecords(now: number): readonly Put[] {
  const organisations: readonly Organisation[] = [
    { id: developer, name: developer, kind: 'developer', state: 'active', governments: [government] },
    { id: government, name: government, kind: 'government', state: 'active', developers: [developer] },
  ]
  const persons = Object.entries(people).map(([name, { organisation, roles }]): Person => {
    const issuer = `https://sign-in.${organisation}.example`
    const id = personOf(name)
    const key = Object.entries(signatoryKeys).find(([whose]) => whose === name)?.[1]
    return {
      id,
      name,
      organisation,
      issuer,
      subject: name,
      roles,
      state: 'active',
      ...(key && {
        signingKeys: { [key.kid]: { jwk: key.jwk, alg: 'Ed25519', registeredAt: now, entry: '' } },
      }),
      createdAt: now,
    }
  })
  return [
    ...organisations.map(one => listed('organisation', one.id, keys.organisation(one.id), one)),
    ...persons.map(one => listed('person', one.organisation, keys.person(one.id), one)),
  ]
}

function partnerRecords(partner: Partner, dice: Dice, now: number): readonly Put[] {
  const organisation: Organisation = {
    id: partner,
    name: partner,
    kind: 'partner',
    state: 'active',
    partner: 'active',
    developers: [developer],
    governments: [government],
  }
  const id = grantOf(partner)
  const grant: Grant = {
    id,
    organisation: partner,
    model: modelId,
    agreement: agreementOf(partner),
    state: 'active',
    startsAt: now - year,
    expiresAt: now + year,
    meters: dice.chance(0.7) ? [id, pool] : [id],
    ...(dice.chance(0.3) && { missionContinuity: true }),
  }
  return [
    listed('organisation', partner, keys.organisation(partner), organisation),
    clientPut(partner, now),
    ...agreementPuts(
      { id: agreementOf(partner), kind: 'access', developer, counterparty: partner, models: [modelId] },
      now,
    ),
    listed('grant', partner, keys.grant(id), grant),
    { kind: 'put', key: keys.meter(id), item: freshMeter(id, drawLimits(dice, 1), now) },
  ]
}

function clientPut(caller: Caller, now: number): Put {
  const { operator, ...attributes } = attested[caller]
  const { jwk, kid } = clientKeys[caller]
  const client: Client = {
    id: clientOf(caller),
    name: caller,
    organisation: caller,
    kind: 'agent',
    operator,
    attributes: mapped(attributes, value => ({ value, expiresAt: now + year, by: operator })),
    state: 'active',
    expiresAt: now + year,
    keys: [{ kid, alg: 'Ed25519', jwk }],
  }
  return listed('client', caller, keys.client(client.id), client)
}

/** Its client and its agreement: what it is granted comes with a window. */
const officeRecords = (now: number): readonly Put[] => [
  clientPut(government, now),
  ...agreementPuts(
    { id: engagement, kind: 'engagement', developer, counterparty: government, models: [windowModelId] },
    now,
  ),
]

const mapped = <N extends string, A, B>(from: Readonly<Record<N, A>>, make: (value: A) => B): Record<N, B> =>
  Object.fromEntries(Object.entries<A>(from).map(([name, value]) => [name, make(value)])) as Record<N, B>

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

/** `rev` counts decisions, so that one that arrives twice takes effect once. */
function listed(record: Listed['record'], owner: string, key: Key, item: { readonly id: string }): Put {
  return { kind: 'put', key, item: { ...item, rev: 1, record, owner, listed: `${record}#${item.id}` } }
}
