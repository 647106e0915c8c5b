/** What the leaf of an entry must be, from the item as it is stored and the epoch as it was begun. */
import { keys } from '../../../shared/domain/keys.ts'
import type { LogEpoch } from '../../../shared/domain/log.ts'
import type { Entry } from '../../../shared/entries/entry.ts'
import { timeOfEntry } from '../../../shared/entries/id.ts'
import { epochAt, epochLabel } from '../../../shared/watermark/epoch.ts'
import { bind, type EpochKey, openEpochKey } from '../../../shared/watermark/slots.ts'
import type { Backend } from '../backend.ts'
import { derived } from './keyholder.ts'

export class Leaves {
  readonly #backend: Backend
  readonly #made: Map<string, Buffer>
  readonly #epochs = new Map<number, EpochKey>()

  /** `made` are those that are known from before: the same entry has the same leaf. */
  constructor(backend: Backend, made: ReadonlyMap<string, Buffer> = new Map()) {
    this.#backend = backend
    this.#made = new Map(made)
  }

  /** Empty where its epoch was never begun. */
  of(eid: string, entry: Entry): Buffer {
    const known = this.#made.get(eid)
    if (known) return known
    const key = this.#epochOf(epochAt(timeOfEntry(eid)))
    if (key === undefined) return Buffer.alloc(0)
    const leaf = Buffer.from(bind(key, eid, entry).leaf)
    this.#made.set(eid, leaf)
    return leaf
  }

  #epochOf(epoch: number): EpochKey | undefined {
    const known = this.#epochs.get(epoch)
    if (known) return known
    const [begun] = this.#backend.get([keys.logEpoch(epoch)]) as [LogEpoch | undefined]
    if (begun === undefined) return undefined
    const key = openEpochKey(epoch, begun.slots, derived('watermark', epochLabel(epoch)))
    this.#epochs.set(epoch, key)
    return key
  }

  get made(): ReadonlyMap<string, Buffer> {
    return this.#made
  }
}
