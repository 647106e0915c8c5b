/**
 * The government window: its developer offers an office that it is engaged with the use of a model for a time, for
 * clients that are named. Developer and office sign it; it opens and ends by itself.
 */
import { hash } from 'node:crypto'
import { agreementStateAt } from '../../../shared/domain/agreement-step.ts'
import { base32, stamp } from '../../../shared/domain/id.ts'
import { type Governed, keys, listed } from '../../../shared/domain/keys.ts'
import { grantStep } from '../../../shared/domain/machines.ts'
import { freshMeter, type Limits, type Meter } from '../../../shared/domain/meter.ts'
import { modelStep } from '../../../shared/domain/model-step.ts'
import type { Organisation } from '../../../shared/domain/parties.ts'
import type { Agreement, GovernmentWindow, Grant, Model } from '../../../shared/domain/records.ts'
import { Refusal, refuse } from '../../../shared/domain/refusal.ts'
import { time } from '../../../shared/domain/time.ts'
import { itemAbsent, type Store, type TransactOp } from '../../../shared/ports/store.ts'
import { asSeen, change } from '../engine/changes.ts'
import type { Definition } from '../engine/plan.ts'
import { judgeRole } from '../engine/signer.ts'
import { judgeCeiling } from '../grants/ceiling.ts'
import { closing, withMeters } from '../grants/grants-of-partner.ts'
import { type LimitsWords, showLimits, toLimits } from '../grants/limits-words.ts'
import { type ModelSeen, seeModel, stepped } from './read-model.ts'

const maxMs = 30 * 86_400_000

/** What is offered, in the words of the API. Times are RFC 3339. */
export interface WindowWords {
  /** Absent, or past when the office takes it: then. */
  readonly opens_at?: string | undefined
  readonly ends_at: string
  /** The office's own. */
  readonly clients: readonly string[]
  readonly limits: LimitsWords
  readonly becomes?: GovernmentWindow['becomes'] | undefined
}

type Term = Pick<GovernmentWindow, 'opensAt' | 'endsAt'>

export const offerWindow: Definition = {
  async plan({ store }, { id, params }, planning) {
    const { now, actor } = planning
    const words = params as unknown as WindowWords
    const seen = await seeModel(store, id, planning)
    if (seen instanceof Refusal) return seen
    const { model, subject } = seen
    const role = actor && judgeRole('model.window', actor, subject)
    if (role instanceof Refusal) return role
    if (actor && actor.organisation.id !== model.developer)
      return refuse('role_missing', `Its developer offers a window on ${model.name}; the office takes it.`)
    const refused = judgeState(seen, now)
    if (refused) return refused
    const under = await readEngagement(store, model, now)
    if (under instanceof Refusal) return under
    const { agreement, office } = under
    const term = termOf(words, agreement, now)
    if (term instanceof Refusal) return term
    const limits = toLimits(words.limits)
    const clients = [...new Set(words.clients)].sort()
    const wrong = judgeCeiling(limits, agreement) ?? (await judgeClients(store, clients, office, now))
    if (wrong) return wrong

    const becomes = words.becomes ?? 'partner_access'
    const state = term.opensAt <= now ? 'government_window' : 'designated'
    const text = `${model.name} is open to ${office.name} from ${time(term.opensAt)} to ${time(term.endsAt)}.`
    return {
      subject,
      difference: [
        { field: 'government', from: null, to: office.id },
        ...(words.opens_at === undefined ? [] : [{ field: 'opens_at', from: null, to: words.opens_at }]),
        { field: 'ends_at', from: null, to: words.ends_at },
        { field: 'becomes', from: null, to: becomes },
        { field: 'clients', from: null, to: clients },
        { field: 'limits', from: null, to: showLimits(limits) },
      ],
      writes: carried => {
        const grant = grantOf({ eid: carried.eid, model, agreement, office, clients, term })
        const window = { government: office.id, ...term, becomes, grant: grant.id, entry: carried.eid }
        return [
          ...stepped(carried, seen, { state, fields: { window }, action: 'model.window', text }),
          ...granting(grant, limits, now),
          asSeen(keys.agreement(agreement.id), agreement),
          // Whoever stops the agreement at the same moment plans again, with this grant.
          {
            kind: 'update',
            key: keys.organisation(office.id),
            if: { eq: [['rev'], office.rev] },
            change: { add: [[['granted'], 1]] },
          },
        ]
      },
      told: { type: 'model.window_agreed', text },
    }
  },
}

function judgeState({ model: { id, name, window }, state }: ModelSeen, now: number): Refusal | undefined {
  const next = modelStep(state, 'open_window', id)
  if (next instanceof Refusal) return next
  if (window === undefined || window.endsAt <= now) return undefined
  return refuse('state_forbids', `A window on ${name} opens at ${time(window.opensAt)} already.`, {
    next: 'Close that one first: sallyport model close-window',
  })
}

interface Engagement {
  readonly agreement: Governed<Agreement>
  readonly office: Governed<Organisation>
}

/** The office is the one of the agreement that the model is engaged under. */
async function readEngagement(store: Store, model: Model, now: number): Promise<Engagement | Refusal> {
  const none = (why: string): Refusal =>
    refuse('agreement_not_effective', `${model.name} is engaged under no agreement that is in force: ${why}.`)
  const [agreement] = model.agreement === undefined ? [] : await store.get([keys.agreement(model.agreement)])
  if (agreement === undefined || agreement.kind !== 'engagement') return none('it names none')
  const state = agreementStateAt(agreement, now)
  if (state !== 'effective') return none(`${agreement.id} is ${state.replaceAll('_', ' ')}`)
  if (!agreement.models.includes(model.id)) return none(`${agreement.id} does not name it any more`)
  const [office] = await store.get([keys.organisation(agreement.counterparty)])
  if (office?.kind !== 'government' || office.state !== 'active')
    return none(`${agreement.counterparty} takes no part`)
  return { agreement, office }
}

function termOf({ opens_at, ends_at }: WindowWords, agreement: Agreement, now: number): Term | Refusal {
  const opensAt = Math.max(now, opens_at === undefined ? now : Date.parse(opens_at))
  const endsAt = Date.parse(ends_at)
  const wrong = (detail: string): Refusal => refuse('body_malformed', detail, { field: 'ends_at' })
  if (endsAt <= opensAt) return wrong('It ends after it opens, and not before now.')
  if (endsAt - opensAt > maxMs) return wrong('A window is open for 30 days at most.')
  const outside = (field: string, detail: string): Refusal => refuse('ceiling_exceeded', detail, { field })
  if (opensAt < agreement.startsAt)
    return outside('opens_at', `The agreement ${agreement.id} starts at ${time(agreement.startsAt)}.`)
  if (endsAt > agreement.endsAt)
    return outside('ends_at', `The agreement ${agreement.id} ends at ${time(agreement.endsAt)}.`)
  return { opensAt, endsAt }
}

/** Whether they are another's or nobody's, it is told in the same words. */
async function judgeClients(
  store: Store,
  ids: readonly string[],
  office: Organisation,
  now: number,
): Promise<Refusal | undefined> {
  const clients = await store.get(ids.map(keys.client))
  for (const [i, id] of ids.entries()) {
    const client = clients[i]
    const field = `clients[${i}]`
    if (client === undefined || client.organisation !== office.id)
      return refuse('record_unknown', `${office.name} has no client ${id}.`, {
        field: 'clients',
        next: `Those that you see: sallyport client list --organisation ${office.id}`,
      })
    if ((client.state !== 'enrolled' && client.state !== 'active') || client.expiresAt <= now)
      return refuse('state_forbids', `The client ${id} is not in use.`, { field })
  }
  return undefined
}

interface Granted {
  readonly eid: string
  readonly model: Model
  readonly agreement: Agreement
  readonly office: Organisation
  readonly clients: readonly string[]
  readonly term: Term
}

/** Each window has a grant of its own, by the decision that made it (a UUIDv8 of RFC 9562 §5.8). */
function grantOf({ eid, model, agreement, office, clients, term }: Granted): Grant {
  const uuid = base32(stamp(hash('sha256', `window\n${model.id}\n${eid}`, 'buffer'), 8))
  return {
    id: `grant_${uuid}`,
    organisation: office.id,
    model: model.id,
    agreement: agreement.id,
    clients,
    state: 'active',
    startsAt: term.opensAt,
    expiresAt: term.endsAt,
    meters: [`meter_${uuid}`, ...(agreement.pool === undefined ? [] : [agreement.pool])].sort(),
  }
}

function granting(grant: Grant, limits: Limits, now: number): readonly TransactOp[] {
  const own = grant.id.replace(/^grant_/, 'meter_')
  const item: Governed<Grant> = { ...grant, rev: 1, ...listed('grant', grant.organisation, grant.id) }
  return [
    { kind: 'put', key: keys.grant(grant.id), item, if: itemAbsent },
    { kind: 'put', key: keys.meter(own), item: freshMeter(own, limits, now), if: itemAbsent },
  ]
}

export interface WindowGrant {
  readonly grant: Governed<Grant>
  readonly meters: readonly Meter[]
}

/** Nothing where its grant has ended by itself or by a decision. */
export async function readWindowGrant(
  store: Store,
  window: GovernmentWindow | undefined,
): Promise<WindowGrant | undefined> {
  const [found] = window === undefined ? [] : await store.get([keys.grant(window.grant)])
  if (found === undefined) return undefined
  const seen = await withMeters(store, found)
  return grantStep(seen.grant.state, 'expire') instanceof Refusal ? undefined : seen
}

/** Its grant ends with it; a pool goes on for the others. */
export const endingGrant = (seen: WindowGrant | undefined): readonly TransactOp[] =>
  seen === undefined
    ? []
    : [change<Grant>(keys.grant(seen.grant.id), seen.grant, { state: 'expired' }), ...closing([seen])]

/** Before it opens, while it is open, and after the model was opened to partners. */
export const closeWindow: Definition = {
  async plan({ store }, { id }, planning) {
    const seen = await seeModel(store, id, planning)
    if (seen instanceof Refusal) return seen
    const { model, subject } = seen
    const { window, name } = model
    const role = planning.actor && judgeRole('model.close_window', planning.actor, subject)
    if (role instanceof Refusal) return role
    if (window === undefined || window.endsAt <= planning.now)
      return refuse('state_forbids', `No window on ${name} is open or to come.`)
    const ended = modelStep(seen.state, 'end_window', id)
    const state = ended instanceof Refusal ? seen.state : ended
    const grant = await readWindowGrant(store, window)
    const text = `The window of ${window.government} on ${name} is closed by its developer.`
    return {
      subject,
      difference: [
        ...(state === seen.state ? [] : [{ field: 'state', from: seen.state, to: state }]),
        { field: 'window', from: time(window.endsAt), to: null },
      ],
      stops: { organisation: window.government, model: id },
      writes: carried => [
        ...stepped(carried, seen, {
          state,
          fields: { window: undefined },
          action: 'model.close_window',
          text,
        }),
        ...endingGrant(grant),
      ],
      told: { type: 'model.window_closed', text },
      tells: [window.government],
    }
  },
}
