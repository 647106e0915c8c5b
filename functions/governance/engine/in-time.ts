import { type Store, StoreUnavailable } from '../../../shared/ports/store.ts'

/** For looking something up that nothing waits for. Once it is late, reads fail as those of a store that does not answer. */
export function inTime(store: Store, isLate: () => boolean): Store {
  const judge = (): void => {
    if (isLate()) throw new StoreUnavailable('There was no time to look further')
  }
  return {
    get: async keys => {
      judge()
      return store.get(keys)
    },
    query: async query => {
      judge()
      return store.query(query)
    },
    write: store.write.bind(store),
    writeInOrder: store.writeInOrder.bind(store),
    transact: store.transact.bind(store),
  }
}
