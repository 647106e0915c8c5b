/** Records that are stopped and go on again: by which actions, by whom, and how one sees that they do. */
import { type Governed, keys } from '../../shared/domain/keys.ts'
import type { ActionName } from '../../shared/domain/who-decides.ts'
import type { Key } from '../../shared/ports/store.ts'
import { agreementOf, clientOf, grantOf, modelId, type Partner, personOf, type Somebody } from './records.ts'

export const developers = ['hana', 'hugo'] as const
export const offices = ['olga', 'omar'] as const
export const deciders = [...developers, ...offices] as const
export const adminOf = { cedar: 'cora', prairie: 'petra' } as const satisfies Record<Partner, Somebody>

/** A record that is stopped and goes on again, and who does either. */
export interface Stoppable {
  readonly id: string
  readonly stop: ActionName
  readonly lift: ActionName
  readonly key: Key<Governed<object>>
  readonly by: readonly [Somebody, ...Somebody[]]
  readonly is: (record: object) => boolean
}

const inState =
  (...states: readonly string[]) =>
  (record: object): boolean =>
    states.includes((record as { readonly partner?: string; readonly state: string }).partner ?? '') ||
    states.includes((record as { readonly state: string }).state)

export const partnerItself = (partner: Partner): Stoppable => ({
  id: partner,
  stop: 'partner.suspend',
  lift: 'partner.reinstate',
  key: keys.organisation(partner),
  by: deciders,
  is: record => (record as { readonly partner?: string }).partner !== 'suspended',
})

export const grantItself = (partner: Partner): Stoppable => ({
  id: grantOf(partner),
  stop: 'grant.suspend',
  lift: 'grant.reinstate',
  key: keys.grant(grantOf(partner)),
  by: deciders,
  is: inState('active', 'revoked'),
})

export const clientItself = (partner: Partner): Stoppable => ({
  id: clientOf(partner),
  stop: 'client.suspend',
  lift: 'client.reinstate',
  key: keys.client(clientOf(partner)),
  by: [...deciders, adminOf[partner]],
  is: inState('active'),
})

export const agreementItself = (partner: Partner): Stoppable => ({
  id: agreementOf(partner),
  stop: 'agreement.suspend',
  lift: 'agreement.reinstate',
  key: keys.agreement(agreementOf(partner)),
  by: deciders,
  is: inState('effective'),
})

export const person = (who: Somebody): Stoppable => ({
  id: personOf(who),
  stop: 'person.suspend',
  lift: 'person.reinstate',
  key: keys.person(personOf(who)),
  by: deciders,
  is: inState('active'),
})

export const modelItself: Stoppable = {
  id: modelId,
  stop: 'model.kill',
  lift: 'model.resume',
  key: keys.model(modelId),
  by: developers,
  is: record => !(record as { readonly killed: boolean }).killed,
}
