/** A session ends before its time, with its entry. Whoever it belonged to is refused from the next request on. */
import { keys } from '../../../shared/domain/keys.ts'
import type { Person, Session } from '../../../shared/domain/parties.ts'
import { type Refusal, refuse } from '../../../shared/domain/refusal.ts'
import { endedSessionEntry } from '../../../shared/entries/session.ts'
import { commit } from '../engine/commit.ts'
import type { Actor, GovernanceDeps } from '../engine/plan.ts'

export interface EndedSession {
  readonly session: Session
  readonly entry: string
}

/** Of `person`, whom the caller may end sessions of: that is judged before. */
export async function endSession(
  deps: GovernanceDeps,
  actor: Actor,
  {
    session: id,
    person,
    request,
  }: { readonly session: string; readonly person: Person; readonly request: string },
): Promise<EndedSession | Refusal> {
  const { store, clock, random } = deps
  const now = clock.now()
  const bytes = random.bytes(16)
  const [found] = await store.get([keys.session(id)])
  if (found === undefined || found.person !== person.id)
    return refuse('record_unknown', `There is no session ${id} of ${person.name}.`, {
      next: 'See those that are: sallyport session list',
    })
  const entry = endedSessionEntry({ now, random: bytes, request, by: actor.person, person, session: found })
  return commit<EndedSession>(deps, entry.eid, actor, async () => {
    const [session] = await store.get([keys.session(id)])
    if (session?.state !== 'active') return refuse('state_forbids', 'The session has ended already.')
    return {
      ops: [
        {
          kind: 'update',
          key: keys.session(id),
          if: { eq: [['state'], 'active'] },
          change: { set: [[['state'], 'ended']] },
        },
      ],
      entry,
      done: { session: { ...session, state: 'ended' }, entry: entry.eid },
    }
  })
}
