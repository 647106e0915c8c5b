import { keys } from '../../shared/domain/keys.ts'
import type { Proposal } from '../../shared/domain/proposals.ts'
import { endOf, look } from '../governance/engine/approve.ts'
import type { Lapse } from '../governance/lapse.ts'

/** A proposal that was not signed in time. What it had written while it waited is taken back with it. */
export const timedOut: Lapse<Proposal> = {
  name: 'proposals_timed_out',
  key: keys.proposal,
  due: ({ state, expiresAt }, { now }) => state === 'open' && expiresAt <= now,
  async end(deps, proposal, { now, rules, eid }) {
    const { ops, entry } = endOf(await look(deps, proposal, { rules, now, eid }), 'timed_out')
    return { ops, entry, done: true }
  },
}
