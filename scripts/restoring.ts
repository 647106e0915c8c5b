/**
 * While a restored registry is looked through, no workload is admitted: it may have forgotten that one of them was
 * stopped. That stands in `standing` alone, where admission reads it, so that one change begins it and one ends it.
 */
import { commit } from '../functions/governance/engine/commit.ts'
import { readRules } from '../functions/governance/engine/decide.ts'
import { noticePuts } from '../functions/governance/engine/notices.ts'
import type { GovernanceDeps } from '../functions/governance/engine/plan.ts'
import { pages } from '../functions/pages.ts'
import { indexes, keys } from '../shared/domain/keys.ts'
import { everyone, type Organisation } from '../shared/domain/parties.ts'
import type { Subject } from '../shared/domain/proposals.ts'
import type { Restoring } from '../shared/domain/records.ts'
import { Refusal, refuse } from '../shared/domain/refusal.ts'
import { decisionEntry } from '../shared/entries/decision.ts'
import { entryId } from '../shared/entries/id.ts'
import type { Change, Condition, Store, TransactOp } from '../shared/ports/store.ts'
import { isRestore, readLog } from './lost-decisions.ts'

/**
 * Before anything else is done with a restored registry; where it stands already, it goes on. Which decisions are looked
 * for depends on this moment: it is one for each restore.
 */
export async function beginRestoring(
  deps: GovernanceDeps,
  operator: string,
): Promise<{ readonly restoring: Restoring; readonly goesOn: boolean } | Refusal> {
  const { store, clock, random } = deps
  const found = await readStanding(store)
  if (found instanceof Refusal) return found
  const { restoring: before } = found
  if (before && !(await cameWithCopy(store, before))) return { restoring: before, goesOn: true }
  const eid = entryId(clock.now(), random.bytes(16))
  return commit(deps, eid, undefined, async () => {
    const now = clock.now()
    const standing = await readStanding(store)
    if (standing instanceof Refusal) return standing
    if (standing.restoring?.entry !== before?.entry)
      return refuse('state_forbids', 'Somebody else has begun meanwhile: look, and run it again.')
    const restoring = { since: now, by: operator, entry: eid }
    const change = { set: [[['restoring'], restoring]] } as const
    return {
      ...(await step(store, { eid, now, operator, action: 'hold.place', if: asSeen(before), change })),
      done: { restoring, goesOn: false },
    }
  })
}

/** Workloads are admitted again, by the records as they stand now. */
export async function endRestoring(
  deps: GovernanceDeps,
  operator: string,
  restoring: Restoring,
): Promise<true | Refusal> {
  const { store, clock, random } = deps
  const eid = entryId(clock.now(), random.bytes(16))
  return commit<true>(deps, eid, undefined, async () => {
    const now = clock.now()
    const standing = await readStanding(store)
    if (standing instanceof Refusal) return standing
    if (standing.restoring?.entry !== restoring.entry)
      return refuse('state_forbids', 'Another restore was begun or ended meanwhile: look, and run it again.')
    const change = { remove: [['restoring']] } as const
    return {
      ...(await step(store, { eid, now, operator, action: 'hold.lift', if: asSeen(restoring), change })),
      done: true,
    }
  })
}

async function readStanding(store: Store) {
  const [standing] = await store.get([keys.standing])
  return standing ?? refuse('store_unavailable', 'The standing record is missing.')
}

const asSeen = (restoring: Restoring | undefined): Condition =>
  restoring === undefined ? { absent: ['restoring'] } : { eq: [['restoring', 'entry'], restoring.entry] }

/**
 * The copy was made while an earlier restore was looked through, and the log says what became of that: another begins,
 * or decisions since that earlier one would be taken for known.
 */
async function cameWithCopy(store: Store, { since, entry }: Restoring): Promise<boolean> {
  const log = await readLog(store, since)
  return log.some(({ eid, decision }) => isRestore(decision) && eid !== entry)
}

interface Step {
  readonly eid: string
  readonly now: number
  readonly operator: string
  readonly action: 'hold.place' | 'hold.lift'
  readonly if: Condition
  readonly change: Change
}

/** The change of `standing`, its entry and its notices. */
async function step(store: Store, { eid, now, operator, action, if: condition, change }: Step) {
  const { others, developers, governments } = await parties(store)
  const subject: Subject = {
    kind: 'hold',
    id: 'hold_restore',
    name: 'every workload',
    rev: 0,
    organisation: everyone,
    developers,
    governments,
  }
  const rules = await readRules(store)
  const text =
    action === 'hold.place'
      ? 'The records were restored: no workload is admitted until they are looked through.'
      : 'Workloads are admitted again: the restored records were looked through.'
  const ops: readonly TransactOp[] = [
    { kind: 'update', key: keys.standing, if: condition, change },
    ...noticePuts({
      eid,
      now,
      type: action === 'hold.place' ? 'registry.restoring' : 'registry.restored',
      text,
      subject,
      tells: others,
    }),
  ]
  const entry = decisionEntry({
    eid,
    now,
    step: 'applied',
    action: { name: action, params: { restore: true } },
    subject,
    reason: { code: 'operational', text: 'The registry was restored.' },
    rules: rules.version,
    actor: `replay-decisions by ${operator}`,
  })
  return { ops, entry }
}

async function parties(store: Store) {
  const found: Organisation[] = []
  for await (const batch of pages<Organisation>(store, {
    index: indexes.byRecord,
    partition: 'organisation',
  }))
    for (const one of await store.get(batch)) if (one) found.push(one)
  const of = (kind: Organisation['kind']) => found.filter(one => one.kind === kind).map(({ id }) => id)
  return {
    others: [...of('partner'), ...of('auditor')],
    developers: of('developer'),
    governments: of('government'),
  }
}
