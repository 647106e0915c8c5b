/**
 * One process's way to the store: requests travel, are lost, are done twice, are answered late or never, and are
 * sent again, as an SDK sends them again. The deciding is the adapters' own.
 */
import { checkKeys, checkTransaction } from '../../shared/adapters/decision.ts'
import { type Store, StoreUnavailable } from '../../shared/ports/store.ts'
import { inOrder } from '../in-order.ts'
import type { Backend } from './backend.ts'
import type { Dice } from './dice.ts'
import type { Faults } from './faults.ts'
import type { Process, Scheduler } from './scheduler.ts'

export interface Way {
  readonly scheduler: Scheduler
  readonly backend: Backend
  readonly dice: Dice
  readonly process: Process
  readonly faults: () => Faults
  /** Whether the way is cut off now for such a request. */
  readonly cutOff: (kind: 'read' | 'write' | 'transact') => boolean
  /** A request was none that a store can take. */
  readonly threw: (error: unknown) => void
  /** What becomes of each request. */
  readonly note: (what: string, request: object) => void
}

export function createStorePort(way: Way): Store {
  const { backend, process } = way
  const write: Store['write'] = op => ask(way, 'write', op, () => backend.write(op, process))
  return {
    get: async keys => {
      checkKeys(keys)
      return ask(way, 'read', keys, () => backend.get(keys) as never)
    },
    write,
    writeInOrder: inOrder(write),
    transact: async ops => {
      checkTransaction(ops)
      return ask(way, 'transact', ops, () => backend.transact(ops, process))
    },
    query: query => ask(way, 'read', query, () => backend.query(query)),
  }
}

/** Attempts of one request, retries included. */
const maxAttempts = 4

function ask<T>(
  way: Way,
  kind: 'read' | 'write' | 'transact',
  request: object,
  perform: () => T,
): Promise<T> {
  const { scheduler, dice, process } = way
  return new Promise((resolve, reject) => {
    const attempt = (tries: number): void => {
      if (!process.alive) return
      const faults = way.faults()
      const again = (why: string, wait: number): void => {
        way.note(why, request)
        const next = (): void => {
          if (tries < maxAttempts) attempt(tries + 1)
          else reject(new StoreUnavailable(`${why}, ${tries} times`))
        }
        scheduler.after(wait, next, process)
      }
      if (way.cutOff(kind)) return void again('cut off', dice.between(0, 50))
      const patience = dice.chance(faults.stuck) ? dice.between(20_000, 45_000) : dice.between(300, 1_000)
      if (dice.chance(faults.lost)) return void again('lost', patience)
      if (dice.chance(faults.throttled)) return void again('throttled', dice.between(20, 200))
      if (kind === 'transact' && dice.chance(faults.conflict))
        return void again('conflict', dice.between(10, 50))

      // What was sent arrives, whether its sender lives or not.
      scheduler.after(dice.between(0, 3), () => {
        const unanswered = dice.chance(faults.unanswered)
        let answer: T
        try {
          answer = perform()
        } catch (error) {
          way.threw(error)
          return void scheduler.after(0, () => reject(error), process)
        }
        way.note(`${became(answer)}${unanswered ? ', unanswered' : ''}`, request)
        if (kind !== 'read' && dice.chance(faults.twice))
          scheduler.after(dice.pick([dice.below(50), dice.below(2_000), dice.below(60_000)]), () => {
            try {
              way.note(`${became(perform())} a second time`, request)
            } catch (error) {
              way.threw(error)
            }
          })
        if (unanswered) return void scheduler.after(patience, () => again('no answer', 0), process)
        scheduler.after(travel(dice, faults), () => resolve(answer), process)
      })
    }
    attempt(1)
  })
}

/** A write whose condition fails is answered like any other. */
const became = (answer: unknown): string =>
  typeof answer === 'object' && answer && 'ok' in answer && !answer.ok ? 'not done' : 'done'

export function travel(dice: Dice, faults: Faults): number {
  if (dice.chance(faults.stuck)) return dice.between(3_000, 45_000)
  if (dice.chance(faults.slow)) return dice.between(50, 3_000)
  return dice.between(0, 5)
}
