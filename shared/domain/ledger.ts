import type { ActionName } from './who-decides.ts'

/** One line of a model's engagement ledger: what became of it, by whom, and where that is recorded. */
export interface LedgerLine {
  readonly model: string
  readonly at: number
  readonly entry: string
  readonly action: ActionName
  /** As a sentence. */
  readonly text: string
  /** Absent where time did it. */
  readonly by?: {
    readonly person: string
    readonly name: string
    readonly organisation: string
    readonly role: string
  }
  readonly agreement?: string
  /** What the model was from then on. */
  readonly state: string
}
