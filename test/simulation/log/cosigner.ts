/** A witness's signature on its way into the checkpoint that is published, while sequencers publish larger ones. */
import { appendCosignatures } from '../../../functions/sequencer/cosignatures.ts'
import { type Objects, ObjectsUnavailable } from '../../../shared/ports/objects.ts'
import type { Dice } from '../dice.ts'
import type { LogWorld } from './world.ts'

/** Nobody verifies it here. */
const signatureOf = (name: string, text: string) => ({
  name,
  id: '0badcafe',
  bytes: Buffer.from(text.padEnd(72, '.')).subarray(0, 72),
})

export async function cosign(world: LogWorld, objects: Objects, dice: Dice): Promise<void> {
  try {
    const found = await objects.get('log/checkpoint')
    if (found === undefined) return
    const note = Buffer.from(found.bytes).toString()
    await world.scheduler.sleep(dice.below(dice.pick([20, 2_000])))
    await appendCosignatures(objects, note, [
      signatureOf(dice.pick(['north.example', 'south.example']), note),
    ])
  } catch (error) {
    if (!(error instanceof ObjectsUnavailable)) throw error
  }
}
