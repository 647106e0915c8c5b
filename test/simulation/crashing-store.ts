/** A store that counts what is asked of it, and of which one call goes wrong: for tests of every point at which one can. */
import { type Store, StoreUnavailable } from '../../shared/ports/store.ts'
import { inOrder } from '../in-order.ts'
import type { Backend } from './backend.ts'
import type { Process } from './scheduler.ts'

/** The process dies right before the call takes effect or right after, or lives and hears no answer. */
export const mishaps = ['dies before', 'dies after', 'hears no answer of'] as const
export type Mishap = (typeof mishaps)[number]

export interface Crash {
  /** The first call is 1. */
  readonly at: number
  readonly how: Mishap
}

export class CrashingStore {
  readonly port: Store
  readonly died: Promise<'died'>
  calls = 0
  #die: () => void = () => undefined
  readonly #crash: Crash | undefined

  constructor(backend: Backend, process: Process, crash?: Crash) {
    this.#crash = crash
    this.died = new Promise(resolve => {
      this.#die = () => resolve('died')
    })
    const write: Store['write'] = op => this.#call(() => backend.write(op, process))
    this.port = {
      get: keys => this.#call(() => backend.get(keys) as never),
      write,
      writeInOrder: inOrder(write),
      transact: ops => this.#call(() => backend.transact(ops, process)),
      query: query => this.#call(() => backend.query(query)),
    }
  }

  async #call<T>(perform: () => T): Promise<T> {
    this.calls += 1
    const how = this.calls === this.#crash?.at ? this.#crash.how : undefined
    if (how !== 'dies before') {
      const answer = perform()
      if (how === undefined) return answer
    }
    if (how === 'hears no answer of') throw new StoreUnavailable('no answer')
    this.#die()
    return new Promise(() => undefined)
  }
}
