/** The keys of months, by what the tree itself commits to: the table may have begun a month anew, in another way. */
import type { Archived } from '../../functions/log/archive.ts'
import { keys } from '../../shared/domain/keys.ts'
import type { LogEpoch } from '../../shared/domain/log.ts'
import { epochEntryId } from '../../shared/entries/epoch.ts'
import type { Secrets } from '../../shared/ports/keys.ts'
import type { Store } from '../../shared/ports/store.ts'
import { epochLabel, isSlotCount } from '../../shared/watermark/epoch.ts'
import { type EpochKey, epochKeyDigest, openEpochKey } from '../../shared/watermark/slots.ts'

export interface EpochKeys {
  /** Throws where nothing tells how many slots the month has. */
  keyOf(epoch: number): Promise<EpochKey>
  /** Takes what a commitment says. Throws where this deployment's key is not the one that it names. */
  learn(line: Archived): Promise<void>
  /** Months of which the table says otherwise, or nothing. */
  corrections(): Promise<readonly LogEpoch[]>
}

export function createEpochKeys(
  store: Pick<Store, 'get'>,
  secrets: Pick<Secrets, 'derive'>,
  origin: string,
): EpochKeys {
  const told = new Map<number, LogEpoch>()
  const open = new Map<number, EpochKey>()
  return {
    async keyOf(epoch) {
      const known = open.get(epoch)
      if (known) return known
      const item = told.get(epoch) ?? (await store.get([keys.logEpoch(epoch)]))[0]
      if (item === undefined)
        throw new Error(`nothing tells how many readers the epoch ${epoch} was made for.`)
      const key = openEpochKey(epoch, item.slots, await secrets.derive('watermark', epochLabel(epoch)))
      open.set(epoch, key)
      return key
    },
    async learn({ eid, body }) {
      const { unmapped } = JSON.parse(body) as { readonly unmapped: Commitment }
      if (unmapped.kind !== 'epoch_commitment') return
      const { epoch, slots, key_digest: digest } = unmapped
      if (eid !== epochEntryId(origin, epoch) || !isSlotCount(slots))
        throw new Error(`${eid} is no commitment of the epoch ${epoch}.`)
      if (digest !== epochKeyDigest(await secrets.derive('watermark', epochLabel(epoch))))
        throw new Error(`the epoch ${epoch} was begun with another key than this deployment has.`)
      told.set(epoch, { epoch, slots, commitment: eid })
      open.delete(epoch)
    },
    async corrections() {
      const all = [...told.values()]
      const items = await store.get(all.map(({ epoch }) => keys.logEpoch(epoch)))
      return all.filter(({ slots }, n) => items[n]?.slots !== slots)
    },
  }
}

interface Commitment {
  readonly kind: string
  readonly epoch: number
  readonly slots: number
  readonly key_digest: string
}
