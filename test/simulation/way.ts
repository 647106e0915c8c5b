/**
 * One process's way to what keeps things: requests travel, are lost, are done twice, are answered late or never, and are
 * sent again, as an SDK sends them again.
 */
import type { Dice } from './dice.ts'
import type { Faults } from './faults.ts'
import type { Process, Scheduler } from './scheduler.ts'

/** What may meet another of its kind, and is then told to come again, is a `transact`. */
export type RequestKind = 'read' | 'write' | 'transact'

export interface Way {
  readonly scheduler: Scheduler
  readonly dice: Dice
  readonly process: Process
  readonly faults: () => Faults
  /** Whether the way is cut off now for such a request. */
  readonly cutOff: (kind: RequestKind) => boolean
  /** A request was none that can be taken. */
  readonly threw: (error: unknown) => void
  /** What becomes of each request. */
  readonly note: (what: string, request: object) => void
}

export interface Asking<T> {
  readonly kind: RequestKind
  readonly request: object
  /** `uncertain`: an answer to the same request was lost before, so that it may have been done. */
  readonly perform: (uncertain: boolean) => T
  /** The error for when there never was an answer. */
  readonly unavailable: (why: string) => Error
}

/** Attempts of one request, retries included. */
const maxAttempts = 4

export function ask<T>(way: Way, { kind, request, perform, unavailable }: Asking<T>): Promise<T> {
  const { scheduler, dice, process } = way
  return new Promise((resolve, reject) => {
    const attempt = (tries: number, uncertain: boolean): void => {
      if (!process.alive) return
      const faults = way.faults()
      const again = (why: string, wait: number, unknown = uncertain): void => {
        way.note(why, request)
        const next = (): void => {
          if (tries < maxAttempts) attempt(tries + 1, unknown)
          else reject(unavailable(`${why}, ${tries} times`))
        }
        scheduler.after(wait, next, process)
      }
      if (way.cutOff(kind)) return void again('cut off', dice.between(0, 50))
      const patience = dice.chance(faults.stuck) ? dice.between(20_000, 45_000) : dice.between(300, 1_000)
      if (dice.chance(faults.lost)) return void again('lost', patience, true)
      if (dice.chance(faults.throttled)) return void again('throttled', dice.between(20, 200))
      if (kind === 'transact' && dice.chance(faults.conflict))
        return void again('conflict', dice.between(10, 50))

      // What was sent arrives, whether its sender lives or not.
      scheduler.after(dice.between(0, 3), () => {
        const unanswered = dice.chance(faults.unanswered)
        let answer: T
        try {
          answer = perform(uncertain)
        } catch (error) {
          way.threw(error)
          return void scheduler.after(0, () => reject(error), process)
        }
        way.note(`${became(answer)}${unanswered ? ', unanswered' : ''}`, request)
        if (kind !== 'read' && dice.chance(faults.twice))
          scheduler.after(dice.pick([dice.below(50), dice.below(2_000), dice.below(60_000)]), () => {
            try {
              way.note(`${became(perform(true))} a second time`, request)
            } catch (error) {
              way.threw(error)
            }
          })
        if (unanswered) return void scheduler.after(patience, () => again('no answer', 0, true), process)
        scheduler.after(travel(dice, faults), () => resolve(answer), process)
      })
    }
    attempt(1, false)
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
