/** One process's way to the store. The deciding is the adapters' own. */
import { checkKeys, checkTransaction } from '../../shared/adapters/decision.ts'
import { type Store, StoreUnavailable } from '../../shared/ports/store.ts'
import { inOrder } from '../in-order.ts'
import type { Backend } from './backend.ts'
import { ask, type RequestKind, type Way } from './way.ts'

export function createStorePort(way: Way & { readonly backend: Backend }): Store {
  const { backend, process } = way
  const asked = <T>(kind: RequestKind, request: object, perform: () => T): Promise<T> =>
    ask(way, { kind, request, perform, unavailable: why => new StoreUnavailable(why) })
  const write: Store['write'] = op => asked('write', op, () => backend.write(op, process))
  return {
    get: async keys => {
      checkKeys(keys)
      return asked('read', keys, () => backend.get(keys) as never)
    },
    write,
    writeInOrder: inOrder(write),
    transact: async ops => {
      checkTransaction(ops)
      return asked('transact', ops, () => backend.transact(ops, process))
    },
    query: query => asked('read', query, () => backend.query(query)),
  }
}
