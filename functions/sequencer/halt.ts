import { keys } from '../../shared/domain/keys.ts'
import type { Halt, HaltReason, LogState } from '../../shared/domain/log.ts'
import { itemAbsent } from '../../shared/ports/store.ts'
import type { SequencerDeps } from './deps.ts'

/** Something contradicts the tree as it was: nothing is appended until a person has looked. */
export class Halted extends Error {
  override readonly name = 'Halted'
  readonly why: HaltReason

  constructor(why: HaltReason, detail: string) {
    super(detail)
    this.why = why
  }
}

const nothing: LogState = { size: 0, checkpoint: '', staged: '', finished: '', at: 0, rev: 0 }

/** So that every sequencer stops, and not only the one that noticed. */
export async function halt(
  { store, clock, telemetry }: SequencerDeps,
  { why, message }: Halted,
): Promise<void> {
  const halted: Halt = { why, at: clock.now(), detail: message }
  telemetry.alarm('log_halted', { why, detail: message })
  const key = keys.logState
  const marked = await store.write({
    kind: 'update',
    key,
    change: { set: [[['halted'], halted]] },
    if: { and: [{ exists: ['pk'] }, { absent: ['halted'] }] },
  })
  if (!marked.ok && marked.item === undefined)
    await store.write({ kind: 'put', key, item: { ...nothing, halted }, if: itemAbsent })
}
