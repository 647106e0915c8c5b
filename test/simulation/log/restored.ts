/**
 * A table that is set back to what it was, beside a bucket that is not: the one contradiction that an operator can bring
 * about by doing what is right elsewhere. Then a sequencer must stop, and must not grow another tree.
 */
import { keys } from '../../../shared/domain/keys.ts'
import type { LogState } from '../../../shared/domain/log.ts'
import type { Key } from '../../../shared/ports/store.ts'
import type { Process } from '../scheduler.ts'
import type { LogWorld } from './world.ts'

export interface Backup {
  readonly rows: readonly { readonly key: Key; readonly item: object }[]
}

export const takeBackup = ({ backend }: LogWorld): Backup => ({ rows: backend.all('entries') })

const operator: Process = { name: 'operator', skew: 0, alive: true }

/** Whether there was something to judge. */
export async function judgeRestored(world: LogWorld, { rows }: Backup): Promise<boolean> {
  const { backend, bucket, scheduler, invariants } = world
  const before = backend.get([keys.logState])[0] as LogState | undefined
  const after = rows.find(({ key }) => key.pk === keys.logState.pk)?.item as LogState | undefined
  // Nothing was lost: then it goes on.
  if (before === undefined || after?.size === before.size) return false
  backend.onApplied = () => undefined
  bucket.onPut = ({ key }) => invariants.found(2, `${key} is put where the state was set back`)
  for (const { key } of backend.all('entries')) backend.put({ kind: 'remove', key }, undefined, operator)
  for (const { key, item } of rows) backend.put({ kind: 'put', key, item }, item, operator)

  const process: Process = { name: 'the sequencer after', skew: 0, alive: true }
  const sequencer = world.sequencerOf(process, world.diceFor(process.name))
  const halts: boolean[] = []
  invariants.contradicted = true
  const rounds = async (): Promise<void> => {
    for (let n = 0; n < 2; n++) halts.push((await sequencer.round()).halted === true)
  }
  void rounds().catch((error: unknown) => invariants.found(0, `${process.name} threw ${error}`))
  await scheduler.run(() => halts.length === 2)
  if (halts.length < 2 || halts.includes(false))
    invariants.found(2, `the state was set back to ${after?.size ?? 0}, and a sequencer goes on`)
  const [left] = backend.get([keys.logState]) as [LogState | undefined]
  if (left?.halted === undefined) invariants.found(6, 'the state does not tell that it is halted')
  return true
}
