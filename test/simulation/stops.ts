/** What a stop closes, and what of it ends with a release: of records that stand for each other, after each transaction. */
import type { HoldRecord } from '../../shared/domain/holds.ts'
import { keys } from '../../shared/domain/keys.ts'
import type { Meter } from '../../shared/domain/meter.ts'
import type { Agreement, Grant, Model, Organisation, Standing } from '../../shared/domain/records.ts'
import type { Stop } from '../../shared/domain/stop.ts'
import { agreementsApart } from './agreements-apart.ts'
import type { Applied, Backend } from './backend.ts'
import { agreementOf, government, grantOf, modelId, type Partner, partners } from './records.ts'

export function stopsPartner(organisation: Organisation, grant: string): boolean {
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
    ...(['organisation#', 'grant#', 'meter#', 'agreement#'].some(touched) ? openMeters(backend) : []),
    ...(['model#', 'grant#', 'agreement#', 'standing'].some(touched) ? notAlone(backend, applied) : []),
    ...agreementsApart(backend, applied),
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
    const [organisation, grant, meter, agreement, model] = backend.get([
      keys.organisation(partner),
      keys.grant(id),
      keys.meter(id),
      keys.agreement(agreementOf(partner)),
      keys.model(modelId),
    ]) as [Organisation, Grant, Meter, Agreement, Model]
    // Of a released model the government's stops count no more, also those that a sweeper has still to end.
    const counts = (stop: Stop | undefined): boolean =>
      model.state !== 'released' || stop?.by.organisation !== government
    const stopped =
      grant.state !== 'active' ||
      (agreement.state === 'suspended' && counts(agreement.stop)) ||
      (stopsPartner(organisation, id) &&
        !(
          organisation.kind === 'partner' &&
          organisation.partner === 'suspended' &&
          !counts(organisation.stop)
        ))
    return stopped && meter.state === 'open' ? [`grant#${id} is stopped, and its meter is open`] : []
  })
}

/**
 * Once a model is released, its developer alone stops it: no hold and no suspension of the government's is made on it any
 * more, and none is left by a release that was in time and could look at all of them.
 */
function notAlone(backend: Backend, applied: readonly Applied[]): readonly string[] {
  const all = leftAlone(backend)
  const release = applied.find(isRelease)
  if (release) return isLate(release) || leavesMore(applied) ? [] : all.map(({ what }) => what)
  const made = (pk: string): boolean =>
    applied.some(({ op, before, after }) => op.key.pk === pk && stateOf(before) !== stateOf(after))
  return all.filter(({ pk }) => made(pk)).map(({ what }) => what)
}

const stateOf = (item: object | undefined): unknown =>
  (item as { readonly state?: string } | undefined)?.state

const isRelease = ({ op, before, after }: Applied): boolean =>
  op.key.pk === keys.model(modelId).pk && stateOf(before) !== 'released' && stateOf(after) === 'released'

/** It was made on whatever stood by then, also a stop that came after it had looked. */
const isLate = ({ op }: Applied): boolean => op.if === undefined || 'exists' in op.if

/** It could not look at all of it, and tells that: the sweeper ends the rest. */
const leavesMore = (applied: readonly Pick<Applied, 'op' | 'after'>[]): boolean =>
  applied.some(
    ({ op, after }) =>
      op.key.pk.startsWith('notice#') &&
      /What the government has stopped on it ends|what else of theirs/.test((after as { text: string }).text),
  )

interface Left {
  readonly pk: string
  readonly what: string
}

/** What the government's stops leave of a model that was released. */
export function leftAlone(backend: Backend): readonly Left[] {
  const [model, standing] = backend.get([keys.model(modelId), keys.standing]) as [Model, Standing]
  if (model.state !== 'released') return []
  const named = Object.entries(standing.holds).filter(([, { scope }]) => scope.model === modelId)
  const holds = (backend.get(named.map(([id]) => keys.hold(id))) as readonly HoldRecord[]).filter(
    ({ placedBy }) => placedBy.organisation === government,
  )
  return [
    ...holds.map(({ id }) => left('hold', id, 'of the government stands on a model that was released')),
    ...partners.flatMap(partner => leftOf(backend, partner)),
  ]
}

const left = (noun: string, id: string, what: string): Left => ({
  pk: `${noun}#${id}`,
  what: `${noun}#${id} ${what}`,
})

/** A partner that is suspended stays so, and goes on with what it is granted of such a model. */
function leftOf(backend: Backend, partner: Partner): readonly Left[] {
  const [grant, agreement, organisation] = backend.get([
    keys.grant(grantOf(partner)),
    keys.agreement(agreementOf(partner)),
    keys.organisation(partner),
  ]) as [Grant, Agreement, Extract<Organisation, { kind: 'partner' }>]
  const suspended = ({ state, stop }: Pick<Grant | Agreement, 'state' | 'stop'>): boolean =>
    state === 'suspended' && stop?.by.organisation === government
  const goes =
    grant.state !== 'active' ||
    organisation.partner !== 'suspended' ||
    organisation.stop?.by.organisation !== government ||
    organisation.continues?.includes(grant.id)
  const what = 'is suspended by the government, and its model was released'
  return [
    ...(suspended(grant) ? [left('grant', grant.id, what)] : []),
    ...(suspended(agreement) ? [left('agreement', agreement.id, what)] : []),
    ...(goes ? [] : [left('organisation', partner, `${what}: its grant does not go on`)]),
  ]
}
