import type { Person } from '../../../shared/domain/parties.ts'
import { type Refusal, refuse } from '../../../shared/domain/refusal.ts'

const steps = {
  suspend: { from: ['active'], to: 'suspended' },
  reinstate: { from: ['suspended'], to: 'active' },
  /** For good: who comes back is enrolled anew, as another person. */
  remove: { from: ['active', 'suspended'], to: 'removed' },
} as const satisfies Record<
  string,
  { readonly from: readonly Person['state'][]; readonly to: Person['state'] }
>

export type PersonEvent = keyof typeof steps

/** The next state, or `state_forbids`; a state that is not known here allows nothing. */
export function personStep(state: Person['state'], event: PersonEvent): Person['state'] | Refusal {
  const { from, to }: { readonly from: readonly Person['state'][]; readonly to: Person['state'] } =
    steps[event]
  if (from.includes(state)) return to
  const possible = Object.entries(steps).filter(([, step]) =>
    (step.from as readonly string[]).includes(state),
  )
  const names = possible.map(([name]) => name).join(', ')
  return refuse(
    'state_forbids',
    `The person is ${state}. ${names ? `Possible from there: ${names}.` : 'Nothing is possible from there.'}`,
  )
}
