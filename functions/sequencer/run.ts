import type { Clock } from '../../shared/ports/world.ts'
import type { Sequencer } from './app.ts'

export interface Sequenced {
  readonly size: number
  readonly appended: number
  readonly rounds: number
  readonly halted: boolean
}

/** A round of a whole batch takes less. Milliseconds. */
const roundMs = 10_000

/** Rounds until nothing waits, or the time is over. Milliseconds. */
export async function sequenceFor(sequencer: Sequencer, clock: Clock, ms: number): Promise<Sequenced> {
  const until = clock.now() + ms - roundMs
  let [rounds, appended] = [0, 0]
  for (;;) {
    const { size, more, halted = false, ...round } = await sequencer.round()
    rounds += 1
    appended += round.appended
    if (!more || halted || clock.now() > until) return { size, appended, rounds, halted }
  }
}
