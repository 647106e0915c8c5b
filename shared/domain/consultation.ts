import type { Signature } from './stop.ts'

/** What a consultant says about a model that was shared with them. It decides nothing. */
export interface Opinion {
  readonly id: string
  readonly model: string
  readonly developer: string
  readonly governments: readonly string[]
  /** The office that the consultant belongs to. */
  readonly organisation: string
  /** Of a finding that was shared with them. */
  readonly finding?: string
  readonly text: string
  /** Of the digest of the text in the log: 16 random bytes, base64url. Shown with the text, and never without. */
  readonly salt: string
  readonly by: Signature
  readonly at: number
  readonly entry: string
}
