/**
 * `model.release` and `model.withdraw`: the developer's act alone, from every state, at once and on the model as it
 * stands. Nothing of anybody else's holds it up.
 */
import { modelStep } from '../../../shared/domain/model-step.ts'
import { Refusal } from '../../../shared/domain/refusal.ts'
import type { Definition, Plan } from '../engine/plan.ts'
import { endingText, endingWrites, toldOfEnding } from './model-end.ts'
import { readEnding } from './read-ending.ts'
import { onWhateverStands, seeModel, stepped } from './read-model.ts'
import { readWindowGrant } from './window.ts'

export const end = (event: 'release' | 'withdraw', done: 'released' | 'withdrawn'): Definition => ({
  async plan({ store }, { id }, planning): Promise<Plan | Refusal> {
    const seen = await seeModel(store, id, planning)
    if (seen instanceof Refusal) return seen
    const { model, subject } = seen
    const state = modelStep(seen.state, event, id)
    if (state instanceof Refusal) return state
    // Released, a window goes on by its grant until it ends.
    const window = done === 'withdrawn' ? await readWindowGrant(store, model.window) : undefined
    const ending = { ...(await readEnding(store, model, planning)), ...(window && { window }) }
    const { holds, grants, agreements, partners } = ending
    const text = `${model.name} is ${done} by its developer.`
    return {
      subject,
      difference: [
        { field: 'state', from: seen.state, to: state },
        ...ends('holds', holds),
        ...ends(
          'suspended_grants',
          grants.map(({ grant }) => grant),
        ),
        ...ends(
          'suspended_agreements',
          agreements.filter(({ whole }) => whole).map(({ agreement }) => agreement),
        ),
        ...partners.map(({ partner, grants: going }) => ({
          field: `continues.${partner.id}`,
          from: partner.continues ?? [],
          to: [...(partner.continues ?? []), ...going.map(({ grant }) => grant.id)],
        })),
      ],
      ...(done === 'withdrawn' && { stops: { model: id } }),
      writes: carried => {
        const { now, by, reason } = carried
        const [record, line] = stepped(carried, seen, {
          state,
          ...(done === 'withdrawn' && model.window && { fields: { window: undefined } }),
          action: `model.${event}`,
          text,
        })
        return [
          onWhateverStands(record, planning.isLate),
          line,
          ...endingWrites(ending, { at: now, by, reason }),
        ]
      },
      told: { type: `model.${done}`, text: `${text} ${endingText(ending)}` },
      tells: toldOfEnding(ending),
    }
  },
})

const ends = (field: string, records: readonly { readonly id: string }[]) =>
  records.length > 0 ? [{ field, from: records.map(({ id }) => id), to: [] }] : []
