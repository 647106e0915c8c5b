/**
 * While a restored registry is looked through, every partner is held: it may have forgotten that one of them was stopped.
 * The holds stand in `standing` alone, where admission reads them, so that one change places or ends them all.
 */
import { commit } from '../functions/governance/engine/commit.ts'
import { readRules } from '../functions/governance/engine/decide.ts'
import { noticePuts } from '../functions/governance/engine/notices.ts'
import type { GovernanceDeps } from '../functions/governance/engine/plan.ts'
import { pages } from '../functions/pages.ts'
import { maxActiveHolds } from '../shared/domain/holds.ts'
import { indexes, keys } from '../shared/domain/keys.ts'
import type { Organisation } from '../shared/domain/parties.ts'
import type { Subject } from '../shared/domain/proposals.ts'
import type { Hold } from '../shared/domain/records.ts'
import { type Refusal, refuse } from '../shared/domain/refusal.ts'
import { decisionEntry } from '../shared/entries/decision.ts'
import { entryId } from '../shared/entries/id.ts'
import type { Store } from '../shared/ports/store.ts'
import { everyone } from './lost-decisions.ts'

const holdOf = (organisation: string): string => `hold_restore_${organisation}`

/** Places that are left for holds which the registry has forgotten, and which are placed again. */
const kept = 20

/** Notices that a transaction has room for beside `standing` and the entry. */
const maxTold = 90

/** The ids of the partners that are held from now on. */
export async function suspendAll(
  deps: GovernanceDeps,
  operator: string,
): Promise<readonly string[] | Refusal> {
  const { store, clock, random } = deps
  const eid = entryId(clock.now(), random.bytes(16))
  return commit<readonly string[]>(deps, eid, undefined, async () => {
    const now = clock.now()
    const { partners, developers, governments } = await parties(store)
    const [standing] = await store.get([keys.standing])
    if (standing === undefined) return refuse('store_unavailable', 'The standing record is missing.')
    const held = Object.keys(standing.holds)
    // Where the log is read from depends on when they were placed: that is once a restore.
    if (held.some(id => id.startsWith(holdOf(''))))
      return refuse('state_forbids', 'Partners are held by a restore already; lift that first.')
    if (partners.length === 0) return refuse('state_forbids', 'There is no partner to hold.')
    const room = maxActiveHolds - held.length - kept
    if (partners.length > room)
      return refuse(
        'holds_full',
        `${partners.length} partners, and room for ${room} holds: keep the gate closed.`,
      )
    const hold = (organisation: string): Hold => ({
      scope: { organisation },
      reason: 'operational',
      placedAt: now,
    })
    const subject = restoreSubject(developers, governments)
    return {
      ops: [
        {
          kind: 'update',
          key: keys.standing,
          if: { sizeLt: [['holds'], maxActiveHolds + 1 - partners.length] },
          change: { set: partners.map(id => [['holds', holdOf(id)], hold(id)] as const) },
        },
        ...tell(
          eid,
          now,
          subject,
          partners,
          'hold.placed',
          'is held while a restored registry is looked through',
        ),
      ],
      entry: await restoreEntry(store, {
        eid,
        now,
        subject,
        operator,
        name: 'hold.place',
        partners: partners,
      }),
      done: partners,
    }
  })
}

/** The ids of the partners that were held. */
export async function liftAll(deps: GovernanceDeps, operator: string): Promise<readonly string[] | Refusal> {
  const { store, clock, random } = deps
  const eid = entryId(clock.now(), random.bytes(16))
  return commit<readonly string[]>(deps, eid, undefined, async () => {
    const now = clock.now()
    const { developers, governments } = await parties(store)
    const [standing] = await store.get([keys.standing])
    const prefix = holdOf('')
    const held = Object.keys(standing?.holds ?? {}).filter(id => id.startsWith(prefix))
    const partners = held.map(id => id.slice(prefix.length))
    if (held.length === 0) return refuse('state_forbids', 'Nobody is held by a restore.')
    const subject = restoreSubject(developers, governments)
    return {
      ops: [
        {
          kind: 'update',
          key: keys.standing,
          change: { remove: held.map(id => ['holds', id] as const) },
        },
        ...tell(
          eid,
          now,
          subject,
          partners,
          'hold.lifted',
          'is no longer held: the restored registry was looked through',
        ),
      ],
      entry: await restoreEntry(store, { eid, now, subject, operator, name: 'hold.lift', partners }),
      done: partners,
    }
  })
}

const restoreSubject = (developers: readonly string[], governments: readonly string[]): Subject => ({
  kind: 'hold',
  id: 'hold_restore',
  name: 'every partner',
  rev: 0,
  organisation: everyone,
  developers,
  governments,
})

const tell = (
  eid: string,
  now: number,
  subject: Subject,
  partners: readonly string[],
  type: string,
  what: string,
) =>
  noticePuts({
    eid,
    now,
    type,
    text: `Every partner ${what}.`,
    subject,
    tells: partners.slice(0, maxTold - subject.developers.length - subject.governments.length),
  })

async function restoreEntry(
  store: Store,
  {
    eid,
    now,
    subject,
    operator,
    name,
    partners,
  }: {
    readonly eid: string
    readonly now: number
    readonly subject: Subject
    readonly operator: string
    readonly name: 'hold.place' | 'hold.lift'
    readonly partners: readonly string[]
  },
) {
  const rules = await readRules(store)
  return decisionEntry({
    eid,
    now,
    step: 'applied',
    action: { name, params: { restore: true, partners } },
    subject,
    reason: { code: 'operational', text: 'The registry was restored.' },
    rules: rules.version,
    actor: `replay-decisions by ${operator}`,
  })
}

async function parties(store: Store) {
  const found: Organisation[] = []
  for await (const batch of pages<Organisation>(store, {
    index: indexes.byRecord,
    partition: 'organisation',
  }))
    for (const one of await store.get(batch)) if (one) found.push(one)
  const of = (kind: Organisation['kind']) => found.filter(one => one.kind === kind).map(({ id }) => id)
  return { partners: of('partner'), developers: of('developer'), governments: of('government') }
}
