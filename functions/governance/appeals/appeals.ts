/** Decisions about appeals: `appeal.*` of who-decides. Developer and government answer together, once. */
import { type Governed, keys } from '../../../shared/domain/keys.ts'
import type { Appeal, Subject } from '../../../shared/domain/proposals.ts'
import { Refusal, refuse, unknownRecord } from '../../../shared/domain/refusal.ts'
import type { Reason, Signature } from '../../../shared/domain/stop.ts'
import type { Facts } from '../../../shared/domain/who-sees.ts'
import type { Store } from '../../../shared/ports/store.ts'
import { change } from '../engine/changes.ts'
import type { Definition } from '../engine/plan.ts'
import { factsOf } from '../engine/sight.ts'
import { restoration } from './upheld.ts'

export const appealSubject = (appeal: Governed<Appeal>): Subject => ({
  kind: 'appeal',
  id: appeal.id,
  name: `the appeal about ${appeal.subject.name}`,
  rev: appeal.rev,
  organisation: appeal.organisation,
  developers: appeal.subject.developers,
  governments: appeal.subject.governments,
  ...(appeal.subject.model !== undefined && { model: appeal.subject.model }),
  ...(appeal.subject.models && { models: appeal.subject.models }),
})

/** Whoever lodged it sees it, and those who decide or have decided on it. */
export const appealFacts = (appeal: Governed<Appeal>): Facts => ({
  ...factsOf('appeal', appealSubject(appeal)),
  placedBy: appeal.organisation,
  decidedBy: (appeal.decided?.by ?? []).map(({ organisation }) => organisation),
})

export async function readAppeal(store: Store, id: string): Promise<Governed<Appeal> | Refusal> {
  const [found] = await store.get([keys.appeal(id)])
  return found ?? unknownRecord('appeal', id)
}

async function readOpen(store: Store, id: string): Promise<Governed<Appeal> | Refusal> {
  const appeal = await readAppeal(store, id)
  if (appeal instanceof Refusal || appeal.state === 'open') return appeal
  return refuse('state_forbids', `The appeal is ${appeal.state}; it is answered once.`)
}

const answered = (
  appeal: Governed<Appeal>,
  state: 'upheld' | 'dismissed',
  { signatures, reason, now }: { signatures: readonly Signature[]; reason: Reason; now: number },
) => change<Appeal>(keys.appeal(appeal.id), appeal, { state, decided: { by: signatures, reason, at: now } })

/** What was taken away comes back in the same transaction, as far as this decision still stands. */
const uphold: Definition = {
  async plan({ store }, { id, params }, { now }) {
    const appeal = await readOpen(store, id)
    if (appeal instanceof Refusal) return appeal
    const restored = await restoration(store, appeal, now)
    const { version, confirms } = params as { readonly version?: number | null; readonly confirms?: true }
    // The appeal itself does not change when what it is about does: whoever signs later must mean what was shown.
    if (version !== undefined && (version !== restored.version || (restored.confirms && !confirms)))
      return refuse('proposal_stale', `${appeal.subject.name} has changed since it was proposed.`)
    return {
      subject: appealSubject(appeal),
      difference: [{ field: 'state', from: appeal.state, to: 'upheld' }, ...restored.difference],
      writes: carried => [answered(appeal, 'upheld', carried), ...restored.writes(carried)],
      told: {
        type: 'appeal.upheld',
        text: `The appeal about ${appeal.subject.name} is upheld. ${restored.text}`,
      },
    }
  },
}

const dismiss: Definition = {
  async plan({ store }, { id }) {
    const appeal = await readOpen(store, id)
    if (appeal instanceof Refusal) return appeal
    return {
      subject: appealSubject(appeal),
      difference: [{ field: 'state', from: appeal.state, to: 'dismissed' }],
      writes: carried => [answered(appeal, 'dismissed', carried)],
      told: {
        type: 'appeal.dismissed',
        text: `The appeal about ${appeal.subject.name} is dismissed. When something has changed, ask anew.`,
      },
    }
  },
}

export const appealActions = {
  'appeal.uphold': uphold,
  'appeal.dismiss': dismiss,
} satisfies Readonly<Record<string, Definition>>
