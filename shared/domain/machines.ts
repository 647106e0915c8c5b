/**
 * The states of what is governed, and what leads from one to the next. Each machine is a table and one pure function
 * over it. Who may cause an event stands in `who-decides.ts`; whether a state admits a call, in `authority.ts`.
 */
import type { HoldRecord } from './holds.ts'
import type { PartnerState } from './parties.ts'
import type { Proposal } from './proposals.ts'
import type { Client, Grant } from './records.ts'
import { type Refusal, refuse } from './refusal.ts'

/** Where an event is possible, and where it leads. */
export interface Transition<S extends string> {
  readonly from: readonly S[]
  readonly to: S
}

export interface Machine<S extends string, E extends string> {
  /** What it is called in a sentence. */
  readonly noun: string
  readonly states: readonly S[]
  readonly events: Readonly<Record<E, Transition<S>>>
}

/**
 * Only whoever was selected by developer and government together can be revoked: an appeal that is upheld leads to a
 * state that admits calls, and would otherwise do so without any selection. Before that, a nomination is closed.
 */
export const partnerMachine = {
  noun: 'partner',
  states: ['nominated', 'vetting', 'selected', 'active', 'suspended', 'revoked', 'reinstated', 'closed'],
  events: {
    vet: { from: ['nominated'], to: 'vetting' },
    select: { from: ['vetting'], to: 'selected' },
    activate: { from: ['selected'], to: 'active' },
    suspend: { from: ['active', 'reinstated'], to: 'suspended' },
    reinstate: { from: ['suspended'], to: 'active' },
    revoke: { from: ['selected', 'active', 'suspended', 'reinstated'], to: 'revoked' },
    /** An appeal. */
    uphold: { from: ['revoked'], to: 'reinstated' },
    close: { from: ['nominated', 'vetting', 'selected', 'revoked'], to: 'closed' },
  },
} as const satisfies Machine<PartnerState, string>

/** A compromised client never comes back: whoever has its key would come back with it. */
export const clientMachine = {
  noun: 'client',
  states: ['enrolled', 'active', 'suspended', 'expired', 'revoked', 'compromised'],
  events: {
    use: { from: ['enrolled', 'active'], to: 'active' },
    suspend: { from: ['enrolled', 'active'], to: 'suspended' },
    reinstate: { from: ['suspended'], to: 'active' },
    expire: { from: ['enrolled', 'active', 'suspended'], to: 'expired' },
    revoke: { from: ['enrolled', 'active', 'suspended'], to: 'revoked' },
    compromise: { from: ['enrolled', 'active', 'suspended', 'expired'], to: 'compromised' },
  },
} as const satisfies Machine<Client['state'], string>

export const grantMachine = {
  noun: 'grant',
  states: ['requested', 'approved', 'active', 'suspended', 'expired', 'revoked'],
  events: {
    approve: { from: ['requested'], to: 'approved' },
    activate: { from: ['approved'], to: 'active' },
    decline: { from: ['requested'], to: 'expired' },
    time_out: { from: ['requested'], to: 'expired' },
    suspend: { from: ['active'], to: 'suspended' },
    reinstate: { from: ['suspended'], to: 'active' },
    expire: { from: ['approved', 'active', 'suspended'], to: 'expired' },
    revoke: { from: ['requested', 'approved', 'active', 'suspended'], to: 'revoked' },
  },
} as const satisfies Machine<Grant['state'], string>

export const holdMachine = {
  noun: 'hold',
  states: ['active', 'lifted', 'lapsed'],
  events: {
    lift: { from: ['active'], to: 'lifted' },
    lapse: { from: ['active'], to: 'lapsed' },
  },
} as const satisfies Machine<HoldRecord['state'], string>

export const proposalMachine = {
  noun: 'proposal',
  states: ['open', 'approved', 'applied', 'declined', 'withdrawn', 'timed_out', 'stale'],
  events: {
    approve: { from: ['open'], to: 'approved' },
    apply: { from: ['approved'], to: 'applied' },
    decline: { from: ['open'], to: 'declined' },
    withdraw: { from: ['open'], to: 'withdrawn' },
    time_out: { from: ['open'], to: 'timed_out' },
    stale: { from: ['open'], to: 'stale' },
  },
} as const satisfies Machine<Proposal['state'], string>

export type PartnerEvent = keyof typeof partnerMachine.events
export type ClientEvent = keyof typeof clientMachine.events
export type GrantEvent = keyof typeof grantMachine.events
export type HoldEvent = keyof typeof holdMachine.events
export type ProposalEvent = keyof typeof proposalMachine.events

export const partnerStep = (state: PartnerState, event: PartnerEvent): PartnerState | Refusal =>
  step(partnerMachine, state, event)

export const clientStep = (state: Client['state'], event: ClientEvent): Client['state'] | Refusal =>
  step(clientMachine, state, event)

export const grantStep = (state: Grant['state'], event: GrantEvent): Grant['state'] | Refusal =>
  step(grantMachine, state, event)

export const holdStep = (state: HoldRecord['state'], event: HoldEvent): HoldRecord['state'] | Refusal =>
  step(holdMachine, state, event)

export const proposalStep = (state: Proposal['state'], event: ProposalEvent): Proposal['state'] | Refusal =>
  step(proposalMachine, state, event)

/** The next state, or `state_forbids`. A record can hold what its type does not know: an older or a newer version wrote it. */
export function step<S extends string, E extends string>(
  machine: Machine<S, E>,
  state: S,
  event: E,
): S | Refusal {
  // The names that every object inherits are no events.
  const transition = Object.hasOwn(machine.events, event) ? machine.events[event] : undefined
  if (transition?.from.includes(state)) return transition.to
  if (!machine.states.includes(state))
    return refuse(
      'state_forbids',
      `The ${machine.noun} is in a state that is not known here: nothing is possible.`,
    )
  return refuse('state_forbids', `The ${machine.noun} is ${words(state)}. ${whatIsPossible(machine, state)}`)
}

function whatIsPossible<S extends string>(machine: Machine<S, string>, state: S): string {
  return possibleText(possibleFrom(machine, state).map(words))
}

export const possibleText = (names: readonly string[]): string =>
  names.length === 0 ? 'That is final.' : `Possible from there: ${names.join(', ')}.`

/** The events that a state allows, in the order of the table. */
export const possibleFrom = <S extends string, E extends string>(
  machine: Machine<S, E>,
  state: S,
): readonly E[] =>
  (Object.entries(machine.events) as [E, Transition<S>][])
    .filter(([, { from }]) => from.includes(state))
    .map(([event]) => event)

const words = (name: string): string => name.replaceAll('_', ' ')
