import { keys } from '../../shared/domain/keys.ts'
import { endsWithModel, isDevelopersAlone } from '../../shared/domain/model-step.ts'
import type { Grant } from '../../shared/domain/records.ts'
import { grantSubject } from '../governance/engine/subjects.ts'
import { type Lapse, lapseCommit } from '../governance/lapse.ts'
import { endingWrites, resumed } from '../governance/models/model-end.ts'

/**
 * A suspension that a release or a withdrawal ended, and that its transaction had no room for. From then on the model is
 * its developer's alone.
 */
export const endedSuspension: Lapse<Grant> = {
  name: 'suspensions_ended',
  key: keys.grant,
  due: ({ state, stop }) => state === 'suspended' && stop !== undefined,
  async end({ store }, grant, at) {
    const [model, organisation] = await store.get([
      keys.model(grant.model),
      keys.organisation(grant.organisation),
    ])
    if (model === undefined || organisation === undefined)
      throw new Error(`the grant ${grant.id} stands alone`)
    if (!isDevelopersAlone(model) || !endsWithModel(grant, model)) return undefined
    const subject = grantSubject(grant, model, organisation)
    const writes = endingWrites({ holds: [], grants: [await resumed(store, grant)] }, { at: at.now })
    return lapseCommit(at, writes, {
      step: 'lapsed',
      action: { name: 'grant.suspend', params: {} },
      subject,
      difference: [{ field: 'state', from: grant.state, to: 'active' }],
      type: 'grant.resumed',
      text: `The suspension of ${subject.name} has ended: the model is ${model.state}.`,
      next: `sallyport grant get ${grant.id}`,
    })
  },
}
