/** The states of a protected agreement, and what leads from one to the next. */
import { type Machine, possibleFrom, possibleText, step } from './machines.ts'
import type { Agreement } from './records.ts'
import { Refusal, refuse } from './refusal.ts'

export const agreementMachine = {
  noun: 'agreement',
  states: [
    'draft',
    'offered',
    'signed',
    'effective',
    'suspended',
    'expired',
    'terminated',
    'closing_out',
    'closed',
    'discarded',
  ],
  events: {
    offer: { from: ['draft'], to: 'offered' },
    /** Its developer drops a draft that nobody else was shown. */
    discard: { from: ['draft'], to: 'discarded' },
    /** Its developer takes the offer back, or a party does not sign it: it can be drafted further. */
    return: { from: ['offered'], to: 'draft' },
    /** The last of the parties. */
    sign: { from: ['offered'], to: 'signed' },
    take_effect: { from: ['signed'], to: 'effective' },
    suspend: { from: ['effective'], to: 'suspended' },
    reinstate: { from: ['suspended'], to: 'effective' },
    expire: { from: ['signed', 'effective', 'suspended'], to: 'expired' },
    terminate: { from: ['signed', 'effective', 'suspended'], to: 'terminated' },
    /** The counterparty attests the destruction. */
    attest: { from: ['expired', 'terminated'], to: 'closing_out' },
    close: { from: ['expired', 'terminated', 'closing_out'], to: 'closed' },
  },
} as const satisfies Machine<Agreement['state'], string>

export type AgreementEvent = keyof typeof agreementMachine.events

/** The commands by which people make it happen; what time does has none. */
const commands: Readonly<Partial<Record<AgreementEvent, readonly string[]>>> = {
  offer: ['draft', 'offer'],
  discard: ['discard'],
  return: ['return'],
  sign: ['sign'],
  suspend: ['suspend'],
  reinstate: ['reinstate', 'resume'],
  terminate: ['terminate', 'leave', 'draft (a new version)'],
  attest: ['attest'],
  close: ['close'],
}

/** The next state, or `state_forbids` with what people can do; `id` is that of the agreement. */
export function agreementStep(
  state: Agreement['state'],
  event: AgreementEvent,
  id?: string,
): Agreement['state'] | Refusal {
  const next = step(agreementMachine, state, event)
  if (!(next instanceof Refusal) || !agreementMachine.states.includes(state)) return next
  const possible = possibleFrom<Agreement['state'], AgreementEvent>(agreementMachine, state)
  const names = possible.flatMap(name => commands[name] ?? [])
  return refuse(
    'state_forbids',
    `The agreement is ${state.replaceAll('_', ' ')}. ${possibleText(names)}`,
    id === undefined ? {} : { next: `See it: sallyport agreement get ${id}` },
  )
}

/** What time has made of it, whether or not that was recorded yet. `now` in milliseconds. */
export function agreementStateAt(
  { state, startsAt, endsAt }: Pick<Agreement, 'state' | 'startsAt' | 'endsAt'>,
  now: number,
): Agreement['state'] {
  const lives = state === 'signed' || state === 'effective' || state === 'suspended'
  if (lives && endsAt <= now) return 'expired'
  return state === 'signed' && startsAt <= now ? 'effective' : state
}

/** It is nobody's but its developer's. */
export const isUnseen = (state: Agreement['state']): boolean => state === 'draft' || state === 'discarded'
