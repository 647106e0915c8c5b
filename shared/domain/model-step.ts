/**
 * The states of a model, and what leads from one to the next. Nothing here is a licence or a permit: release and
 * withdrawal are the developer's act alone, from every state, one that is not known here included (EO 14409, 3(c)).
 */
import { type Machine, possibleFrom, possibleText } from './machines.ts'
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
    assess: { from: ['engaged', 'not_designated'], to: 'under_assessment' },
    /** Time ends an assessment that nobody has. */
    lapse: { from: ['under_assessment'], to: 'engaged' },
    designate: { from: ['engaged', 'under_assessment', 'not_designated'], to: 'designated' },
    not_designate: { from: ['engaged', 'under_assessment'], to: 'not_designated' },
    /** By its clock, as the developer has offered it. */
    open_window: { from: ['designated'], to: 'government_window' },
    /** By its clock, or by its developer. */
    end_window: { from: ['government_window'], to: 'designated' },
    open: { from: ['designated', 'government_window'], to: 'partner_access' },
    release: { from: states.filter(state => state !== 'released'), to: 'released' },
    withdraw: { from: states.filter(state => state !== 'withdrawn'), to: 'withdrawn' },
  },
} as const satisfies Machine<ModelState, string>

export type ModelEvent = keyof typeof modelMachine.events

/** The commands by which people make it happen; what time does has none. */
const commands: Readonly<Partial<Record<ModelEvent, string>>> = {
  assess: 'assess',
  designate: 'designate',
  not_designate: 'not-designate',
  open_window: 'window',
  end_window: 'close-window',
  open: 'open',
  release: 'release',
  withdraw: 'withdraw',
}
/** From every state. */
const always = ['kill', 'share'] as const

/** The next state, or `state_forbids` with what people can do; `id` is that of the model. */
export function modelStep(state: ModelState, event: ModelEvent, id?: string): ModelState | Refusal {
  const { from, to } = modelMachine.events[event]
  const developersAlone = event === 'release' || event === 'withdraw'
  if (developersAlone ? state !== to : (from as readonly ModelState[]).includes(state)) return to
  const possible = possibleFrom<ModelState, ModelEvent>(modelMachine, state)
  const names = [...possible.flatMap(name => commands[name] ?? []), ...always]
  return refuse(
    'state_forbids',
    `The model is in the state ${state.replaceAll('_', ' ')}. ${possibleText(names)}`,
    id === undefined ? {} : { next: `See it: sallyport model get ${id}` },
  )
}

/**
 * What time has made of it, whether or not that was recorded yet: a window opens and ends at its own moment, and an
 * assessment lapses at its own. `now` in milliseconds.
 */
export function modelStateAt(
  { state, window, assessment }: Pick<Model, 'state' | 'window' | 'assessment'>,
  now: number,
): ModelState {
  if (state === 'under_assessment' && assessment !== undefined && assessment.endsAt <= now) return 'engaged'
  if (window === undefined || (state !== 'designated' && state !== 'government_window')) return state
  if (window.endsAt <= now) return window.becomes
  return window.opensAt <= now ? 'government_window' : state
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
