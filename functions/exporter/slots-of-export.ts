/** Which slots an export names its reader by: as its records have them, whatever the registry says by now. */
import type { MonthReader } from '../../shared/bundle/manifest.ts'
import { epochOfMonth } from '../../shared/domain/log-deletions.ts'
import type { SlotOfEpoch } from '../../shared/entries/read.ts'
import type { LogView } from '../log/open.ts'
import type { ShownEntry } from '../log/show.ts'
import { readerOf } from './reader-of.ts'

/** `granted`: the text of `granted.json`, which is the reader's own copy as well, and may be of another month. */
export async function slotsOfExport(
  { epochs }: Pick<LogView, 'epochs'>,
  records: readonly MonthReader[],
  granted: string | undefined,
): Promise<readonly SlotOfEpoch[]> {
  const all = [...records, ...(granted === undefined ? [] : [readerOf(JSON.parse(granted) as ShownEntry)])]
  const slots = new Map<string, SlotOfEpoch>()
  for (const { month, reader } of all) {
    const { epoch, readers } = await epochs(epochOfMonth(month) ?? -1)
    const slot = readers.findIndex(one => Buffer.from(one).toString('hex') === reader)
    if (slot < 0) throw new Error(`a record of ${month} names no reader of that month`)
    slots.set(`${epoch} ${slot}`, { epoch, slot })
  }
  return [...slots.values()].sort((a, b) => a.epoch - b.epoch || a.slot - b.slot)
}
