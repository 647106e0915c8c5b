/** What the release or the withdrawal of a model finds to end. */
import { agreementStateAt } from '../../../shared/domain/agreement-step.ts'
import type { HoldRecord } from '../../../shared/domain/holds.ts'
import { type Governed, indexes, keys, type RecordKind } from '../../../shared/domain/keys.ts'
import type { Meter } from '../../../shared/domain/meter.ts'
import { endsWithModel, isDevelopersAlone } from '../../../shared/domain/model-step.ts'
import type { Organisation } from '../../../shared/domain/parties.ts'
import type { Agreement, Grant, Model } from '../../../shared/domain/records.ts'
import type { Stop } from '../../../shared/domain/stop.ts'
import type { Store } from '../../../shared/ports/store.ts'
import { readGrants } from '../../grants.ts'
import { pages } from '../../pages.ts'
import { inTime } from '../engine/in-time.ts'
import type { Planning } from '../engine/plan.ts'
import { takesPart } from '../grants/granted.ts'
import { withMeters } from '../grants/grants-of-partner.ts'
import type { Ending, GoingOn, Partner, Restored, Resumed } from './model-end.ts'

type Ended = Pick<Model, 'id' | 'developer'>

/** What its developer has no part in. */
const isOfOthers = (stop: Stop | undefined, developer: string): boolean =>
  stop !== undefined && stop.by.organisation !== developer

/**
 * Pages of 100 that are looked through at once. A deployment keeps every grant that was ever asked for, by whomever, and
 * no number of them may keep a release from its answer: the sweeper finds what is beyond.
 */
const maxPages = 20

/** Grants and agreements, each: more than one transaction has room for. The sweeper ends the rest within a minute. */
const most = 60

/** As far as it is found in time: a release waits for nothing of this, however much others have, or change meanwhile. */
export async function readEnding(
  store: Store,
  model: Ended,
  { now, isLate = () => false }: Pick<Planning, 'now' | 'isLate'>,
): Promise<Ending> {
  const left = { more: false }
  const looking = inTime(store, isLate)
  const [holds, of, agreements] = await Promise.all([
    inPart(left, governmentHolds(looking, model)),
    inPart(left, grantsOfModel(looking, model, left)),
    inPart(left, restored(looking, model, now, left)),
  ])
  const grants = of.filter(({ grant }) => endsWithModel(grant, model)).map(withoutState)
  return {
    ...{ holds, grants, agreements, partners: goingOn(withStoppedPartner(of, model)) },
    ...(left.more && { more: true as const }),
  }
}

interface Left {
  more: boolean
}

/** Whatever stands in the way, be it a record that nobody can read: the sweeper comes to each of them alone, and tells. */
const inPart = <T>(left: Left, looked: Promise<readonly T[]>): Promise<readonly T[]> =>
  looked.catch(() => {
    left.more = true
    return []
  })

async function governmentHolds(store: Store, { id }: Ended): Promise<readonly Governed<HoldRecord>[]> {
  const [standing] = await store.get([keys.standing])
  const on = Object.entries(standing?.holds ?? {}).filter(([, { scope }]) => scope.model === id)
  const records = await store.get(on.map(([hold]) => keys.hold(hold)))
  return records.filter(
    record => record !== undefined && record.placedBy.role === 'nsa-admin',
  ) as Governed<HoldRecord>[]
}

interface Seen extends Resumed {
  readonly organisation: Governed<Organisation> | undefined
}

const withoutState = ({ grant, meters }: Seen): Resumed => ({ grant, meters })

/** Those that others have stopped, by themselves or by their partner, with the closed meters that go on. */
async function grantsOfModel(store: Store, model: Ended, left: Left): Promise<readonly Seen[]> {
  const found = await firstOf(store, 'grant', left, async (batch: readonly Governed<Grant>[]) => {
    const grants = batch.filter(grant => grant.model === model.id)
    const partners = await store.get(grants.map(({ organisation }) => keys.organisation(organisation)))
    return grants.filter((grant, i) => {
      const stopped = grant.state === 'active' && isSuspendedByOthers(partners[i], model.developer)
      return stopped || endsWithModel(grant, model)
    })
  })
  const seen = await Promise.all(
    found.map(grant =>
      inPart(
        left,
        readGoing(store, grant, model).then(one => [one]),
      ),
    ),
  )
  return seen.flat()
}

/** The first of a kind that are chosen, up to `most`: those that were found before the time was over. */
async function firstOf<R extends object>(
  store: Store,
  kind: RecordKind,
  left: Left,
  choose: (batch: readonly R[]) => Promise<readonly R[]>,
): Promise<readonly R[]> {
  const found: R[] = []
  const look = async (): Promise<readonly R[]> => {
    let looked = 0
    for await (const batch of pages<R>(store, { index: indexes.byRecord, partition: kind })) {
      const records = (await store.get(batch)).filter(one => one !== undefined) as R[]
      found.push(...(await choose(records)))
      if (found.length <= most && ++looked < maxPages) continue
      left.more = true
      break
    }
    return found
  }
  await inPart(left, look())
  return found.slice(0, most)
}

/** The partner and the agreement after the meters: whoever stops one of them raises the version of each meter. */
async function readGoing(store: Store, { id, meters: named }: Grant, model: Ended): Promise<Seen> {
  const { grant, meters } = await withMeters(store, { id, meters: named })
  const [organisation, agreement] = await store.get([
    keys.organisation(grant.organisation),
    keys.agreement(grant.agreement),
  ])
  const goes =
    organisation !== undefined &&
    agreement !== undefined &&
    (takesPart(organisation) || isSuspendedByOthers(organisation, model.developer)) &&
    (agreement.state === 'effective' ||
      agreement.state === 'signed' ||
      isOfOthers(agreement.stop, model.developer))
  return { grant, organisation, meters: goes ? meters.filter(isClosed) : [] }
}

const isClosed = ({ state }: Meter): boolean => state === 'closed'

const isSuspendedByOthers = (organisation: Organisation | undefined, developer: string): boolean =>
  organisation?.kind === 'partner' &&
  organisation.partner === 'suspended' &&
  isOfOthers(organisation.stop, developer)

/** By partner: its grants that are in force from now on, and not in the list yet. */
function goingOn(grants: readonly Seen[]): readonly GoingOn[] {
  const partners = new Map<string, { readonly partner: Partner; readonly grants: Resumed[] }>()
  for (const { grant, meters, organisation } of grants) {
    const partner = organisation as Partner
    if (partner.continues?.includes(grant.id)) continue
    const one = partners.get(partner.id) ?? { partner, grants: [] }
    one.grants.push({ grant, meters })
    partners.set(partner.id, one)
  }
  return [...partners.values()]
}

/** Those whose partner others have suspended. */
const withStoppedPartner = (grants: readonly Seen[], { developer }: Ended): readonly Seen[] =>
  grants.filter(({ organisation }) => isSuspendedByOthers(organisation, developer))

async function restored(store: Store, model: Ended, now: number, left: Left): Promise<readonly Restored[]> {
  const found = await firstOf(store, 'agreement', left, async (batch: readonly Governed<Agreement>[]) =>
    batch.filter(agreement => agreement.models.includes(model.id) && isRestored(agreement, model, now)),
  )
  const all = found.map(agreement =>
    inPart(
      left,
      readRestored(store, agreement, model).then(one => [one]),
    ),
  )
  return (await Promise.all(all)).flat()
}

const isRestored = (agreement: Agreement, { developer }: Ended, now: number): boolean =>
  agreement.developer === developer &&
  agreementStateAt(agreement, now) === 'suspended' &&
  isOfOthers(agreement.stop, developer)

/** An agreement with the closed meters of its grants of models that are their developer's alone, `ended` among them. */
export async function readRestored(
  store: Store,
  { id, counterparty, models }: Agreement,
  ended?: Ended,
): Promise<Restored> {
  const found = await store.get(models.map(keys.model))
  const alone = models.filter((model, i) => {
    const record = found[i]
    return model === ended?.id || (record !== undefined && isDevelopersAlone(record))
  })
  // What does not exist yet holds nothing up.
  const whole = models.every((model, i) => found[i] === undefined || alone.includes(model))
  const grants = (await readGrants(store, counterparty)).filter(
    ({ agreement, state, model }) => agreement === id && state === 'active' && alone.includes(model),
  )
  const metered = await Promise.all(grants.map(grant => withMeters(store, grant)))
  const [organisation, agreement] = await store.get([keys.organisation(counterparty), keys.agreement(id)])
  if (agreement === undefined) throw new Error(`the agreement ${id} is gone`)
  const goes = ({ id: grant }: Grant): boolean =>
    organisation !== undefined &&
    (takesPart(organisation) ||
      (organisation.kind === 'partner' && organisation.continues?.includes(grant) === true))
  return {
    agreement,
    whole,
    meters: metered
      .filter(({ grant }) => grant.state === 'active' && goes(grant))
      .flatMap(({ meters }) => meters)
      .filter(isClosed),
  }
}

/** What is left to the sweeper of one grant. */
export const readResumed = async (store: Store, grant: Governed<Grant>, model: Ended): Promise<Resumed> =>
  withoutState(await readGoing(store, grant, model))

/** What is left to the sweeper of one partner: its grants of models that are their developer's alone. */
export async function readGoingOn(store: Store, partner: Organisation): Promise<GoingOn | undefined> {
  const grants = (await readGrants(store, partner.id)).filter(({ state }) => state === 'active')
  const models = await store.get(grants.map(({ model }) => keys.model(model)))
  const going = await Promise.all(
    grants.map(async (grant, i) => {
      const model = models[i]
      if (model === undefined || !isDevelopersAlone(model)) return []
      return withStoppedPartner([await readGoing(store, grant, model)], model)
    }),
  )
  return goingOn(going.flat().filter(({ grant }) => grant.state === 'active'))[0]
}
