/** How an agreement ends before its time, and what is owed after its end. */
import { keys } from '../../../shared/domain/keys.ts'
import type { Agreement, AgreementEnd, CloseOut } from '../../../shared/domain/records.ts'
import { Refusal, refuse } from '../../../shared/domain/refusal.ts'
import { time } from '../../../shared/domain/time.ts'
import { change } from '../engine/changes.ts'
import type { Actor, Definition, Plan, PlanDeps, Planning } from '../engine/plan.ts'
import { judgeRole } from '../engine/signer.ts'
import { closing } from '../grants/grants-of-partner.ts'
import { readForStep, type Stepping } from './read-agreement.ts'
import { aloneOf, asGranted, judgeAlone, meteredUnder, readHits, readModels } from './under.ts'

const dayMs = 86_400_000

/** What its end leaves on the record: how it ended, and by when destruction is to be attested. */
export function endFields({ clocks }: Agreement, ended: AgreementEnd) {
  const days = clocks?.destructionDays
  const closeOut: CloseOut = days === undefined ? {} : { dueAt: ended.at + days * dayMs }
  return { ended, closeOut, stop: undefined, next: undefined }
}

/** Either side of an engagement, and the partner of an access agreement: they go when they like. */
const canLeave = (
  { kind, developer, counterparty }: Agreement,
  { organisation }: Pick<Actor, 'organisation'>,
): boolean => organisation.id === counterparty || (kind === 'engagement' && organisation.id === developer)

export const terminate: Definition = {
  async plan(deps, { id, params }, planning) {
    const seen = await readLiving(deps, id, params.digest, planning)
    if (seen instanceof Refusal) return seen
    const { actor } = planning
    if (actor && canLeave(seen.agreement, actor))
      return { ...(await ends(deps, seen, planning, 'left')), rule: 'agreement.leave' as const }
    const alone = aloneOf(await readModels(deps.store, seen.agreement))
    const role = actor && judgeRole('agreement.terminate', actor, seen.subject)
    if (role instanceof Refusal) return role
    const refused = judgeAlone(alone, actor)
    if (refused) return refused
    return {
      ...(await ends(deps, seen, planning, 'terminated')),
      ...(alone && { rule: 'model.resume' as const }),
    }
  },
}

export const leave: Definition = {
  async plan(deps, { id, params }, planning) {
    const seen = await readLiving(deps, id, params.digest, planning)
    if (seen instanceof Refusal) return seen
    const { actor } = planning
    const role = actor && judgeRole('agreement.leave', actor, seen.subject)
    if (role instanceof Refusal) return role
    if (actor && !canLeave(seen.agreement, actor))
      return refuse('role_missing', `It is for ${seen.counterparty.name} to leave it.`, {
        next: `Two people end it: sallyport agreement terminate ${id}`,
      })
    return ends(deps, seen, planning, 'left')
  },
}

/** Whatever is left of its term. */
const readLiving = ({ store }: PlanDeps, id: string, digest: unknown, planning: Planning) =>
  readForStep(store, id, { event: 'terminate', digest }, planning)

async function ends(
  { store }: PlanDeps,
  { agreement, counterparty, subject, from }: Stepping,
  { actor }: Planning,
  how: 'terminated' | 'left',
): Promise<Plan> {
  const metered = await meteredUnder(store, agreement)
  const by = actor?.organisation.name
  const text =
    how === 'left' && by !== undefined
      ? `${by} has left “${agreement.title}”`
      : `“${agreement.title}” is ended${by === undefined ? '' : ` by ${by}`}`
  return {
    subject,
    difference: [{ field: 'state', from, to: 'terminated' }],
    writes: carried => [
      change<Agreement>(keys.agreement(agreement.id), agreement, {
        state: 'terminated',
        ...endFields(agreement, {
          how,
          at: carried.now,
          entry: carried.eid,
          by: carried.by,
          reason: carried.reason,
        }),
      }),
      ...closing(metered),
      asGranted(counterparty),
    ],
    ...(await readHits(store, agreement)),
    told: {
      type: 'agreement.terminated',
      text: `${text}: no call is admitted under it.${owed(agreement)}`,
      next: `sallyport agreement get ${agreement.id}`,
    },
  }
}

/** As a sentence of its own. */
export const owed = ({ clocks }: Agreement): string =>
  clocks?.destructionDays === undefined
    ? ''
    : ` Its counterparty attests the destruction within ${clocks.destructionDays} days.`

/** An end that time has made stands on the record by now, or is written along with what follows it. */
async function readEnded(
  { store }: PlanDeps,
  id: string,
  digest: unknown,
  event: 'attest' | 'close',
  planning: Planning,
) {
  const seen = await readForStep(store, id, { event, digest }, planning)
  if (seen instanceof Refusal) return seen
  const { agreement, from } = seen
  const late = from === agreement.state ? [] : await meteredUnder(store, agreement)
  return { ...seen, closes: () => closing(late) }
}

/** The counterparty says that what came from the model is destroyed. */
export const attestDestruction: Definition = {
  async plan(deps, { id, params }, planning) {
    const { actor } = planning
    const seen = await readEnded(deps, id, params.digest, 'attest', planning)
    if (seen instanceof Refusal) return seen
    const { agreement, subject, counterparty, from, state, closes } = seen
    const role = actor && judgeRole('agreement.attest', actor, subject)
    if (role instanceof Refusal) return role
    if (actor && actor.organisation.id !== agreement.counterparty)
      return refuse('role_missing', `${counterparty.name} attests it.`)
    const text = String(params.text)
    return {
      subject,
      difference: [{ field: 'state', from, to: state }],
      writes: ({ by, eid }) => {
        const ended = endedOf(agreement, eid)
        return [
          change<Agreement>(keys.agreement(id), agreement, {
            ...ended,
            state,
            closeOut: { ...ended.closeOut, attested: { by, text, entry: eid } },
          }),
          ...closes(),
        ]
      },
      told: {
        type: 'agreement.destruction_attested',
        text: `${counterparty.name} attests the destruction of what it had under “${agreement.title}”.`,
        next: `sallyport agreement close ${id}`,
      },
    }
  },
}

export const close: Definition = {
  async plan(deps, { id, params }, planning) {
    const { actor } = planning
    const seen = await readEnded(deps, id, params.digest, 'close', planning)
    if (seen instanceof Refusal) return seen
    const { agreement, subject, counterparty, from, state, closes } = seen
    const role = actor && judgeRole('agreement.close', actor, subject)
    if (role instanceof Refusal) return role
    if (agreement.clauses.destruction !== undefined && agreement.closeOut?.attested === undefined) {
      const dueAt = agreement.closeOut?.dueAt
      const due = dueAt === undefined ? '' : ` It is due by ${time(dueAt)}.`
      return refuse('state_forbids', `${counterparty.name} has not attested the destruction yet.${due}`, {
        next: `That comes first: sallyport agreement attest ${id}`,
      })
    }
    return {
      subject,
      difference: [{ field: 'state', from, to: state }],
      writes: ({ by, eid }) => {
        const ended = endedOf(agreement, eid)
        const closeOut = { ...ended.closeOut, closed: { by, entry: eid } }
        return [change<Agreement>(keys.agreement(id), agreement, { ...ended, state, closeOut }), ...closes()]
      },
      told: { type: 'agreement.closed', text: `“${agreement.title}” is closed. That is final.` },
    }
  },
}

/** Where nobody has recorded yet that its term is over, the entry of what follows does. */
const endedOf = (agreement: Agreement, entry: string) =>
  agreement.ended
    ? { closeOut: agreement.closeOut ?? {} }
    : endFields(agreement, { how: 'expired', at: agreement.endsAt, entry })
