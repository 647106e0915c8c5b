/** What the decisions of people stop: whom a stop is about, on which record it stands, and which meters it closes. */
import { holdMatches } from '../../shared/domain/authority.ts'
import type { HoldRecord } from '../../shared/domain/holds.ts'
import { keys } from '../../shared/domain/keys.ts'
import type { Meter } from '../../shared/domain/meter.ts'
import type { Action } from '../../shared/domain/proposals.ts'
import type { Client, Grant, HoldScope, Model, Organisation, Standing } from '../../shared/domain/records.ts'
import type { Applied, Backend } from './backend.ts'
import type { Revocation } from './observed.ts'
import { attested, clientOf, government, grantOf, modelId, type Partner, partners } from './records.ts'

/** What admission must refuse once such an action was acknowledged; nothing where it stops no call. */
export function revocationBy({ name, id }: Action, backend: Backend, skew: number): Revocation | undefined {
  const of = (
    what: string,
    covered: (partner: Partner) => boolean,
    stands: NonNullable<Revocation['stands']>,
  ): Revocation => ({ what, covers: sent => covered(sent.partner as Partner), ...never, stands })
  const [partner = partners[0]] = partners.filter(one => [one, grantOf(one), clientOf(one)].includes(id))
  const its = (one: Partner): boolean => one === partner
  switch (name) {
    case 'partner.suspend':
    case 'partner.revoke':
      return of(`${partner} was stopped as a partner (${name})`, its, {
        key: keys.organisation(partner),
        on: item => stopsPartner(item as Organisation, grantOf(partner)),
      })
    case 'grant.suspend':
    case 'grant.revoke':
      return of(`the grant of ${partner} was stopped (${name})`, its, {
        key: keys.grant(id),
        on: item => (item as Grant).state !== 'active',
      })
    case 'client.suspend':
      return of(`the client of ${partner} was suspended`, its, {
        key: keys.client(id),
        on: item => !['active', 'enrolled'].includes((item as Client).state),
      })
    case 'model.kill':
      return of('the model was stopped', () => true, {
        key: keys.model(modelId),
        on: item => (item as Model).killed,
      })
    case 'hold.place':
    case 'hold.concur': {
      const [record] = backend.get([keys.hold(id)]) as [HoldRecord]
      const { scope, until = Number.POSITIVE_INFINITY } = record
      const what = `${id} on ${JSON.stringify(scope)} was placed (${name})`
      const revocation = of(what, one => holdsClientOf(one, scope), {
        key: keys.standing,
        on: item => (item as Standing).holds[id] !== undefined,
      })
      // By the clock that is furthest ahead.
      return { ...revocation, liftedAt: until - skew }
    }
    default:
      return undefined
  }
}

const never = { acknowledgedAt: Number.POSITIVE_INFINITY, liftedAt: Number.POSITIVE_INFINITY }

const holdsClientOf = (partner: Partner, scope: HoldScope): boolean => {
  const { operator: person, ...attributes } = attested[partner]
  return holdMatches(scope, {
    organisation: partner,
    client: clientOf(partner),
    person,
    ...attributes,
    model: modelId,
  })
}

function stopsPartner(organisation: Organisation, grant: string): boolean {
  if (organisation.kind !== 'partner') return false
  const { partner, continues = [] } = organisation
  return (
    !['active', 'reinstated'].includes(partner) && !(partner === 'suspended' && continues.includes(grant))
  )
}

/** What stands on one record says the same as what stands on another, after each transaction. */
export function disagreements(backend: Backend, applied: readonly Applied[]): readonly string[] {
  const touched = (prefix: string): boolean => applied.some(({ op }) => op.key.pk.startsWith(prefix))
  return [
    ...(touched('hold#') || touched('standing') ? holdsApart(backend) : []),
    ...(touched('organisation#') || touched('grant#') || touched('meter#') ? openMeters(backend) : []),
    ...(touched('model#') || touched('grant#') || touched('standing') ? notAlone(backend) : []),
  ]
}

/** What admission reads of holds, and what people decide about. */
function holdsApart(backend: Backend): readonly string[] {
  const [standing] = backend.get([keys.standing]) as [Standing]
  const active = backend
    .all('registry')
    .flatMap(({ key, item }) => (key.pk.startsWith('hold#') ? [item as HoldRecord] : []))
    .filter(({ state }) => state === 'active')
  const unread = active.filter(({ id, until }) => standing.holds[id]?.until !== until || !standing.holds[id])
  const unknown = Object.keys(standing.holds).filter(id => !active.some(hold => hold.id === id))
  return [
    ...unread.map(({ id }) => `hold#${id} is active, and admission reads another`),
    ...unknown.map(id => `admission reads hold#${id}, which is not active`),
  ]
}

/** A grant that is stopped lets nothing more be reserved on its own meter. */
function openMeters(backend: Backend): readonly string[] {
  return partners.flatMap(partner => {
    const id = grantOf(partner)
    const [organisation, grant, meter] = backend.get([
      keys.organisation(partner),
      keys.grant(id),
      keys.meter(id),
    ]) as [Organisation, Grant, Meter]
    const stopped = stopsPartner(organisation, id) || grant.state !== 'active'
    return stopped && meter.state === 'open' ? [`grant#${id} is stopped, and its meter is open`] : []
  })
}

/** Once a model is released, its developer alone stops it: no hold and no suspension of the government's is left on it. */
function notAlone(backend: Backend): readonly string[] {
  const [model, standing] = backend.get([keys.model(modelId), keys.standing]) as [Model, Standing]
  if (model.state !== 'released') return []
  const named = Object.entries(standing.holds).filter(([, { scope }]) => scope.model === modelId)
  const holds = (backend.get(named.map(([id]) => keys.hold(id))) as readonly HoldRecord[]).filter(
    ({ placedBy }) => placedBy.organisation === government,
  )
  const grants = (backend.get(partners.map(grantOf).map(keys.grant)) as readonly Grant[]).filter(
    ({ state, stop }) => state === 'suspended' && stop?.by.organisation === government,
  )
  return [
    ...holds.map(({ id }) => `hold#${id} of the government stands on a model that was released`),
    ...grants.map(({ id }) => `grant#${id} is suspended by the government, and its model was released`),
  ]
}
