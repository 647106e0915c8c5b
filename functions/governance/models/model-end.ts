/**
 * What ends with the release or the withdrawal of a model: every hold on it that a government office placed, and every
 * suspension of a grant of it in which its developer has no part. From then on the gate obeys the developer alone.
 */
import type { HoldRecord } from '../../../shared/domain/holds.ts'
import { type Governed, indexes, keys } from '../../../shared/domain/keys.ts'
import { holdStep } from '../../../shared/domain/machines.ts'
import type { Meter } from '../../../shared/domain/meter.ts'
import { openMeter } from '../../../shared/domain/meter-decisions.ts'
import { endsWithModel } from '../../../shared/domain/model-step.ts'
import type { Grant, Model } from '../../../shared/domain/records.ts'
import type { Store, TransactOp } from '../../../shared/ports/store.ts'
import { pages } from '../../pages.ts'
import { change } from '../engine/changes.ts'
import { takesPart } from '../grants/granted.ts'
import { withMeters } from '../grants/grants-of-partner.ts'

export interface Ending {
  readonly holds: readonly Governed<HoldRecord>[]
  readonly grants: readonly Resumed[]
}

interface Resumed {
  readonly grant: Governed<Grant>
  /** Its own that are closed; none where its partner is stopped for other reasons. */
  readonly meters: readonly Meter[]
}

/**
 * Beside these stand the model, `standing`, the entry, the notices and the checks, and a transaction takes 100. What is
 * beyond it the sweeper ends within a minute: of holds only the records, since `standing`, which admission reads, lets go
 * of all of them; of some thirty suspensions and more, the rest.
 */
const maxWrites = 56
/** Organisations that are told beside the developer and the offices. */
const maxTold = 25

export async function readEnding(store: Store, model: Model): Promise<Ending> {
  const [holds, grants] = await Promise.all([governmentHolds(store, model), governmentStops(store, model)])
  return { holds, grants }
}

async function governmentHolds(store: Store, { id }: Model): Promise<readonly Governed<HoldRecord>[]> {
  const [standing] = await store.get([keys.standing])
  const on = Object.entries(standing?.holds ?? {}).filter(([, { scope }]) => scope.model === id)
  const records = await store.get(on.map(([hold]) => keys.hold(hold)))
  return records.filter(
    record => record !== undefined && record.placedBy.role === 'nsa-admin',
  ) as Governed<HoldRecord>[]
}

async function governmentStops(store: Store, model: Model): Promise<readonly Resumed[]> {
  const found: Governed<Grant>[] = []
  for await (const batch of pages<Governed<Grant>>(store, { index: indexes.byRecord, partition: 'grant' }))
    for (const grant of await store.get(batch)) if (grant && endsWithModel(grant, model)) found.push(grant)
  return Promise.all(found.map(grant => resumed(store, grant)))
}

/** As a sentence. */
export function endingText({ holds, grants }: Ending): string {
  const many = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`
  const parts = [
    ...(holds.length > 0 ? [many(holds.length, 'hold')] : []),
    ...(grants.length > 0 ? [many(grants.length, 'suspension')] : []),
  ]
  if (parts.length === 0) return 'No hold or suspension of the government was on it.'
  return `${parts.join(' and ')} of the government ${holds.length + grants.length === 1 ? 'ends' : 'end'} with it.`
}

/** A grant that goes on, with what of its meters does. */
export async function resumed(store: Store, grant: Governed<Grant>): Promise<Resumed> {
  const { meters } = await withMeters(store, grant)
  const [organisation] = await store.get([keys.organisation(grant.organisation)])
  if (organisation === undefined || !takesPart(organisation)) return { grant, meters: [] }
  return { grant, meters: meters.filter(({ state }) => state === 'closed') }
}

/** The grants first: they have no other place that lets go of them. */
export function endingWrites(ending: Ending, ended: NonNullable<HoldRecord['ended']>): readonly TransactOp[] {
  const { holds } = ending
  const writes: TransactOp[] = []
  for (const { grant, meters } of ending.grants) {
    if (writes.length + 1 + meters.length > maxWrites) continue
    writes.push(change<Grant>(keys.grant(grant.id), grant, { state: 'active', stop: undefined }))
    writes.push(...meters.map(openMeter))
  }
  if (holds.length > 0)
    writes.push({
      kind: 'update',
      key: keys.standing,
      change: { remove: holds.map(({ id }) => ['holds', id] as const) },
    })
  for (const hold of holds) {
    const state = holdStep(hold.state, 'lift')
    if (writes.length > maxWrites) break
    if (typeof state !== 'string') continue
    writes.push(change<HoldRecord>(keys.hold(hold.id), hold, { state, ended }))
  }
  return writes
}

/** Whom it concerns beside the developer and the offices. */
export const toldOfEnding = ({ holds, grants }: Ending): readonly string[] =>
  [
    ...new Set([
      ...grants.map(({ grant }) => grant.organisation),
      ...holds.flatMap(({ subject, placedBy }) => [
        subject.organisation,
        placedBy.organisation,
        ...(subject.hit ?? []).map(({ organisation }) => organisation),
      ]),
    ]),
  ].slice(0, maxTold)
