/** Who can have leaked: everybody who had a slot while the records were made, and the slots that nobody had. */
import { monthOf } from '../../../shared/bundle/manifest.ts'
import { keys } from '../../../shared/domain/keys.ts'
import { markedSlots } from '../../../shared/watermark/marks.ts'
import type { EpochKey } from '../../../shared/watermark/slots.ts'
import type { Candidate } from '../../../shared/watermark/trace/reading.ts'
import { evidenceReaderId } from '../../log/slots.ts'
import type { ExporterDeps } from '../deps.ts'

export interface Suspect extends Candidate {
  /** Absent of a slot that nobody has. */
  readonly organisation?: string
  /** It was given, and the log was restored since: two may have had it, or nobody knows who. */
  readonly isLost?: true
}

export interface Readers {
  /** By their ids; whoever has slots in several epochs is one. */
  readonly suspects: ReadonlyMap<string, Suspect>
  /** Whose slot it is. */
  of(epoch: number, slot: number): string
}

const evidencePrefix = evidenceReaderId('')
const workloadsPrefix = 'workloads.'

const unheld = (epoch: number, slot: number): string => `slot.${monthOf(epoch)}.${slot}`

export async function readReaders(
  { store, log }: Pick<ExporterDeps, 'store' | 'log'>,
  epochs: readonly number[],
): Promise<Readers> {
  const suspects = new Map<string, Suspect & { readonly slots: Map<number, number> }>()
  const bySlot = new Map<string, string>()
  const put = (
    id: string,
    epoch: number,
    slot: number,
    whose: Pick<Suspect, 'organisation' | 'isLost'>,
  ): void => {
    const known = suspects.get(id) ?? { id, slots: new Map(), ...whose }
    known.slots.set(epoch, slot)
    suspects.set(id, known)
    bySlot.set(`${epoch} ${slot}`, id)
  }
  for (const epoch of epochs) {
    const [found] = await store.get([keys.epochReaders(epoch)])
    for (const [id, { slot, organisation }] of Object.entries(found?.readers ?? {}))
      put(id, epoch, slot, { organisation })
    const { slots } = await log.epochs(epoch)
    const marked = markedSlots(slots)
    const { given = 0, plain = 0 } = found ?? {}
    for (let slot = 0; slot < slots; slot++) {
      const isLost = slot < marked ? slot < given : slot - marked < plain
      if (!bySlot.has(`${epoch} ${slot}`)) put(unheld(epoch, slot), epoch, slot, isLost ? { isLost } : {})
    }
  }
  return { suspects, of: (epoch, slot) => bySlot.get(`${epoch} ${slot}`) ?? unheld(epoch, slot) }
}

export interface NamedReader {
  readonly reader: string
  readonly name: string
  readonly organisation: string | null
  /** The pseudonym that stands in their copies, by the month. */
  readonly months: readonly { readonly month: string; readonly reader: string }[]
}

export async function nameReader(
  { store }: Pick<ExporterDeps, 'store'>,
  { id, slots, organisation, isLost }: Suspect,
  epochs: ReadonlyMap<number, EpochKey>,
): Promise<NamedReader> {
  return {
    reader: id,
    name: isLost
      ? 'a slot that was given, and whose reader the log no longer tells'
      : await nameOf(store, id, organisation),
    organisation: organisation ?? null,
    months: [...slots].flatMap(([epoch, slot]) => {
      const pseudonym = epochs.get(epoch)?.readers[slot]
      return pseudonym === undefined
        ? []
        : [{ month: monthOf(epoch), reader: Buffer.from(pseudonym).toString('hex') }]
    }),
  }
}

async function nameOf(store: ExporterDeps['store'], id: string, organisation?: string): Promise<string> {
  // Whoever has the month's key can make such a copy, and nobody else.
  if (organisation === undefined) return 'a slot that was given to nobody'
  if (id.startsWith(workloadsPrefix)) return 'the workloads'
  const isEvidence = id.startsWith(evidencePrefix)
  const person = isEvidence ? id.slice(evidencePrefix.length) : id
  const [found] = await store.get([keys.person(person)])
  return `${found?.name ?? person}${isEvidence ? ', of an export of evidence' : ''}`
}
