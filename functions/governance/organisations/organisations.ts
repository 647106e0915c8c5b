/** Decisions about organisations: `organisation.*` of who-decides. */
import { type Governed, keys, listed } from '../../../shared/domain/keys.ts'
import {
  type Organisation,
  type OrganisationKind,
  type Provider,
  reservedIds,
} from '../../../shared/domain/parties.ts'
import { Refusal, refuse } from '../../../shared/domain/refusal.ts'
import { itemAbsent, type Store } from '../../../shared/ports/store.ts'
import type { Definition } from '../engine/plan.ts'
import { judgeRole } from '../engine/signer.ts'
import { organisationSubject } from '../engine/subjects.ts'
import { clearinghouse } from './clearinghouse.ts'
import { provider } from './organisation-provider.ts'
import { webhooks } from './organisation-webhooks.ts'

export interface Registration {
  readonly name: string
  /** A partner comes in by its nomination. */
  readonly kind: Exclude<OrganisationKind, 'partner'>
  /** Who registers it together. */
  readonly developer: string
  readonly government: string
  readonly provider?: Provider
  /** Of an auditor: the models of its engagement. */
  readonly audits?: readonly string[]
}

const register: Definition = {
  async plan({ store }, { id, params }, { actor }) {
    const given = params as unknown as Registration
    const { name, kind, developer, government, audits = [] } = given
    // First of all: nobody else learns which names are taken.
    const parties = { organisation: id, developers: [developer], governments: [government] }
    const role =
      actor &&
      judgeRole('organisation.register', actor, { kind: 'organisation', id, name, rev: 0, ...parties })
    if (role instanceof Refusal) return role
    const [taken, developing, governing] = await store.get([
      keys.organisation(id),
      keys.organisation(developer),
      keys.organisation(government),
    ])
    if (taken || reservedIds.includes(id))
      return refuse('record_exists', `${id} cannot be taken: there is one of that name.`, { field: 'id' })
    if (developing?.kind !== 'developer')
      return refuse('body_malformed', `${developer} is no developer here.`, { field: 'developer' })
    if (governing?.kind !== 'government')
      return refuse('body_malformed', `${government} is no government office here.`, { field: 'government' })
    const refused = await judgeAudits(store, given)
    if (refused) return refused

    const fields = {
      id,
      name,
      state: 'active',
      // They stand for it until it has an administrator of its own.
      developers: [developer],
      governments: [government],
      ...(given.provider && { provider: given.provider }),
    } as const
    const made: Organisation = kind === 'auditor' ? { ...fields, kind, audits } : { ...fields, kind }
    const item: Governed<Organisation> = { ...made, rev: 1, ...listed('organisation', id, id) }
    return {
      subject: { ...organisationSubject(item), rev: 0 },
      difference: [
        { field: 'kind', from: null, to: kind },
        ...(given.provider ? [{ field: 'provider', from: null, to: given.provider.issuer }] : []),
        ...(audits.length > 0 ? [{ field: 'audits', from: null, to: audits }] : []),
      ],
      writes: () => [{ kind: 'put', key: keys.organisation(id), item, if: itemAbsent }],
      told: { type: 'organisation.registered', text: `${name} is registered: ${kind}.` },
    }
  },
}

/** A developer opens its own models to an auditor, and nobody else's. */
async function judgeAudits(
  store: Store,
  { kind, developer, audits = [] }: Registration,
): Promise<Refusal | undefined> {
  if (kind !== 'auditor')
    return audits.length > 0
      ? refuse('body_malformed', 'Only an auditor audits models.', { field: 'audits' })
      : undefined
  const models = await store.get(audits.map(keys.model))
  const foreign = audits.find((_, i) => models[i]?.developer !== developer)
  return foreign === undefined
    ? undefined
    : refuse('body_malformed', `${foreign} is no model of ${developer}.`, { field: 'audits' })
}

export const organisationActions = {
  'organisation.register': register,
  'organisation.provider': provider,
  'organisation.webhooks': webhooks,
  'organisation.clearinghouse': clearinghouse,
} satisfies Readonly<Record<string, Definition>>
