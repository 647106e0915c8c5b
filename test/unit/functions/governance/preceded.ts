import type { Store } from '../../../../shared/ports/store.ts'

/** A store in which something happens right before the first transaction: after the judgement that led to it. */
export function preceded(store: Store, first: () => Promise<unknown>): Store {
  let done = false
  return {
    get: store.get.bind(store),
    write: store.write.bind(store),
    writeInOrder: store.writeInOrder.bind(store),
    query: store.query.bind(store),
    async transact(ops) {
      if (!done) {
        done = true
        await first()
      }
      return store.transact(ops)
    },
  }
}
