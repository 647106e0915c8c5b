/** What an office says of a model: that it assesses it, and what it has determined. Never what that rests on. */
import { modelStep } from '../../../shared/domain/model-step.ts'
import type { Designation } from '../../../shared/domain/records.ts'
import { Refusal } from '../../../shared/domain/refusal.ts'
import { judgeNamed, judgeScore } from '../../../shared/domain/score.ts'
import type { Reason } from '../../../shared/domain/stop.ts'
import { time } from '../../../shared/domain/time.ts'
import type { ActionName } from '../../../shared/domain/who-decides.ts'
import type { Definition, Planning } from '../engine/plan.ts'
import { judgeRole } from '../engine/signer.ts'
import { type ModelSeen, seeModel, stepped } from './read-model.ts'

const dayMs = 86_400_000
const usualDays = 14

export const assess: Definition = {
  async plan({ store }, { id, params }, planning) {
    const seen = await seeModel(store, id, planning)
    if (seen instanceof Refusal) return seen
    const days = (params.days as number | undefined) ?? usualDays
    const refused = judgeOffice('model.assess', seen, planning) ?? judgeWords(planning.reason, seen)
    if (refused) return refused
    const state = modelStep(seen.state, 'assess', id)
    if (state instanceof Refusal) return state
    const endsAt = planning.now + days * dayMs
    const text = `${seen.model.name} is being assessed; by itself that lapses at ${time(endsAt)}.`
    return {
      subject: seen.subject,
      difference: [
        { field: 'state', from: seen.state, to: state },
        { field: 'days', from: null, to: days },
      ],
      writes: carried =>
        stepped(carried, seen, {
          state,
          fields: { assessment: { by: carried.by, startedAt: planning.now, endsAt } },
          action: 'model.assess',
          text,
        }),
      told: { type: 'model.assessed', text },
    }
  },
}

/** In the words of the API. */
interface Determined {
  readonly determination: string
  readonly signer: string
}

const outcomes = {
  designated: {
    event: 'designate',
    action: 'model.designate',
    text: 'is designated a covered frontier model',
  },
  not_designated: {
    event: 'not_designate',
    action: 'model.not_designate',
    text: 'is not designated a covered frontier model',
  },
} as const

export const determine = (outcome: Designation['outcome']): Definition => ({
  async plan({ store }, { id, params }, planning) {
    const { determination, signer } = params as unknown as Determined
    const seen = await seeModel(store, id, planning)
    if (seen instanceof Refusal) return seen
    const { event, action, text: is } = outcomes[outcome]
    const refused =
      judgeOffice(action, seen, planning) ??
      judgeNamed(determination, 'determination') ??
      judgeNamed(signer, 'signer') ??
      judgeWords(planning.reason, seen)
    if (refused) return refused
    const state = modelStep(seen.state, event, id)
    if (state instanceof Refusal) return state
    const text = `${seen.model.name} ${is}.`
    const { designation: before } = seen.model
    return {
      subject: seen.subject,
      difference: [
        { field: 'state', from: seen.state, to: state },
        { field: 'determination', from: before?.reference ?? null, to: determination },
        { field: 'signer', from: before?.signer ?? null, to: signer },
      ],
      writes: carried =>
        stepped(carried, seen, {
          state,
          fields: {
            designation: {
              outcome,
              reference: determination,
              signer,
              by: carried.by,
              at: carried.now,
              entry: carried.eid,
            },
          },
          action,
          text,
        }),
      told: { type: `model.${outcome}`, text },
    }
  },
})

/** First of all: whoever does not determine anything is told that, whatever they wrote. */
function judgeOffice(name: ActionName, { subject }: ModelSeen, { actor }: Planning): Refusal | undefined {
  const role = actor && judgeRole(name, actor, subject)
  return role instanceof Refusal ? role : undefined
}

/** The words of the decision stand in the log beside it. */
const judgeWords = ({ text, reference }: Reason, { model }: ModelSeen): Refusal | undefined =>
  judgeScore(text, 'reason.text', [model.name]) ??
  (reference === undefined ? undefined : judgeScore(reference, 'reason.reference'))
