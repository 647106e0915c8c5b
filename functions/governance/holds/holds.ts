/** Decisions about holds: `hold.*` of who-decides. What admission reads of a hold stands in `standing`. */
import { type HoldRecord, maxActiveHolds } from '../../../shared/domain/holds.ts'
import { type Governed, indexes, keys, listed } from '../../../shared/domain/keys.ts'
import { holdStep } from '../../../shared/domain/machines.ts'
import { isDevelopersAlone } from '../../../shared/domain/model-step.ts'
import { everyone, type Organisation } from '../../../shared/domain/parties.ts'
import type { Subject } from '../../../shared/domain/proposals.ts'
import type { Hold, HoldScope, Model } from '../../../shared/domain/records.ts'
import { Refusal, refuse, unknownRecord } from '../../../shared/domain/refusal.ts'
import { time } from '../../../shared/domain/time.ts'
import { type Facts, sees } from '../../../shared/domain/who-sees.ts'
import { itemAbsent, type Store, type TransactOp } from '../../../shared/ports/store.ts'
import { modelsOf, readGrants } from '../../grants.ts'
import { pages } from '../../pages.ts'
import { asSeen, change, stopOf } from '../engine/changes.ts'
import type { Actor, Definition } from '../engine/plan.ts'
import { factsOf, viewerOf } from '../engine/sight.ts'
import { deciders } from '../engine/subjects.ts'

const place: Definition = {
  async plan({ store }, { id, params }, { now, actor, rules, reason, breakGlass }) {
    const { scope } = params as { readonly scope: HoldScope }
    const subject = await subjectOf(store, id, scope, actor)
    if (subject instanceof Refusal) return subject
    const [model] = await store.get([keys.model(scope.model ?? '-')])
    // Before its grants, so that they are judged on this version.
    const [whole] = await store.get([keys.organisation(wholeOf(scope) ?? '-')])
    const refused =
      judgeScope(scope, subject, actor) ??
      judgeReleased(model, actor) ??
      (await judgeMissions(store, scope, { actor, breakGlass }))
    if (refused) return refused
    const [standing] = await store.get([keys.standing])
    if (Object.keys(standing?.holds ?? {}).length >= maxActiveHolds)
      return refuse('holds_full', `${maxActiveHolds} holds are active.`)
    // An operator's emergency hold lapses like the government's: nobody who decides stands by it yet.
    const lapses = actor?.organisation.kind !== 'developer'
    const until = lapses ? now + rules.governmentHoldDays * 86_400_000 : undefined
    const ends = until !== undefined && { until }
    const hold: Hold = { scope, reason: reason.code, placedAt: now, ...ends }
    return {
      subject,
      difference: [{ field: 'state', from: null, to: 'active' }],
      stops: scope,
      writes: carried => {
        const { by, effects, shown, hit } = carried
        const record: HoldRecord = {
          id,
          state: 'active',
          scope,
          reason: carried.reason,
          placedAt: now,
          placedBy: by,
          stop: stopOf(carried),
          ...ends,
          effects,
          shown,
          subject: { ...subject, rev: 1, ...(hit && { hit }) },
        }
        const item: Governed<HoldRecord> = { ...record, rev: 1, ...listed('hold', by.organisation, id) }
        const put: TransactOp = { kind: 'put', key: keys.hold(id), item, if: itemAbsent }
        // A release that is decided at the same moment is judged anew, and ends this one too.
        const seen = model ? [change<Model>(keys.model(model.id), model, {})] : []
        return [
          put,
          inStanding(id, { ...hold, by: by.organisation }),
          ...(by.organisation === model?.developer ? [] : seen),
          // A mission that comes to hang on one of its grants at the same moment raises its version.
          ...(whole && !breakGlass && actor ? [asSeen(keys.organisation(whole.id), whole)] : []),
        ]
      },
      told: {
        type: 'hold.placed',
        text: `A hold stops ${subject.name}: ${reason.code}.`,
        next: `sallyport hold get ${id}`,
      },
    }
  },
}

/** Of a model that is released or withdrawn, nobody but its developer holds anything. */
function judgeReleased(model: Model | undefined, actor: Actor | undefined): Refusal | undefined {
  if (model === undefined || !isDevelopersAlone(model) || actor?.organisation.id === model.developer)
    return undefined
  return refuse('state_forbids', `${model.name} is ${model.state}: nobody but its developer holds it.`)
}

/**
 * A hold of a whole organisation is its suspension by another name, and where a mission hangs on a grant that takes two
 * people. One that names a client, a person or an attribute is about them and not about the mission.
 */
async function judgeMissions(
  store: Store,
  scope: HoldScope,
  { actor, breakGlass }: { readonly actor: Actor | undefined; readonly breakGlass: boolean },
): Promise<Refusal | undefined> {
  const { model } = scope
  const organisation = wholeOf(scope)
  if (organisation === undefined || breakGlass || actor === undefined) return undefined
  const grants = await readGrants(store, organisation)
  const missions = grants.filter(
    grant =>
      grant.missionContinuity && grant.state === 'active' && (model === undefined || grant.model === model),
  )
  if (missions.length === 0) return undefined
  const ids = missions.map(({ id }) => id).join(', ')
  return refuse(
    'approval_required',
    `A mission hangs on ${ids}. Suspend ${organisation} instead: its other grants stop at once, and two people decide on this one. In an emergency it is placed with break-glass.`,
    { field: 'scope.organisation', next: `sallyport partner suspend ${organisation}` },
  )
}

/** The organisation that a scope names and narrows by a model at most. */
const wholeOf = ({ model, organisation, ...narrower }: HoldScope): string | undefined =>
  Object.values(narrower).every(value => value === undefined) ? organisation : undefined

const inStanding = (id: string, hold: Hold): TransactOp => ({
  kind: 'update',
  key: keys.standing,
  if: { and: [{ absent: ['holds', id] }, { sizeLt: [['holds'], maxActiveHolds] }] },
  change: { set: [[['holds', id], hold]] },
})

/** A developer holds a model of its own by that alone; the government names whom it means. */
function judgeScope(scope: HoldScope, subject: Subject, actor: Actor | undefined): Refusal | undefined {
  const fields = Object.values(scope).filter(value => value !== undefined)
  if (fields.length === 0)
    return refuse('body_malformed', 'Name at least one of the scope.', { field: 'scope' })
  if (fields.length > 1 || scope.model === undefined) return undefined
  if (actor === undefined || subject.developers.includes(actor.organisation.id)) return undefined
  return refuse(
    'role_missing',
    'A hold that names only a model is its developer’s. Name an organisation, client, person, nationality or region.',
    { field: 'scope' },
  )
}

/** Whom a hold is about, and who decides on it. */
async function subjectOf(
  store: Store,
  id: string,
  scope: HoldScope,
  actor: Actor | undefined,
): Promise<Subject | Refusal> {
  const [model, client, person] = await store.get([
    keys.model(scope.model ?? '-'),
    keys.client(scope.client ?? '-'),
    keys.person(scope.person ?? '-'),
  ])
  const about = scope.organisation ?? client?.organisation ?? person?.organisation
  const [organisation] = await store.get([keys.organisation(about ?? '-')])
  const of = organisation && { owner: organisation.id, ...deciders(organisation) }
  // One of another organisation than the scope names is hit by nothing of it.
  const whose = (one: { readonly organisation: string } | undefined) =>
    one && one.organisation === organisation?.id ? of : undefined
  const seenAs = {
    model: model && {
      owner: model.developer,
      developers: [model.developer],
      governments: model.governments ?? [],
      model: model.id,
    },
    client: whose(client),
    person: whose(person),
    organisation: of,
  }
  for (const field of ['model', 'client', 'person', 'organisation'] as const) {
    const facts = seenAs[field]
    const noun = field === 'organisation' ? 'partner' : field
    // Whom they do not see is not there for them, and the words must not tell the difference.
    const there = facts && (actor === undefined || sees(viewerOf(actor), { noun, ...facts }))
    if (scope[field] !== undefined && !there)
      return unknownRecord(field, scope[field], { field: `scope.${field}` })
  }

  // By attributes alone it is about everybody: whoever develops or governs here decides.
  const { developers = [], governments = [] } = of ?? (model ? {} : await everyDecider(store))
  // A hold on an organisation is in the engagement of whoever audits its models.
  const models = scope.model === undefined && about !== undefined ? await modelsOf(store, about) : []
  return {
    kind: 'hold',
    id,
    name: scopeText(scope),
    rev: 0,
    organisation: about ?? model?.developer ?? everyone,
    developers: [...new Set([...developers, ...(model ? [model.developer] : [])])],
    governments: [...new Set([...governments, ...(model?.governments ?? [])])],
    ...(scope.model !== undefined && { model: scope.model }),
    ...(models.length > 0 && { models }),
  }
}

export async function everyDecider(store: Store): Promise<Pick<Subject, 'developers' | 'governments'>> {
  const found: Organisation[] = []
  for await (const batch of pages<Organisation>(store, {
    index: indexes.byRecord,
    partition: 'organisation',
  }))
    for (const one of await store.get(batch)) if (one && one.kind !== 'partner') found.push(one)
  const idsOf = (kind: Organisation['kind']) => found.filter(one => one.kind === kind).map(({ id }) => id)
  return { developers: idsOf('developer'), governments: idsOf('government') }
}

/** `organisation cedar and model aurora-preview` */
export const scopeText = (scope: HoldScope): string =>
  Object.entries(scope)
    .filter(([, value]) => value !== undefined)
    .map(([field, value]) => `${field} ${value}`)
    .join(' and ')

export const holdSubject = (hold: Governed<HoldRecord>): Subject => ({ ...hold.subject, rev: hold.rev })

/** What does not show itself to `actor` is not there for them. */
export async function readHold(
  store: Store,
  id: string,
  actor?: Actor,
): Promise<Governed<HoldRecord> | Refusal> {
  const [found] = await store.get([keys.hold(id)])
  if (found === undefined) return unknownRecord('hold', id)
  return (actor && judgeHoldSight(actor, found)) ?? found
}

const judgeHoldSight = (actor: Actor, hold: Governed<HoldRecord>): Refusal | undefined =>
  sees(viewerOf(actor), holdFacts(hold)) ? undefined : unknownRecord('hold', hold.id)

export const holdFacts = (hold: Governed<HoldRecord>): Facts => ({
  ...factsOf('hold', holdSubject(hold)),
  placedBy: hold.placedBy.organisation,
})

/** The developer stands by a government's hold: it no longer lapses by itself. */
const concur: Definition = {
  async plan({ store }, { id }, { actor, now }) {
    const hold = await readHold(store, id, actor)
    if (hold instanceof Refusal) return hold
    if (hold.state !== 'active') return refuse('state_forbids', `The hold is ${hold.state}.`)
    if (hold.until === undefined)
      return refuse('state_forbids', 'It does not lapse by itself: nothing is to be concurred with.')
    // Its record says so only once the sweeper comes by; what has ended does not begin again.
    if (hold.until <= now) return refuse('state_forbids', `The hold lapsed at ${time(hold.until)}.`)
    return {
      subject: holdSubject(hold),
      difference: [{ field: 'until', from: time(hold.until), to: null }],
      writes: ({ by }) => [
        change<HoldRecord>(keys.hold(id), hold, { concurred: by, until: undefined }),
        {
          kind: 'update',
          key: keys.standing,
          if: { exists: ['holds', id] },
          change: { remove: [['holds', id, 'until']] },
        },
      ],
      told: { type: 'hold.concurred', text: `The developer stands by the hold on ${hold.subject.name}.` },
    }
  },
}

/** Who placed an emergency hold: whoever decides about its subject lifts it. */
export const operators = 'operator'

/** Whoever placed it lifts it: the other side's hold is not one's own to lift. */
const lift: Definition = {
  async plan({ store }, { id }, { now, actor }) {
    const hold = await readHold(store, id, actor)
    if (hold instanceof Refusal) return hold
    const state = holdStep(hold.state, 'lift')
    if (state instanceof Refusal) return state
    const placed = hold.placedBy.organisation
    if (actor && placed !== operators && actor.organisation.id !== placed)
      return refuse('role_missing', `It was placed by ${placed}, which lifts it.`)
    return {
      subject: holdSubject(hold),
      difference: [{ field: 'state', from: hold.state, to: state }],
      writes: ({ by, reason }) => endHold(hold, 'lifted', { at: now, by, reason }),
      told: { type: 'hold.lifted', text: `The hold on ${hold.subject.name} is lifted.` },
    }
  },
}

/** Its record and what admission reads of it, together. */
export const endHold = (
  hold: Governed<HoldRecord>,
  state: 'lifted' | 'lapsed',
  ended: NonNullable<HoldRecord['ended']>,
): readonly TransactOp[] => [
  change<HoldRecord>(keys.hold(hold.id), hold, { state, ended }),
  { kind: 'update', key: keys.standing, change: { remove: [['holds', hold.id]] } },
]

export const holdActions = {
  'hold.place': place,
  'hold.concur': concur,
  'hold.lift': lift,
} satisfies Readonly<Record<string, Definition>>
