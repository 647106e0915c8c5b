/** `model.share`: which offices' consultants are shown a model. They see it, and decide nothing about it. */
import { keys } from '../../../shared/domain/keys.ts'
import type { Model } from '../../../shared/domain/records.ts'
import { Refusal, refuse } from '../../../shared/domain/refusal.ts'
import { change } from '../engine/changes.ts'
import type { Definition } from '../engine/plan.ts'
import { judgeRole } from '../engine/signer.ts'
import { ledgerPut } from './ledger.ts'
import { seeModel } from './read-model.ts'

/** There are a few dozen agencies; the list stands in every read of the model. */
const maxOffices = 30

export const share: Definition = {
  async plan({ store }, { id, params }, planning) {
    const seen = await seeModel(store, id, planning)
    if (seen instanceof Refusal) return seen
    const { model, subject, state } = seen
    const role = planning.actor && judgeRole('model.share', planning.actor, subject)
    if (role instanceof Refusal) return role
    const { organisation, shared } = params as { readonly organisation: string; readonly shared: boolean }
    const before = model.sharedWith ?? []
    const field = { field: 'organisation' }
    if (before.includes(organisation) === shared)
      return refuse('state_forbids', 'It is so already: nothing would change.', field)
    const [office] = await store.get([keys.organisation(organisation)])
    if (office?.kind !== 'government')
      return refuse('body_malformed', `${organisation} is no government office here.`, field)
    if (shared && before.length >= maxOffices)
      return refuse('state_forbids', `It is shared with ${maxOffices} offices already.`, field)
    const after = shared ? [...before, organisation].sort() : before.filter(one => one !== organisation)
    const text = shared
      ? `${model.name} is shared with the consultants of ${office.name}.`
      : `${model.name} is no longer shared with the consultants of ${office.name}.`
    return {
      // Whoever loses sight of it still reads that.
      subject: { ...subject, consulted: [...new Set([...before, ...after])] },
      difference: [{ field: 'shared_with', from: before, to: after }],
      writes: ({ now, eid, by }) => [
        change<Model>(keys.model(id), model, { sharedWith: after.length > 0 ? after : undefined }),
        ledgerPut({ model, now, eid, by, state, action: 'model.share', text }),
      ],
      told: { type: shared ? 'model.shared' : 'model.unshared', text },
      tells: [organisation],
    }
  },
}
