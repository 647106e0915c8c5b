/** Which slot of an epoch's entries is whose: given at the first read, in the order in which readers come. */
import { keys } from '../../shared/domain/keys.ts'
import type { EpochReaders, GivenSlot } from '../../shared/domain/log.ts'
import type { OrganisationKind } from '../../shared/domain/parties.ts'
import { type Refusal, refuse } from '../../shared/domain/refusal.ts'
import { itemAbsent, type Store } from '../../shared/ports/store.ts'
import type { Telemetry } from '../../shared/ports/world.ts'
import type { Reader } from './entry-view.ts'

/** A person; the workloads of an organisation read as one. */
export interface LogReader {
  readonly id: string
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
  for (;;) {
    const [found] = await store.get([key])
    const mine = found?.readers[reader.id]
    if (mine !== undefined) return mine.slot
    const given = found?.given ?? 0
    const refused = judgeSlots(found, slots, reader)
    if (refused) {
      telemetry.alarm('reader_slots_exhausted', { epoch, slots, given, organisation: reader.organisation })
      return refused
    }
    const slot: GivenSlot = { slot: given, organisation: reader.organisation, kind: reader.kind }
    const { ok } = await (found === undefined
      ? store.write({
          kind: 'put',
          key,
          item: { slots, given: 1, readers: { [reader.id]: slot } } satisfies EpochReaders,
          if: itemAbsent,
        })
      : store.write({
          kind: 'update',
          key,
          change: { set: [[['readers', reader.id], slot]], add: [[['given'], 1]] },
          if: { and: [{ eq: [['given'], given] }, { absent: ['readers', reader.id] }] },
          ours: { eq: [['readers', reader.id, 'slot'], given] },
        }))
    if (!ok) continue
    if ((given + 1) * 5 >= slots * 4) telemetry.alarm('reader_slots_low', { epoch, slots, given: given + 1 })
    return given
  }
}

/**
 * Whoever could enrol people without end could otherwise take every slot, and with it the log from everybody else: a
 * partner has an eighth at most and all partners half of them, any other organisation a quarter.
 */
export function judgeSlots(
  found: EpochReaders | undefined,
  slots: number,
  { organisation, kind }: Pick<LogReader, 'organisation' | 'kind'>,
): Refusal | undefined {
  const readers = Object.values(found?.readers ?? {})
  // What a restore could give back to nobody counts too: such a slot is never given again.
  const given = Math.max(readers.length, found?.given ?? 0)
  const own = readers.filter(one => one.organisation === organisation).length
  const partners = readers.filter(one => one.kind === 'partner').length
  const most = Math.max(1, kind === 'partner' ? slots / 8 : slots / 4)
  const full = given >= slots || own >= most || (kind === 'partner' && partners >= Math.max(1, slots / 2))
  if (!full) return undefined
  return refuse(
    'reader_slots_exhausted',
    `Each entry of that month names one of ${slots} readers, of whom ${readers.length} are there, and ${own} of your organisation.`,
  )
}
