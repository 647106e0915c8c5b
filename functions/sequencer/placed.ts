import type { Entry } from '../../shared/entries/entry.ts'

/** An entry and the place in the tree that it is to have. */
export interface Placed {
  readonly i: number
  readonly eid: string
  readonly entry: Entry
}
