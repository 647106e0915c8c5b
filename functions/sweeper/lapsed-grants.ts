import { type Governed, keys } from '../../shared/domain/keys.ts'
import { grantStep } from '../../shared/domain/machines.ts'
import type { Grant } from '../../shared/domain/records.ts'
import { Refusal } from '../../shared/domain/refusal.ts'
import type { Store } from '../../shared/ports/store.ts'
import { change } from '../governance/engine/changes.ts'
import { grantSubject } from '../governance/engine/subjects.ts'
import { closing, withMeters } from '../governance/grants/grants-of-partner.ts'
import { type Lapse, lapseCommit } from '../governance/lapse.ts'

/** A grant past its end, or asked for and past it. Its own meters close; a pool goes on for the others. */
export const lapsedGrant: Lapse<Grant> = {
  name: 'grants_expired',
  key: keys.grant,
  due: ({ state, expiresAt }, { now }) =>
    expiresAt <= now && ['requested', 'approved', 'active', 'suspended'].includes(state),
  async end({ store }, grant, at) {
    const state = grantStep(grant.state, grant.state === 'requested' ? 'time_out' : 'expire')
    if (state instanceof Refusal) return undefined
    const subject = await subjectOf(store, grant)
    const writes = [
      change<Grant>(keys.grant(grant.id), grant, { state }),
      ...closing([await withMeters(store, grant)]),
    ]
    return lapseCommit(at, writes, {
      step: 'lapsed',
      action: { name: 'grant.activate', params: {} },
      subject,
      difference: [{ field: 'state', from: grant.state, to: state }],
      type: 'grant.expired',
      text: `The grant of ${subject.name} has expired.`,
      next: 'sallyport grant request',
    })
  },
}

export async function subjectOf(store: Store, grant: Governed<Grant>) {
  const [model, organisation] = await store.get([
    keys.model(grant.model),
    keys.organisation(grant.organisation),
  ])
  if (model === undefined || organisation === undefined)
    throw new Error(`the grant ${grant.id} lacks its model or its organisation`)
  return grantSubject(grant, model, organisation)
}
