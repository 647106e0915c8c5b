/**
 * Who has which slot of each month's entries. A registry that was restored has forgotten what was given since, and would
 * give it to others: then a copy would name two readers. Whatever the log tells is put right; where it tells one slot of
 * two readers, neither goes on with it, and nobody else gets it.
 */
import { evidenceReaderId } from '../../functions/log/slots.ts'
import { keys } from '../../shared/domain/keys.ts'
import type { EpochReaders, GivenSlot, LogEpoch } from '../../shared/domain/log.ts'
import type { ContestedSlot } from '../../shared/entries/log-restored.ts'
import { itemAbsent, type Put, type Store } from '../../shared/ports/store.ts'
import { markedSlots } from '../../shared/watermark/marks.ts'
import type { RestoreDeps } from './look.ts'
import { readClaims, type SlotClaim } from './slot-claims.ts'

export interface ReadersOfEpoch {
  readonly epoch: number
  readonly there: EpochReaders | undefined
  readonly item: EpochReaders
  /** Readers of whom the registry said otherwise, or nothing. */
  readonly changed: readonly string[]
}

export interface FoundReaders {
  readonly corrections: readonly ReadersOfEpoch[]
  readonly contested: readonly ContestedSlot[]
  /** `ReadClaims.unread` */
  readonly unread: readonly string[]
}

export const noReaders: FoundReaders = { corrections: [], contested: [], unread: [] }

/** Nothing is written here. `epochs`: those of which the table says otherwise than the tree. */
export async function lookForReaders(
  deps: RestoreDeps,
  epochs: readonly LogEpoch[] = [],
): Promise<FoundReaders> {
  const { store } = deps
  const { claims, unread } = await readClaims(deps)
  const kinds = await readKinds(store, claims)
  const corrections: ReadersOfEpoch[] = []
  const contested: ContestedSlot[] = []
  for (const epoch of [...new Set(claims.map(one => one.epoch))].sort((a, b) => a - b)) {
    const [there, begun] = await store.get([keys.epochReaders(epoch), keys.logEpoch(epoch)])
    const slots = epochs.find(one => one.epoch === epoch)?.slots ?? begun?.slots ?? there?.slots
    if (slots === undefined)
      throw new Error(`nothing tells how many readers the epoch ${epoch} was made for.`)
    const right = putRight(
      claims.filter(one => one.epoch === epoch),
      { there, slots, kindOf: organisation => kinds.get(organisation) },
    )
    contested.push(...right.contested.map(one => ({ epoch, ...one })))
    if (right.changed.length > 0 || isBehind(there, right.item))
      corrections.push({ epoch, there, item: right.item, changed: right.changed })
  }
  return { corrections, contested, unread }
}

const isBehind = (there: EpochReaders | undefined, { given, plain }: EpochReaders): boolean =>
  given !== there?.given || plain !== there.plain

/** Of an organisation that the registry has lost, the kind that gets the fewest. */
const kindOfUnknown = 'partner'

async function readKinds(
  store: Pick<Store, 'get'>,
  claims: readonly SlotClaim[],
): Promise<ReadonlyMap<string, GivenSlot['kind']>> {
  const names = [...new Set(claims.map(({ organisation }) => organisation))]
  const kinds = new Map<string, GivenSlot['kind']>()
  for (let from = 0; from < names.length; from += readAtOnce) {
    const some = names.slice(from, from + readAtOnce)
    const found = await store.get(some.map(keys.organisation))
    for (const [n, name] of some.entries()) kinds.set(name, found[n]?.kind ?? kindOfUnknown)
  }
  return kinds
}

const readAtOnce = 100

export interface Readers {
  readonly there: EpochReaders | undefined
  readonly slots: number
  readonly kindOf: (organisation: string) => GivenSlot['kind'] | undefined
}

/** Of one epoch; `claims` in the order in which they were told. */
export function putRight(
  claims: readonly Omit<SlotClaim, 'epoch'>[],
  { there, slots, kindOf }: Readers,
): {
  readonly item: EpochReaders
  readonly changed: readonly string[]
  readonly contested: readonly Omit<ContestedSlot, 'epoch'>[]
} {
  const registered = Object.entries(there?.readers ?? {})
  const marked = markedSlots(slots)
  const all = [
    ...claims.map(({ reader: id, slot, organisation }) => {
      const reader = slot < marked ? id : evidenceReaderId(id)
      return { reader, given: { slot, organisation, kind: kindOf(organisation) ?? kindOfUnknown } }
    }),
    // Last: whoever goes on with one of several goes on with the one that the registry has.
    ...registered.map(([reader, given]) => ({ reader, given })),
  ]
  const bySlot = new Map<number, Set<string>>()
  for (const { reader, given } of all) {
    const those = bySlot.get(given.slot) ?? new Set()
    bySlot.set(given.slot, those.add(reader))
  }
  const right = new Map<string, GivenSlot>()
  for (const { reader, given } of all) if (bySlot.get(given.slot)?.size === 1) right.set(reader, given)
  const names = new Set(all.map(({ reader }) => reader))
  const given = [...bySlot.keys()]
  const plain = Math.max(there?.plain ?? 0, ...given.map(slot => slot + 1 - marked))
  const item: EpochReaders = {
    slots,
    given: Math.max(there?.given ?? 0, ...given.filter(slot => slot < marked).map(slot => slot + 1)),
    ...(plain > 0 && { plain }),
    readers: Object.fromEntries(right),
  }
  return {
    item,
    changed: [...names].filter(one => right.get(one)?.slot !== there?.readers[one]?.slot).sort(),
    contested: [...bySlot]
      .filter(([, those]) => those.size > 1)
      .map(([slot, those]) => ({ slot, readers: [...those].sort() })),
  }
}

/** On what was found: a slot that is given meanwhile makes it fail, and nothing is lost. */
export const writesOf = ({ corrections }: FoundReaders): readonly Put<EpochReaders>[] =>
  corrections.map(({ epoch, there, item }) => ({
    kind: 'put',
    key: keys.epochReaders(epoch),
    item,
    if:
      there === undefined
        ? itemAbsent
        : {
            and: [
              { eq: [['given'], there.given] },
              there.plain === undefined ? { absent: ['plain'] } : { eq: [['plain'], there.plain] },
            ],
          },
  }))
