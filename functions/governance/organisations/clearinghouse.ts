/**
 * `organisation.clearinghouse`: where an office takes findings. What is not fixed yet goes there, so that it takes the
 * office itself and a developer.
 */
import { keys } from '../../../shared/domain/keys.ts'
import type { Clearinghouse, Organisation } from '../../../shared/domain/parties.ts'
import { Refusal, refuse } from '../../../shared/domain/refusal.ts'
import { change } from '../engine/changes.ts'
import type { Definition } from '../engine/plan.ts'
import { judgeRole } from '../engine/signer.ts'
import { organisationSubject } from '../engine/subjects.ts'
import { readOrganisation } from '../people/members.ts'

/** The address was judged when it was asked for, and is again before anything is sent. */
export interface Setting {
  readonly url: string
}

export const clearinghouse: Definition = {
  async plan({ store }, { id, params }, { now, actor }) {
    const { url } = params as unknown as Setting
    const office = await readOrganisation(store, id, actor)
    if (office instanceof Refusal) return office
    // Another office, that stands for one as long as it has no people, does not say where its findings go.
    const subject = { ...organisationSubject(office), governments: [id] }
    const role = actor && judgeRole('organisation.clearinghouse', actor, subject)
    if (role instanceof Refusal) return role
    if (office.kind !== 'government')
      return refuse('state_forbids', `${office.name} is no government office: it takes no findings.`)
    const before = office.clearinghouse?.url ?? null
    if (before === url) return refuse('state_forbids', 'It is so already: nothing would change.')
    const set: Clearinghouse = { url, setAt: now }
    return {
      subject,
      difference: [{ field: 'clearinghouse', from: before, to: url }],
      writes: () => [change<Organisation>(keys.organisation(id), office, { clearinghouse: set })],
      told: {
        type: 'organisation.clearinghouse_changed',
        text: `Findings that are handed to ${office.name} go to another address from now on.`,
      },
    }
  },
}
