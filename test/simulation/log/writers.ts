/** Those who write entries: each put is asked for again until it stands, and sometimes once more. */
import { intentClosed } from '../../../functions/settlement.ts'
import { type NamedEntry, putEntry } from '../../../shared/entries/put.ts'
import { type Store, StoreUnavailable } from '../../../shared/ports/store.ts'
import type { Clock } from '../../../shared/ports/world.ts'
import type { Dice } from '../dice.ts'
import { madeAtOnce, madeIntent, madeOutcome } from './entries.ts'
import type { LogWorld } from './world.ts'

const attempts = 6

/** What one of them writes with: gone when it dies. */
export interface Pen {
  readonly store: Store
  readonly clock: Clock
}

/** One request, which has one entry; or two, of which another writes the second. */
export async function write(world: LogWorld, name: string, dice: Dice): Promise<void> {
  const { pen } = world.anyWriter(dice)
  if (dice.chance(0.4)) {
    const made = madeAtOnce(name, pen.clock.now(), dice)
    await stand(world, pen, { name, made, dice })
    return
  }
  const intent = madeIntent(name, pen.clock.now(), dice)
  if (!(await stand(world, pen, { name, made: intent, dice }))) return
  // From here on by whoever lives: also where the one that began it does not.
  const ends = dice.chance(0.15) ? 2 : 1
  for (let n = 0; n < ends; n++)
    world.scheduler.after(dice.below(dice.pick([100, 3_000, 20_000])), () => {
      const { pen } = world.anyWriter(dice)
      const ending = n === 0 ? 'completed' : 'abandoned'
      const made = madeOutcome(intent, ending, pen.clock.now(), 100 + n)
      void stand(world, pen, { name: `outcome of ${name}`, made, dice }).then(stands =>
        stands ? asked(() => pen.store.write(intentClosed(intent.eid))) : undefined,
      )
    })
}

interface Writing {
  readonly name: string
  readonly made: NamedEntry
  readonly dice: Dice
}

/** Whether it stands: then it has been acknowledged. */
async function stand(
  world: LogWorld,
  { store, clock }: Pen,
  { name, made, dice }: Writing,
): Promise<boolean> {
  world.names.set(made.eid, name)
  for (let tries = 0; tries < attempts; tries++) {
    const written = await asked(() => store.write(putEntry(made)))
    if (written?.ok) {
      world.invariants.acknowledged.add(made.eid)
      // Asked for once more by one that does not know: later than it may have got its place.
      if (dice.chance(0.2)) {
        await clock.sleep(dice.below(60_000))
        await asked(() => store.write(putEntry(made)))
      }
      return true
    }
    // Another's stands in its place: there is nothing of its own to acknowledge.
    if (written) return false
    await clock.sleep(dice.between(50, 2_000))
  }
  return false
}

async function asked<T>(request: () => Promise<T>): Promise<T | undefined> {
  try {
    return await request()
  } catch (error) {
    if (error instanceof StoreUnavailable) return undefined
    throw error
  }
}
