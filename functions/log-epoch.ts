/** The epochs of the log, opened by whoever binds entries to readers: the sequencer, and whoever shows a record. */
import { keys } from '../shared/domain/keys.ts'
import type { LogEpoch } from '../shared/domain/log.ts'
import { epochEntryId } from '../shared/entries/epoch.ts'
import type { Secrets } from '../shared/ports/keys.ts'
import { itemAbsent, type Store } from '../shared/ports/store.ts'
import { epochLabel } from '../shared/watermark/epoch.ts'
import { type EpochKey, openEpochKey } from '../shared/watermark/slots.ts'

export interface EpochDeps {
  readonly store: Store
  readonly secrets: Pick<Secrets, 'derive'>
  /** The origin of the log. */
  readonly origin: string
  /** Of epochs that begin: an epoch keeps what it began with. */
  readonly slots: number
}

export type Epochs = (epoch: number) => Promise<EpochKey>

/** More than anybody reads of at once. */
const keptAtMost = 64

/** Each epoch is opened once and kept, but where that failed. */
export function createEpochs(deps: EpochDeps): Epochs {
  const open = new Map<number, Promise<EpochKey>>()
  return epoch => {
    const known = open.get(epoch)
    if (known !== undefined) return known
    const [oldest] = open.keys()
    if (open.size >= keptAtMost && oldest !== undefined) open.delete(oldest)
    const opening = openEpoch(deps, epoch)
    open.set(epoch, opening)
    opening.catch(() => open.delete(epoch))
    return opening
  }
}

/** Of several that open one that has not begun, one decides on its slots. */
async function openEpoch({ store, secrets, origin, slots }: EpochDeps, epoch: number): Promise<EpochKey> {
  const key = await secrets.derive('watermark', epochLabel(epoch))
  const [begun] = await store.get([keys.logEpoch(epoch)])
  if (begun !== undefined) return openEpochKey(epoch, begun.slots, key)
  const item: LogEpoch = { epoch, slots, commitment: epochEntryId(origin, epoch) }
  const written = await store.write({ kind: 'put', key: keys.logEpoch(epoch), item, if: itemAbsent })
  return openEpochKey(epoch, written.item?.slots ?? slots, key)
}
