/** Which slot of an epoch's entries is whose: given at the first read, in the order in which readers come. */
import { keys } from '../../shared/domain/keys.ts'
import type { EpochReaders, GivenSlot } from '../../shared/domain/log.ts'
import type { OrganisationKind } from '../../shared/domain/parties.ts'
import { type Refusal, refuse } from '../../shared/domain/refusal.ts'
import { itemAbsent, type Store } from '../../shared/ports/store.ts'
import type { Telemetry } from '../../shared/ports/world.ts'
import { markedSlots } from '../../shared/watermark/marks.ts'
import type { Reader } from './entry-view.ts'

/** A person; the workloads of an organisation read as one. Of evidence a person is another reader, whose slots have no marks. */
export interface LogReader {
  readonly id: string
  readonly plain?: true
  readonly organisation: string
  readonly kind: OrganisationKind
}

/** Whoever asks for entries: what they may see, and whose slot they have. */
export type Asker = Reader &
  ({ readonly kind: 'person'; readonly person: { readonly id: string } } | { readonly kind: 'workload' })

export const logReader = (asker: Asker): LogReader => ({
  id: asker.kind === 'person' ? asker.person.id : `workloads.${asker.viewer.organisation}`,
  organisation: asker.viewer.organisation,
  kind: asker.viewer.kind,
})

export const evidenceReaderId = (person: string): string => `evidence.${person}`

export const evidenceReader = ({
  person,
  viewer: { organisation, kind },
}: Extract<Asker, { kind: 'person' }>): LogReader => ({
  id: evidenceReaderId(person.id),
  plain: true,
  organisation,
  kind,
})

export interface SlotDeps {
  readonly store: Store
  readonly telemetry: Telemetry
}

export type SlotOf = (epoch: { epoch: number; slots: number }, reader: LogReader) => Promise<number | Refusal>

/** An instance remembers what it has given or found: a slot is never taken away. */
const keptAtMost = 10_000

export function createSlotOf(deps: SlotDeps): SlotOf {
  const known = new Map<string, number>()
  return async (epoch, reader) => {
    const name = `${epoch.epoch} ${reader.id}`
    const slot = known.get(name) ?? (await give(deps, epoch, reader))
    if (typeof slot !== 'number') return slot
    if (known.size >= keptAtMost) known.clear()
    known.set(name, slot)
    return slot
  }
}

async function give(
  { store, telemetry }: SlotDeps,
  { epoch, slots }: { epoch: number; slots: number },
  reader: LogReader,
): Promise<number | Refusal> {
  const key = keys.epochReaders(epoch)
  const count = reader.plain ? 'plain' : 'given'
  for (;;) {
    const [found] = await store.get([key])
    const mine = found?.readers[reader.id]
    if (mine !== undefined) return mine.slot
    const given = found?.[count] ?? 0
    const refused = judgeSlots(found, slots, reader)
    if (refused) {
      telemetry.alarm('reader_slots_exhausted', { epoch, slots, given, organisation: reader.organisation })
      return refused
    }
    const number = reader.plain ? markedSlots(slots) + given : given
    const slot: GivenSlot = { slot: number, organisation: reader.organisation, kind: reader.kind }
    const { ok } = await (found === undefined
      ? store.write({
          kind: 'put',
          key,
          item: { slots, given: 0, [count]: 1, readers: { [reader.id]: slot } } satisfies EpochReaders,
          if: itemAbsent,
        })
      : store.write({
          kind: 'update',
          key,
          change: { set: [[['readers', reader.id], slot]], add: [[[count], 1]] },
          if: {
            and: [
              found[count] === undefined ? { absent: [count] } : { eq: [[count], given] },
              { absent: ['readers', reader.id] },
            ],
          },
          ours: { eq: [['readers', reader.id, 'slot'], number] },
        }))
    if (!ok) continue
    const most = reader.plain ? slots - markedSlots(slots) : markedSlots(slots)
    if ((given + 1) * 5 >= most * 4) telemetry.alarm('reader_slots_low', { epoch, slots, given: given + 1 })
    return number
  }
}

/**
 * Whoever could enrol people without end could otherwise take every slot, and with it the log from everybody else: a
 * partner has an eighth at most and all partners half of them, any other organisation a quarter.
 */
export function judgeSlots(
  found: EpochReaders | undefined,
  slots: number,
  { organisation, kind, plain }: Pick<LogReader, 'organisation' | 'kind' | 'plain'>,
): Refusal | undefined {
  const marked = markedSlots(slots)
  const readers = Object.values(found?.readers ?? {}).filter(
    ({ slot }) => slot >= marked === (plain ?? false),
  )
  const there = plain ? slots - marked : marked
  // What a restore could give back to nobody counts too: such a slot is never given again.
  const given = Math.max(readers.length, found?.[plain ? 'plain' : 'given'] ?? 0)
  const own = readers.filter(one => one.organisation === organisation).length
  const partners = readers.filter(one => one.kind === 'partner').length
  const most = Math.max(1, kind === 'partner' ? slots / 8 : slots / 4)
  // Two organisations decide on each export of evidence: nobody takes its slots alone.
  const crowded = own >= most || (kind === 'partner' && partners >= Math.max(1, slots / 2))
  if (given < there && (plain || !crowded)) return undefined
  return refuse(
    'reader_slots_exhausted',
    `Each ${plain ? 'record of evidence' : 'entry'} of that month names one of ${there} readers, of whom ${readers.length} are there, and ${own} of your organisation.`,
  )
}
