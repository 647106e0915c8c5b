/** How decisions are made, in numbers: over what the viewer sees, and nothing of anybody by name. */
import type { HoldRecord } from '../../shared/domain/holds.ts'
import { type Governed, indexes, keys, type RecordKind } from '../../shared/domain/keys.ts'
import type { Organisation, Person } from '../../shared/domain/parties.ts'
import type { Appeal, Proposal, Subject } from '../../shared/domain/proposals.ts'
import type { Client, Grant, Model } from '../../shared/domain/records.ts'
import type { Stop } from '../../shared/domain/stop.ts'
import { type Noun, sees, type Viewer } from '../../shared/domain/who-sees.ts'
import type { Store } from '../../shared/ports/store.ts'
import { pages } from '../pages.ts'
import { appealFacts } from './appeals/appeals.ts'
import { factsOf, proposalFacts } from './engine/sight.ts'
import { clientSubject, grantSubject, organisationSubject } from './engine/subjects.ts'
import { holdSubject } from './holds/holds.ts'
import { personSubject } from './people/members.ts'

export interface Statistics {
  /** By action and state. */
  readonly proposals: readonly { readonly action: string; readonly outcome: string; readonly count: number }[]
  /** From proposal to end, hours; absent where none has ended. */
  readonly hours?: { readonly median: number; readonly p90: number }
  readonly holds: Readonly<Record<HoldRecord['state'], number>>
  readonly appeals: Readonly<Record<Appeal['state'], number>> & { readonly overdue: number }
  /** Stops that stand without the second look that was due, as of now. */
  readonly overdueRatifications: number
  /** There were more records than were looked at: every figure is a least one. */
  readonly truncated: boolean
}

/** A period in milliseconds, `to` not in it. */
export interface Period {
  readonly from: number
  readonly to: number
}

/** What is counted, of records that the viewer sees. */
export interface Counted {
  readonly proposals: readonly Pick<Proposal, 'action' | 'state' | 'createdAt' | 'ended'>[]
  readonly holds: readonly Pick<HoldRecord, 'state' | 'placedAt'>[]
  readonly appeals: readonly Pick<Appeal, 'state' | 'at' | 'dueAt'>[]
  readonly stops: readonly Stop[]
}

export function summarise(
  { proposals, holds, appeals, stops }: Counted,
  { from, to }: Period,
  now: number,
): Omit<Statistics, 'truncated'> {
  const within = (at: number): boolean => at >= from && at < to
  const counted = proposals.filter(({ createdAt }) => within(createdAt))
  const counts = new Map<string, { action: string; outcome: string; count: number }>()
  for (const { action, state } of counted) {
    const key = `${action.name} ${state}`
    const row = counts.get(key) ?? { action: action.name, outcome: state, count: 0 }
    counts.set(key, { ...row, count: row.count + 1 })
  }
  const durations = counted
    .flatMap(({ createdAt, ended }) => (ended ? [(ended.at - createdAt) / 3_600_000] : []))
    .sort((a, b) => a - b)
  const held = holds.filter(({ placedAt }) => within(placedAt))
  const holdsIn = (state: HoldRecord['state']) => held.filter(one => one.state === state).length
  const appealed = appeals.filter(({ at }) => within(at))
  const appealsIn = (state: Appeal['state']) => appealed.filter(one => one.state === state).length
  return {
    proposals: [...counts.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, row]) => row),
    ...(durations.length > 0 && {
      hours: { median: quantile(durations, 0.5), p90: quantile(durations, 0.9) },
    }),
    holds: { active: holdsIn('active'), lifted: holdsIn('lifted'), lapsed: holdsIn('lapsed') },
    appeals: {
      open: appealsIn('open'),
      upheld: appealsIn('upheld'),
      dismissed: appealsIn('dismissed'),
      overdue: appealed.filter(({ state, dueAt }) => state === 'open' && dueAt <= now).length,
    },
    overdueRatifications: stops.filter(({ ratified, ratifyBy }) => !ratified && ratifyBy <= now).length,
  }
}

/** By the nearest rank, of values in order and at least one: a value that has occurred. To a hundredth. */
const quantile = (sorted: readonly number[], share: number): number =>
  Math.round((sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? 0) * 100) / 100

/** Records of one kind that are looked at, at most. */
const maxRecords = 5_000

export async function statistics(
  store: Store,
  viewer: Viewer,
  period: Period,
  now: number,
  most = maxRecords,
): Promise<Statistics> {
  let truncated = false
  const read = async <R extends object>(partition: RecordKind): Promise<readonly Governed<R>[]> => {
    const found: Governed<R>[] = []
    let looked = 0
    for await (const batch of pages<Governed<R>>(store, { index: indexes.byRecord, partition })) {
      const wanted = batch.slice(0, most - looked)
      if (wanted.length > 0) for (const one of await store.get(wanted)) if (one) found.push(one)
      looked += batch.length
      if (looked > most) {
        truncated = true
        break
      }
    }
    return found
  }
  const seen = (noun: Noun, subject: Subject): boolean => sees(viewer, factsOf(noun, subject)) !== undefined

  const proposals = (await read<Proposal>('proposal')).filter(one => sees(viewer, proposalFacts(one)))
  const holds = (await read<HoldRecord>('hold')).filter(one =>
    sees(viewer, { ...factsOf('hold', holdSubject(one)), placedBy: one.placedBy.organisation }),
  )
  const appeals = (await read<Appeal>('appeal')).filter(one => sees(viewer, appealFacts(one)))

  const organisations = new Map((await read<Organisation>('organisation')).map(one => [one.id, one]))
  const stopped: (Stop | undefined)[] = holds.map(one => (one.state === 'active' ? one.stop : undefined))
  for (const one of organisations.values())
    if (one.kind === 'partner' && one.partner === 'suspended' && seen('partner', organisationSubject(one)))
      stopped.push(one.stop)
  for (const one of await read<Client>('client')) {
    const owner = organisations.get(one.organisation)
    const stands = one.state === 'suspended' || one.state === 'compromised'
    if (one.stop && stands && owner && seen('client', clientSubject(one, owner))) stopped.push(one.stop)
  }
  for (const one of await read<Person>('person')) {
    const owner = organisations.get(one.organisation)
    if (
      one.stop &&
      one.state === 'suspended' &&
      owner &&
      seen('person', personSubject({ person: one, organisation: owner }))
    )
      stopped.push(one.stop)
  }
  for (const one of await read<Grant>('grant')) {
    const owner = organisations.get(one.organisation)
    const model = one.stop && owner && (await modelOf(store, one))
    if (one.state === 'suspended' && owner && model && seen('grant', grantSubject(one, model, owner)))
      stopped.push(one.stop)
  }
  const stops = stopped.filter(one => one !== undefined)
  return { ...summarise({ proposals, holds, appeals, stops }, period, now), truncated }
}

const modelOf = async (store: Store, { model }: Grant): Promise<Model | undefined> =>
  (await store.get([keys.model(model)]))[0]
