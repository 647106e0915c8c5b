/** The keys of fingerprints, one a month: random, kept wrapped, and gone with the month. */
import { keys } from '../shared/domain/keys.ts'
import type { AttributionKey } from '../shared/domain/log.ts'
import type { Secrets } from '../shared/ports/keys.ts'
import { itemAbsent, type Store } from '../shared/ports/store.ts'
import type { Random } from '../shared/ports/world.ts'

export interface AttributionKeyDeps {
  readonly store: Store
  readonly secrets: Pick<Secrets, 'wrap' | 'unwrap'>
  readonly random: Random
}

/** 32 bytes each. An epoch has one key and never another. Both may throw `StoreUnavailable` and `SecretsUnavailable`. */
export interface AttributionKeys {
  /** Of an epoch that goes on: made where there is none yet. An instance asks for it once. */
  open(epoch: number): Promise<Uint8Array>
  /** Of an epoch that may have ended, and whose key may have been deleted: asked for anew each time. */
  find(epoch: number): Promise<Uint8Array | undefined>
}

/** The last month's calls may go on into the next. */
const keptAtMost = 2

export function createAttributionKeys({ store, secrets, random }: AttributionKeyDeps): AttributionKeys {
  const opened = new Map<number, Promise<Uint8Array>>()

  const unwrapped = ({ wrapped }: AttributionKey): Promise<Uint8Array> =>
    secrets.unwrap(Buffer.from(wrapped, 'base64url'))

  const find = async (epoch: number): Promise<Uint8Array | undefined> => {
    const [found] = await store.get([keys.attributionKey(epoch)])
    return found && unwrapped(found)
  }

  /** Of several that make it at once one wins, and all go by its key. */
  const make = async (epoch: number): Promise<Uint8Array> => {
    const key = random.bytes(32)
    const item = { epoch, wrapped: Buffer.from(await secrets.wrap(key)).toString('base64url') }
    const written = await store.write({
      kind: 'put',
      key: keys.attributionKey(epoch),
      item,
      if: itemAbsent,
    })
    const { item: standing = item } = written
    return standing.wrapped === item.wrapped ? key : unwrapped(standing)
  }

  return {
    find,
    open(epoch) {
      const known = opened.get(epoch)
      if (known !== undefined) return known
      const opening = find(epoch).then(found => found ?? make(epoch))
      opened.set(epoch, opening)
      const [oldest] = opened.keys()
      if (opened.size > keptAtMost && oldest !== undefined) opened.delete(oldest)
      opening.catch(() => opened.delete(epoch))
      return opening
    },
  }
}
