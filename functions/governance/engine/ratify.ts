/** A second person stands by a stop that one has put in force; of a break-glass stop, one of another organisation. */
import type { Governed } from '../../../shared/domain/keys.ts'
import type { Subject } from '../../../shared/domain/proposals.ts'
import { Refusal, refuse } from '../../../shared/domain/refusal.ts'
import type { Stop } from '../../../shared/domain/stop.ts'
import type { ActionName } from '../../../shared/domain/who-decides.ts'
import { decisionEntry } from '../../../shared/entries/decision.ts'
import { entryId } from '../../../shared/entries/id.ts'
import type { Key } from '../../../shared/ports/store.ts'
import { commit } from './commit.ts'
import { readRules } from './decide.ts'
import { noticePuts } from './notices.ts'
import type { Actor, GovernanceDeps } from './plan.ts'
import { judgeRole, sign } from './signer.ts'

/** A record that is stopped, and by which action. */
export interface Stopped {
  readonly key: Key<Governed<{ readonly stop?: Stop }>>
  readonly action: ActionName
  readonly subject: Subject
  readonly stop: Stop | undefined
}

const seeWaiting = {
  next: 'Until then it stays in force. Whoever can ratify it sees that it waits on them by sallyport auth status',
} as const

export async function ratify(
  deps: GovernanceDeps,
  actor: Actor,
  { rev, request }: { readonly rev: number; readonly request: string },
  read: () => Promise<Stopped | Refusal>,
): Promise<{ readonly entry: string; readonly subject: Subject } | Refusal> {
  const { store, clock, random } = deps
  const eid = entryId(clock.now(), random.bytes(16))
  return commit(deps, eid, actor, async () => {
    const now = clock.now()
    const stopped = await read()
    if (stopped instanceof Refusal) return stopped
    const { key, action, subject, stop } = stopped
    if (stop === undefined) return refuse('state_forbids', `Nothing stops ${subject.name}.`)
    if (stop.ratified) return refuse('state_forbids', `${stop.ratified.name} stands by it already.`)
    if (rev !== subject.rev)
      return refuse('version_stale', `You saw version ${rev}; it is version ${subject.rev} now.`)
    const role = judgeRole(action, actor, subject)
    if (role instanceof Refusal) return role
    if (stop.by.person === actor.person.id)
      return refuse('own_proposal', 'You put it in force: another person ratifies it.', seeWaiting)
    if (stop.breakGlass && stop.by.organisation === actor.organisation.id)
      return refuse(
        'own_proposal',
        'It was put in force alone: somebody of another organisation reviews it.',
        seeWaiting,
      )
    const rules = await readRules(store)
    const by = sign(actor, role, now)
    return {
      ops: [
        {
          kind: 'update',
          key,
          if: { eq: [['rev'], subject.rev] },
          change: { set: [[['stop', 'ratified'], by]], add: [[['rev'], 1]] },
        },
        ...noticePuts({
          eid,
          now,
          type: `${subject.kind}.stop_ratified`,
          text: `${by.name} stands by the stop of ${subject.name}.`,
          subject,
        }),
      ],
      entry: decisionEntry({
        eid,
        now,
        step: 'ratified',
        action: { name: action, params: {} },
        subject,
        by,
        signatures: [stop.by, by],
        reason: stop.reason,
        wordsOf: stop.by,
        rules: rules.version,
        ...(stop.breakGlass && { breakGlass: true }),
        request,
      }),
      done: { entry: eid, subject: { ...subject, rev: subject.rev + 1 } },
    }
  })
}
