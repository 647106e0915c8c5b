/**
 * What ends with the release or the withdrawal of a model: every hold on it that a government office placed, every
 * suspension of a grant of it or of an agreement that covers it in which its developer has no part; and its grants go on
 * where somebody else has suspended their partner. From then on the gate obeys the developer alone.
 */
import { agreementStep } from '../../../shared/domain/agreement-step.ts'
import type { HoldRecord } from '../../../shared/domain/holds.ts'
import { type Governed, keys } from '../../../shared/domain/keys.ts'
import { holdStep } from '../../../shared/domain/machines.ts'
import type { Meter } from '../../../shared/domain/meter.ts'
import { openMeter } from '../../../shared/domain/meter-decisions.ts'
import type { Organisation, PartnerFields } from '../../../shared/domain/parties.ts'
import type { Agreement, Grant } from '../../../shared/domain/records.ts'
import type { TransactOp } from '../../../shared/ports/store.ts'
import { change } from '../engine/changes.ts'
import { endingGrant, type WindowGrant } from './window.ts'

export interface Ending {
  readonly holds: readonly Governed<HoldRecord>[]
  readonly grants: readonly Resumed[]
  readonly agreements: readonly Restored[]
  readonly partners: readonly GoingOn[]
  /** Of a withdrawal: the grant of a window that is open or to come. */
  readonly window?: WindowGrant
  /** There was more, or no time to look: the sweeper ends the rest. */
  readonly more?: true
}

/** A grant that goes on, with what of its meters does. */
export interface Resumed {
  readonly grant: Governed<Grant>
  /** Its own that are closed; none where something else stops it still. */
  readonly meters: readonly Meter[]
}

/**
 * An agreement that others have suspended, with the closed meters of the grants under it that go on. It is in force again
 * once all of its models are their developer's alone; until then only those grants are.
 */
export interface Restored {
  readonly agreement: Governed<Agreement>
  readonly whole: boolean
  readonly meters: readonly Meter[]
}

/** A partner that stays suspended, with grants that go on all the same. */
export interface GoingOn {
  readonly partner: Partner
  readonly grants: readonly Resumed[]
}

export type Partner = Governed<Extract<Organisation, { kind: 'partner' }>>

export const noEnding: Ending = { holds: [], grants: [], agreements: [], partners: [] }

/**
 * Beside these stand the model, its ledger, the entry, the notices and the checks, and a transaction takes 100. What is
 * beyond it the sweeper ends within a minute: of holds only the records, since `standing`, which admission reads, lets go
 * of all of them; of some thirty suspensions and more, the rest.
 */
const maxWrites = 56
/** Organisations that are told beside the developer and the offices. */
const maxTold = 25

const many = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`

/** As a sentence. */
export function endingText({ holds, grants, agreements, partners, window, more }: Ending): string {
  const suspended = grants.length + agreements.filter(({ whole }) => whole).length
  const parts = [
    ...(holds.length > 0 ? [many(holds.length, 'hold')] : []),
    ...(suspended > 0 ? [many(suspended, 'suspension')] : []),
  ]
  const going = partners.flatMap(one => one.grants).length
  const sentences = [
    parts.length === 0
      ? more
        ? 'What the government has stopped on it ends.'
        : 'No hold or suspension of the government was on it.'
      : `${parts.join(' and ')} of the government ${holds.length + suspended === 1 ? 'ends' : 'end'} with it.`,
    ...(going > 0
      ? [`${many(going, 'grant')} of it ${going === 1 ? 'goes' : 'go'} on though the partner is suspended.`]
      : []),
    ...(more && parts.length > 0 ? ['So does what else of theirs is on it.'] : []),
    ...(window ? ['Its government window ends.'] : []),
  ]
  return sentences.join(' ')
}

/** Each is written whole or left to the sweeper; no record and no meter is named twice. */
export function endingWrites(ending: Ending, ended: NonNullable<HoldRecord['ended']>): readonly TransactOp[] {
  const { holds } = ending
  const writes: TransactOp[] = [...endingGrant(ending.window)]
  if (holds.length > 0)
    writes.push({
      kind: 'update',
      key: keys.standing,
      change: { remove: holds.map(({ id }) => ['holds', id] as const) },
    })
  const written = new Set(writes.map(({ key }) => key.pk))
  const fits = (ops: readonly TransactOp[]): boolean => {
    const more = ops.filter(({ key }) => !written.has(key.pk))
    if (writes.length + more.length > maxWrites) return false
    for (const op of more) written.add(op.key.pk)
    writes.push(...more)
    return true
  }
  for (const one of ending.agreements) fits(restoring(one))
  for (const { grant, meters } of ending.grants) fits(resuming(grant, meters))
  for (const { partner, grants } of ending.partners) {
    // All of a partner's are in one list. Of a grant whose suspension is left to the sweeper, this is too.
    const room = maxWrites - writes.length - 1
    const taken: Resumed[] = []
    for (const one of grants)
      if (taken.flatMap(({ meters }) => meters).length + one.meters.length <= room) taken.push(one)
    if (room >= 0 && taken.length > 0) fits(goingOn(partner, taken))
  }
  for (const hold of holds) {
    const state = holdStep(hold.state, 'lift')
    if (typeof state !== 'string') continue
    if (!fits([change<HoldRecord>(keys.hold(hold.id), hold, { state, ended })])) break
  }
  return writes
}

const resuming = (grant: Governed<Grant>, meters: readonly Meter[]): readonly TransactOp[] => [
  change<Grant>(keys.grant(grant.id), grant, { state: 'active', stop: undefined }),
  ...meters.map(openMeter),
]

/** One with more meters than there is room for: those that are left refuse until somebody opens them. */
function restoring({ agreement, whole, meters }: Restored): readonly TransactOp[] {
  const opened = meters.slice(0, maxWrites - 6).map(openMeter)
  if (!whole) return opened
  const state = agreementStep(agreement.state, 'reinstate')
  if (typeof state !== 'string') return []
  return [change<Agreement>(keys.agreement(agreement.id), agreement, { state, stop: undefined }), ...opened]
}

const goingOn = (partner: Partner, grants: readonly Resumed[]): readonly TransactOp[] => [
  change<Organisation & PartnerFields>(keys.organisation(partner.id) as never, partner, {
    continues: [...new Set([...(partner.continues ?? []), ...grants.map(({ grant }) => grant.id)])],
  }),
  ...grants.flatMap(({ meters }) => meters.map(openMeter)),
]

/** Whom it concerns beside the developer and the offices. */
export const toldOfEnding = ({ holds, grants, agreements, partners, window }: Ending): readonly string[] =>
  [
    ...new Set([
      ...grants.map(({ grant }) => grant.organisation),
      ...partners.map(({ partner }) => partner.id),
      ...agreements.map(({ agreement }) => agreement.counterparty),
      ...(window ? [window.grant.organisation] : []),
      ...holds.flatMap(({ subject, placedBy }) => [
        subject.organisation,
        placedBy.organisation,
        ...(subject.hit ?? []).map(({ organisation }) => organisation),
      ]),
    ]),
  ].slice(0, maxTold)
