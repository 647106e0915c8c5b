/** Entries of a plan in the order of their ids, the newest first, merged from the partitions of its index. */
import { indexes, keys } from '../../shared/domain/keys.ts'
import { dayShard, entryIdFrom } from '../../shared/entries/id.ts'
import type { NamedEntry } from '../../shared/entries/put.ts'
import type { Index, Store } from '../../shared/ports/store.ts'
import type { Plan } from '../../shared/search/plan.ts'

const byName: Readonly<Record<Exclude<Plan['index'], 'entry'>, Index>> = {
  by_request: indexes.byRequest,
  by_organisation: indexes.byOrganisation,
  by_actor: indexes.byActor,
  open_intents: indexes.openIntents,
  by_day: indexes.byDay,
}

/** Keys of a partition that are read at once. */
const keysAtOnce = 64
/** Entries that are read at once: what one read of the store takes. */
const entriesAtOnce = 100

/**
 * In groups, each of which was looked at whole. `before` is the id that an earlier page ended with. An id is followed by
 * those of its 10 s and of earlier ones, whatever partition they stand in.
 */
export async function* walk(
  store: Store,
  plan: Plan,
  before?: string,
): AsyncGenerator<readonly NamedEntry[]> {
  let group: string[] = []
  for await (const eid of ids(store, plan, before)) {
    group.push(eid)
    if (group.length < entriesAtOnce) continue
    yield await read(store, group)
    group = []
  }
  if (group.length > 0) yield await read(store, group)
}

/** One that has been deleted meanwhile stands there without its entry, so that a page knows how far it looked. */
async function read(store: Store, eids: readonly string[]): Promise<readonly NamedEntry[]> {
  const found = await store.get(eids.map(keys.entry))
  return eids.flatMap((eid, n) => {
    const entry = found[n]
    return entry ? [{ eid, entry }] : []
  })
}

async function* ids(store: Store, plan: Plan, before?: string): AsyncGenerator<string> {
  const { index, partitions } = plan
  if (index === 'entry') {
    yield* [...partitions]
      .sort()
      .reverse()
      .filter(eid => before === undefined || eid < before)
    return
  }
  const from = entryIdFrom(plan.from)
  // `~` sorts behind every digit of an id, so that what belongs to the last 10 s is in it.
  const to = before ?? `${entryIdFrom(plan.to).slice(0, timeDigits)}~`
  for (const group of groups(plan)) {
    const heads = group.map(partition => descending(store, byName[index], partition, from, to))
    for await (const eid of merged(heads)) if (eid !== before) yield eid
  }
}

/** `entry_` and the digits that hold nothing but time. */
const timeDigits = 'entry_'.length + 9

/** Partitions of one day are merged; one day comes after the other. */
const groups = ({ index, partitions }: Plan): readonly (readonly string[])[] =>
  index === 'by_day' ? [...Map.groupBy(partitions, dayOf).values()] : [partitions]

const dayOf = (partition: string): string => partition.slice(0, partition.lastIndexOf('#'))

/** Days that are walked for one page: each is 16 partitions to ask for, also where nothing was recorded. */
const daysAtOnce = 92

/** What of a plan one page walks; `until` is the least id of its last day, where there are more. */
export function partOf(
  plan: Plan,
  before?: string,
): { readonly plan: Plan; readonly until: string | undefined } {
  if (plan.index !== 'by_day') return { plan, until: undefined }
  const from = before === undefined ? undefined : dayOf(dayShard(before))
  const left = groups(plan).filter(([first = '']) => from === undefined || dayOf(first) <= from)
  const now = left.slice(0, daysAtOnce)
  const [last = ''] = now.at(-1) ?? []
  return {
    plan: { ...plan, partitions: now.flat() },
    until:
      left.length > now.length
        ? entryIdFrom(Date.parse(`${dayOf(last).slice('day#'.length)}T00:00:00Z`))
        : undefined,
  }
}

async function* descending(
  store: Store,
  index: Index,
  partition: string,
  from: string,
  to: string,
): AsyncGenerator<string> {
  let after: string | undefined
  do {
    const page = await store.query({
      ...{ index, partition, from, to, order: 'desc', limit: keysAtOnce },
      ...(after !== undefined && { after }),
    })
    for (const { pk } of page.keys) yield pk
    after = page.next
  } while (after !== undefined)
}

/** All of their first keys are asked for at once. */
async function* merged(sources: readonly AsyncGenerator<string>[]): AsyncGenerator<string> {
  const heads = await Promise.all(sources.map(async source => ({ source, eid: await next(source) })))
  for (;;) {
    let newest: (typeof heads)[number] | undefined
    for (const head of heads)
      if (head.eid !== undefined && (newest?.eid === undefined || head.eid > newest.eid)) newest = head
    if (newest?.eid === undefined) return
    yield newest.eid
    newest.eid = await next(newest.source)
  }
}

const next = async (source: AsyncGenerator<string>): Promise<string | undefined> => {
  const { value, done } = await source.next()
  return done ? undefined : (value as string)
}
