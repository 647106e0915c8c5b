import type { ModelCaller, ModelRecords } from '../../shared/domain/authority.ts'
import { keys } from '../../shared/domain/keys.ts'
import type { Meter } from '../../shared/domain/meter.ts'
import { type InForce, type Refusal, refuse } from '../../shared/domain/refusal.ts'
import { rulesInForce } from '../../shared/domain/rules.ts'
import { isModelToken } from '../../shared/oauth/access-token.ts'
import { resourceModel } from '../../shared/oauth/metadata.ts'
import type { VerifiedRequest } from '../../shared/oauth/resource.ts'
import type { Store } from '../../shared/ports/store.ts'
import { callerOf } from '../resource.ts'

export interface GateCaller extends ModelCaller {
  /** The meters that the grant named when the token was issued: read along, never trusted. */
  readonly meters: readonly string[]
  readonly clauses: readonly string[]
  readonly operator?: string
  /** Thumbprint of the key that the token is bound to. */
  readonly key: string
}

export interface GateRecords {
  readonly records: ModelRecords
  readonly meters: readonly (Meter | undefined)[]
}

/** What is in force for a call, for whoever refuses it. */
export const inForce = ({ standing, agreement }: ModelRecords): InForce => ({
  rules: rulesInForce(standing),
  agreement,
})

/** The bearer of a model token, by its verified claims. */
export function modelCaller(verified: VerifiedRequest, issuer: string): GateCaller | Refusal {
  const { claims } = verified
  const model = resourceModel(issuer, claims.aud)
  if (!isModelToken(claims) || model === undefined)
    return refuse('token_invalid', 'The token is not one for a model.')
  const { grant, agreement, purpose, clauses, meters, operator } = claims
  return {
    ...callerOf(verified),
    model,
    grant,
    agreement,
    purpose,
    clauses,
    meters,
    key: claims.cnf.jkt,
    ...(operator && { operator }),
  }
}

/**
 * One strongly consistent batch. A second one only where the grant has come to name other meters than the
 * token did.
 */
export async function readAuthority(store: Store, caller: GateCaller): Promise<GateRecords> {
  const meterKeys = caller.meters.map(keys.meter)
  const [standing, model, organisation, client, agreement, grant, revokedToken, ...meters] = await store.get([
    keys.standing,
    keys.model(caller.model),
    keys.organisation(caller.organisation),
    keys.client(caller.client),
    keys.agreement(caller.agreement.id),
    keys.grant(caller.grant),
    keys.revokedToken(caller.tokenId),
    ...meterKeys,
  ])
  const more = grant?.meters.filter(id => !caller.meters.includes(id)) ?? []
  const found = more.length === 0 ? meters : [...meters, ...(await store.get(more.map(keys.meter)))]
  return { records: { standing, model, organisation, client, agreement, grant, revokedToken }, meters: found }
}
