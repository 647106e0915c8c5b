/**
 * As with a notice: a finding is claimed before its advisory is sent, so that notifiers that run at once send it once.
 * Whoever dies between sending and writing down the receipt makes it be sent twice, under the same digest.
 */
import type { Finding } from '../../shared/domain/findings.ts'
import { type Governed, keys } from '../../shared/domain/keys.ts'
import type { Condition, Store } from '../../shared/ports/store.ts'
import { claimMs } from './claim.ts'

export type HandedOff = Governed<Finding> & Required<Pick<Finding, 'handOff'>>

export const isHandedOff = (finding: Governed<Finding> | undefined): finding is HandedOff =>
  finding?.due === 'hand_off' && finding.handOff !== undefined

const due: Condition = { eq: [['due'], 'hand_off'] }
const attemptsAre = (attempts: number): Condition => ({ eq: [['handOff', 'attempts'], attempts] })

/** The finding as claimed, or nothing where another notifier has it. `share`: random, from 0 to 1, and its own mark. */
export async function claimFinding(
  store: Store,
  { id, handOff }: HandedOff,
  now: number,
  share: number,
): Promise<HandedOff | undefined> {
  const [attempts, nextAt] = [handOff.attempts + 1, now + claimMs + share]
  const { ok, item } = await store.write({
    kind: 'update',
    key: keys.finding(id),
    // The version stays: that it is under way decides nothing.
    change: {
      set: [
        [['handOff', 'attempts'], attempts],
        [['handOff', 'nextAt'], nextAt],
      ],
    },
    if: { and: [due, attemptsAre(handOff.attempts)] },
    ours: { and: [attemptsAre(attempts), { eq: [['handOff', 'nextAt'], nextAt] }] },
  })
  return ok && isHandedOff(item) ? item : undefined
}

/** It is tried again then, unless another notifier has claimed it meanwhile. */
export async function putOff(store: Store, { id, handOff }: HandedOff, again: number): Promise<void> {
  await store.write({
    kind: 'update',
    key: keys.finding(id),
    change: { set: [[['handOff', 'nextAt'], again]] },
    if: { and: [due, attemptsAre(handOff.attempts)] },
  })
}
