import { Refusal } from '../../../shared/domain/refusal.ts'
import { timeOfEntry } from '../../../shared/entries/id.ts'
import { putEntry } from '../../../shared/entries/put.ts'
import type { ReadFacts } from '../../../shared/entries/read.ts'
import { readEntry } from '../../../shared/entries/read.ts'
import { epochAt } from '../../../shared/watermark/epoch.ts'
import { logReader } from '../../log/slots.ts'
import type { Context } from '../operation.ts'

type Read = Pick<ReadFacts, 'operation' | 'query' | 'size' | 'eids'>

/** Those that what is shown was bound with, of each of its months. */
async function slotsOf(
  { deps: { log }, caller }: Pick<Context, 'deps' | 'caller'>,
  eids: readonly string[],
): Promise<ReadFacts['slots']> {
  const epochs = [...new Set(eids.map(eid => epochAt(timeOfEntry(eid))))].sort((a, b) => a - b)
  return Promise.all(
    epochs.map(async epoch => {
      const slot = await log.slotOf(await log.epochs(epoch), logReader(caller))
      if (slot instanceof Refusal) throw new Error('what was shown was bound to no slot')
      return { epoch, slot }
    }),
  )
}

/** Before the answer leaves. Throws where it cannot be recorded: then nothing is shown. */
export async function recordRead(
  asking: Pick<Context, 'deps' | 'caller' | 'request'>,
  read: Read,
  repeats = asking.caller.kind === 'workload',
): Promise<void> {
  const { deps, caller, request } = asking
  const { id, name } = caller.kind === 'person' ? caller.person : caller.client
  const entry = readEntry({
    now: deps.clock.now(),
    random: deps.random.bytes(16),
    request,
    reader: { id, name, organisation: caller.viewer.organisation, kind: caller.kind },
    ...read,
    slots: await slotsOf(asking, read.eids),
    ...(repeats && { repeats: true }),
  })
  // One that stands already is the same reading, of the same minute.
  await deps.store.write(putEntry(entry))
}
