import { type Store, StoreUnavailable, type Written } from '../shared/ports/store.ts'

/** `writeInOrder` as a backend has it that syncs each write by itself: what a test does to `write` then shows here. */
export const inOrder =
  (write: Store['write']): Store['writeInOrder'] =>
  async ops => {
    const written: Written<object>[] = []
    for (const op of ops) {
      try {
        written.push(await write(op))
      } catch (failure) {
        if (!(failure instanceof StoreUnavailable)) throw failure
        return { written, failure }
      }
      if (!written.at(-1)?.ok) break
    }
    return { written }
  }

/** The store with another `write`, by whichever way a write comes. */
export const replaceWrite = (store: Store, write: Store['write']): Store => ({
  ...store,
  write,
  writeInOrder: inOrder(write),
})
