/**
 * What time does to a model: an assessment lapses, a government window opens and ends. Decisions and admission go by the
 * clock already; here it is recorded, and everybody whom it concerns hears of it. The grant of a window expires as every
 * grant does.
 */
import { keys } from '../../shared/domain/keys.ts'
import { modelStateAt } from '../../shared/domain/model-step.ts'
import type { Difference } from '../../shared/domain/proposals.ts'
import type { Model, ModelState } from '../../shared/domain/records.ts'
import { time } from '../../shared/domain/time.ts'
import type { ActionName } from '../../shared/domain/who-decides.ts'
import { change } from '../governance/engine/changes.ts'
import { type Ending, type Lapse, lapseCommit } from '../governance/lapse.ts'
import { ledgerPut } from '../governance/models/ledger.ts'
import { subjectOf } from '../governance/models/read-model.ts'

interface Passed {
  readonly name: string
  readonly action: ActionName
  readonly type: string
  due(model: Model, now: number): boolean
  /** Fields of the record that go with it. */
  readonly fields: { readonly assessment?: undefined; readonly window?: undefined }
  text(model: Model, state: ModelState): string
}

const passed = ({ name, action, type, due, fields, text }: Passed): Lapse<Model> => ({
  name,
  key: keys.model,
  due: (model, { now }) => due(model, now),
  async end(_, model, at) {
    const state = modelStateAt(model, at.now)
    const told = text(model, state)
    const difference: readonly Difference[] =
      state === model.state ? [] : [{ field: 'state', from: model.state, to: state }]
    return lapseCommit(at, writes(model, { state, ...fields }, { ...at, action, text: told }), {
      step: 'lapsed',
      action: { name: action, params: {} },
      subject: subjectOf(model),
      difference,
      type,
      text: told,
      next: `sallyport model get ${model.id}`,
    })
  },
})

const writes = (
  model: Parameters<Lapse<Model>['end']>[1],
  fields: Passed['fields'] & { readonly state: ModelState },
  { now, eid, action, text }: Ending & { readonly action: ActionName; readonly text: string },
) => [
  change<Model>(keys.model(model.id), model, fields),
  ledgerPut({ model, state: fields.state, action, eid, now, text }),
]

export const lapsedAssessment = passed({
  name: 'assessments_lapsed',
  action: 'model.assess',
  type: 'model.assessment_lapsed',
  due: ({ state, assessment }, now) =>
    state === 'under_assessment' && assessment !== undefined && assessment.endsAt <= now,
  fields: { assessment: undefined },
  text: ({ name }) => `The assessment of ${name} has lapsed: its time was over.`,
})

export const openedWindow = passed({
  name: 'windows_opened',
  action: 'model.window',
  type: 'model.window_opened',
  due: ({ state, window }, now) =>
    state === 'designated' && window !== undefined && window.opensAt <= now && now < window.endsAt,
  fields: {},
  text: ({ name, window }) =>
    `The government window on ${name} is open${window ? ` until ${time(window.endsAt)}` : ''}.`,
})

export const endedWindow = passed({
  name: 'windows_ended',
  action: 'model.window',
  type: 'model.window_ended',
  due: ({ window }, now) => window !== undefined && window.endsAt <= now,
  fields: { window: undefined },
  text: ({ name }, state) =>
    `The government window on ${name} has ended: it is ${state.replaceAll('_', ' ')} now.`,
})
