/**
 * What the last signature does. The first version takes effect with its pool; one that follows replaces the one in force,
 * and what was granted above its ceiling is lowered to it in the same transaction.
 */
import { hash } from 'node:crypto'
import { type Compiled, compile } from '../../../shared/agreements/compile.ts'
import { agreementStateAt } from '../../../shared/domain/agreement-step.ts'
import { base32, stamp } from '../../../shared/domain/id.ts'
import { keys } from '../../../shared/domain/keys.ts'
import { freshMeter, type Limits, type Meter } from '../../../shared/domain/meter.ts'
import { changeLimits } from '../../../shared/domain/meter-decisions.ts'
import type { Difference } from '../../../shared/domain/proposals.ts'
import type { Agreement } from '../../../shared/domain/records.ts'
import { Refusal, refuse } from '../../../shared/domain/refusal.ts'
import { itemAbsent, type Store, type TransactOp } from '../../../shared/ports/store.ts'
import { asSeen, change } from '../engine/changes.ts'
import type { Carried, Planning } from '../engine/plan.ts'
import { type Metered, meteredGrants } from '../grants/grants-of-partner.ts'
import { showLimits } from '../grants/limits-words.ts'
import { fieldsOf } from './draft.ts'
import type { Pending } from './offer.ts'
import { documentOf, readVersion } from './read-agreement.ts'
import { asGranted } from './under.ts'

export interface TakingEffect {
  readonly state: Agreement['state']
  readonly difference: readonly Difference[]
  /** Of the agreement. */
  readonly fields: Parameters<typeof change<Agreement>>[2]
  /** Absent: when its term begins. */
  readonly effectiveAt?: number
  writes(carried: Pick<Carried, 'now'>): readonly TransactOp[]
}

/** Beside these stand the agreement, its version, the pool, the entry, the notices and the checks; a transaction takes 100. */
const maxWrites = 76

/** One for each agreement, so that whoever signs at the same moment makes no second one. */
const poolOf = (agreement: string): string =>
  `meter_${base32(stamp(hash('sha256', `pool\n${agreement}`, 'buffer'), 8))}`

export async function readTakingEffect(
  store: Store,
  { agreement, counterparty, version, isFirst }: Pending,
  { now }: Pick<Planning, 'now'>,
): Promise<TakingEffect | Refusal> {
  const compiled = compile(documentOf(version))
  if (compiled instanceof Refusal) return compiled
  const pool = await readPool(store, agreement, compiled)
  if (pool instanceof Refusal) return pool
  const stood = isFirst ? 'signed' : agreement.state
  const state = agreementStateAt({ ...compiled, state: stood }, now)
  const begun = state === 'signed' ? {} : { effectiveAt: now }
  const common = { state, ...begun }
  if (isFirst)
    return {
      ...common,
      difference: [{ field: 'state', from: agreement.state, to: state }],
      fields: { state, ...(compiled.poolLimits && { pool: poolOf(agreement.id) }) },
      writes: carried => pool(carried.now),
    }
  const before = compile(documentOf(await readVersion(store, agreement.digest)))
  if (before instanceof Refusal) return before
  const under = (await meteredGrants(store, agreement.counterparty)).filter(
    ({ grant }) =>
      grant.agreement === agreement.id && (grant.state === 'active' || grant.state === 'suspended'),
  )
  const all = under.map(one => lower(one, compiled))
  const refused = all.find(one => one instanceof Refusal)
  if (refused instanceof Refusal) return refused
  const adopted = agreement.pool === undefined && compiled.poolLimits ? under : []
  const judged = all.flatMap(one => (one instanceof Refusal ? [] : one))
  const lowered = judged.filter(({ from, to }) => !same(from, to))
  if (judged.length + adopted.length > maxWrites)
    return refuse(
      'state_forbids',
      `It is about ${judged.length} grants under it; ${maxWrites} writes are the most in one step.`,
      { next: 'Revoke grants that are not used any more first: sallyport grant list' },
    )
  const keeps = before.notice === compiled.notice
  return {
    ...common,
    difference: [
      { field: 'digest', from: agreement.digest, to: version.digest },
      ...(state === agreement.state ? [] : [{ field: 'state', from: agreement.state, to: state }]),
      ...(keeps || agreement.consentedAt === undefined
        ? []
        : [{ field: 'consented_at', from: agreement.consentedAt, to: null }]),
      ...lowered.map(({ grant, from, to }) => ({
        field: `grants.${grant}.limits`,
        from: showLimits(from),
        to: showLimits(to),
      })),
    ],
    fields: {
      ...fieldsOf(compiled),
      state,
      next: undefined,
      previous: { digest: agreement.digest, until: agreement.endsAt },
      ...(!keeps && { consentedAt: undefined }),
      ...(compiled.poolLimits && { pool: poolOf(agreement.id) }),
    },
    writes: carried => [
      ...pool(carried.now),
      ...judged.map(({ op }) => op),
      asGranted(counterparty),
      // A pool that is new is charged by what was granted before it too.
      ...adopted.map(({ grant }) =>
        change(keys.grant(grant.id), grant, { meters: [...grant.meters, poolOf(agreement.id)].sort() }),
      ),
    ],
  }
}

async function readPool(
  store: Store,
  agreement: Agreement,
  { poolLimits }: Compiled,
): Promise<((now: number) => readonly TransactOp[]) | Refusal> {
  if (poolLimits === undefined) return () => []
  const id = poolOf(agreement.id)
  const [meter] = agreement.pool === undefined ? [] : await store.get([keys.meter(agreement.pool)])
  if (meter === undefined)
    return now => [
      {
        kind: 'put',
        key: keys.meter(id),
        item: freshMeter(id, poolLimits, now, 'agreement'),
        if: itemAbsent,
      },
    ]
  if (same(meter.limits, poolLimits)) return () => []
  const update = changeLimits(meter, poolLimits)
  if (update instanceof Refusal)
    return refuse(
      'state_forbids',
      `The pool would be ${poolLimits.total} tokens, and ${spent(meter)} of it are used or reserved already.`,
      { meter: meter.id, next: 'Offer a version with a larger pool.' },
    )
  return () => [update]
}

interface Judged {
  readonly grant: string
  readonly from: Limits
  readonly to: Limits
  /** Of one that is below the ceiling, that it stays so: its quota may be raised at the same moment. */
  readonly op: TransactOp
}

/** No higher than the ceiling; what was spent above it is nobody's to take back. */
function lower({ grant, meters }: Metered, { ceiling }: Compiled): readonly Judged[] | Refusal {
  const found: Judged[] = []
  for (const meter of meters) {
    const to = within(meter.limits, ceiling)
    if (same(to, meter.limits)) {
      found.push({ grant: grant.id, from: to, to, op: asSeen(keys.meter(meter.id), meter) })
      continue
    }
    const update = changeLimits(meter, to)
    if (update instanceof Refusal)
      return refuse(
        'state_forbids',
        `The grant ${grant.id} has ${spent(meter)} tokens used or reserved; the new ceiling is ${ceiling.total}.`,
        {
          meter: meter.id,
          next: `Revoke it (sallyport grant revoke ${grant.id}), or offer a version with a higher ceiling.`,
        },
      )
    found.push({ grant: grant.id, from: meter.limits, to, op: update })
  }
  return found
}

const spent = ({ limits, remaining }: Meter): number => limits.total - remaining

/** Field by field: no more than the ceiling, and no more than before. */
export function within(limits: Limits, ceiling: Limits): Limits {
  const perDay =
    ceiling.perDay === undefined ? limits.perDay : Math.min(limits.perDay ?? Infinity, ceiling.perDay)
  return {
    total: Math.min(limits.total, ceiling.total),
    ...(perDay !== undefined && { perDay }),
    rpm: Math.min(limits.rpm, ceiling.rpm),
    burst: Math.min(limits.burst, ceiling.burst),
    streams: Math.min(limits.streams, ceiling.streams),
  }
}

const same = (one: Limits, other: Limits): boolean =>
  (['total', 'perDay', 'rpm', 'burst', 'streams'] as const).every(field => one[field] === other[field])
