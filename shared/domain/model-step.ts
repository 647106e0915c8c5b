/**
 * The states of a model, and what leads from one to the next. Nothing here is a licence or a permit: release and
 * withdrawal are the developer's act alone, from every state, one that is not known here included (EO 14409, 3(c)).
 */
import { type Machine, possibleFrom } from './machines.ts'
import type { Grant, Model, ModelState } from './records.ts'
import { type Refusal, refuse } from './refusal.ts'

const states = [
  'engaged',
  'under_assessment',
  'designated',
  'not_designated',
  'government_window',
  'partner_access',
  'released',
  'withdrawn',
] as const satisfies readonly ModelState[]

export const modelMachine = {
  noun: 'model',
  states,
  events: {
    designate: { from: ['engaged', 'under_assessment'], to: 'designated' },
    open: { from: ['designated', 'government_window'], to: 'partner_access' },
    release: { from: states.filter(state => state !== 'released'), to: 'released' },
    withdraw: { from: states.filter(state => state !== 'withdrawn'), to: 'withdrawn' },
  },
} as const satisfies Machine<ModelState, string>

export type ModelEvent = keyof typeof modelMachine.events

/** The next state, or `state_forbids`. */
export function modelStep(state: ModelState, event: ModelEvent): ModelState | Refusal {
  const { from, to } = modelMachine.events[event]
  const developersAlone = event === 'release' || event === 'withdraw'
  if (developersAlone ? state !== to : (from as readonly ModelState[]).includes(state)) return to
  const possible = possibleFrom<ModelState, string>(modelMachine, state)
  return refuse(
    'state_forbids',
    `The model is ${state.replaceAll('_', ' ')}. Possible from there: ${possible.join(', ')}.`,
  )
}

/** From then on the gate obeys the developer alone: no hold and no suspension of a government's stands on it. */
export const isDevelopersAlone = ({ state }: Pick<Model, 'state'>): boolean =>
  state === 'released' || state === 'withdrawn'

/** A suspension that ends with the release or the withdrawal: the developer has no part in it. */
export const endsWithModel = (grant: Grant, model: Pick<Model, 'id' | 'developer'>): boolean =>
  grant.model === model.id &&
  grant.state === 'suspended' &&
  grant.stop !== undefined &&
  grant.stop.by.organisation !== model.developer
