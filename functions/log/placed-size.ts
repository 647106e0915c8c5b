import type { LogState } from '../../shared/domain/log.ts'

/**
 * Leaves of the tree, from the first, whose entries all have been told their place: while a commit is applied, its tree is
 * published a moment before that, and its entries cannot be found by it.
 */
export function placedSize(state: LogState | undefined): number {
  if (state === undefined) return 0
  if (state.finished === state.staged) return state.size
  const [, older] = /^staging\/(\d+)-/.exec(state.staged) ?? []
  return older === undefined ? 0 : Math.min(Number(older), state.size)
}
