import type { HoldRecord } from '../../shared/domain/holds.ts'
import { keys } from '../../shared/domain/keys.ts'
import { holdStep } from '../../shared/domain/machines.ts'
import { isDevelopersAlone } from '../../shared/domain/model-step.ts'
import { Refusal } from '../../shared/domain/refusal.ts'
import type { Store } from '../../shared/ports/store.ts'
import { change } from '../governance/engine/changes.ts'
import { endHold, holdSubject, operators } from '../governance/holds/holds.ts'
import { type Lapse, lapseCommit } from '../governance/lapse.ts'

/** A hold whose time is over. Admission has not counted it since; here its place in `standing` becomes free. */
export const lapsedHold: Lapse<HoldRecord> = {
  name: 'holds_lapsed',
  key: keys.hold,
  due: ({ state, until }, { now }) => state === 'active' && until !== undefined && until <= now,
  async end(_, hold, at) {
    const state = holdStep(hold.state, 'lapse')
    if (state instanceof Refusal) return undefined
    return lapseCommit(at, endHold(hold, 'lapsed', { at: at.now }), {
      step: 'lapsed',
      action: { name: 'hold.place', params: { scope: hold.scope } },
      subject: holdSubject(hold),
      difference: [{ field: 'state', from: hold.state, to: state }],
      type: 'hold.lapsed',
      text: `The hold on ${hold.subject.name} has lapsed: its time was over.`,
      next: `sallyport hold get ${hold.id}`,
      tells: placers(hold),
    })
  },
}

/** It is a government's, on a model that is its developer's alone: the release had no time to look for it. */
async function isLeftByRelease(store: Store, { scope, placedBy }: HoldRecord): Promise<boolean> {
  if (scope.model === undefined || placedBy.role !== 'nsa-admin') return false
  const [model] = await store.get([keys.model(scope.model)])
  return model !== undefined && isDevelopersAlone(model)
}

/**
 * A hold that stands in its record and not in `standing`, since a release ended more of them than its transaction takes;
 * or in both, since it could not look. It stops nobody any more, and its record follows.
 */
export const endedHold: Lapse<HoldRecord> = {
  name: 'holds_ended',
  key: keys.hold,
  due: ({ state }) => state === 'active',
  async end({ store }, hold, at) {
    const [standing] = await store.get([keys.standing])
    if (standing === undefined) return undefined
    const stands = standing.holds[hold.id] !== undefined
    if (stands && !(await isLeftByRelease(store, hold))) return undefined
    const state = holdStep(hold.state, 'lapse')
    if (state instanceof Refusal) return undefined
    return lapseCommit(
      at,
      stands
        ? endHold(hold, 'lapsed', { at: at.now })
        : [
            change<HoldRecord>(keys.hold(hold.id), hold, { state: 'lapsed', ended: { at: at.now } }),
            // One that is only just being placed is in both, and this transaction sees both or neither.
            { kind: 'check', key: keys.standing, if: { absent: ['holds', hold.id] } },
          ],
      {
        step: 'lapsed',
        action: { name: 'hold.place', params: { scope: hold.scope } },
        subject: holdSubject(hold),
        difference: [{ field: 'state', from: hold.state, to: state }],
        type: 'hold.lapsed',
        text: `The hold on ${hold.subject.name} has ended.`,
        next: `sallyport hold get ${hold.id}`,
        tells: placers(hold),
      },
    )
  },
}

const placers = ({ placedBy }: HoldRecord): readonly string[] =>
  [placedBy.organisation].filter(id => id !== operators)
