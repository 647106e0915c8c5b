/**
 * Cases: what people of one organisation gather from the log about something that they look into. A case decides nothing,
 * and takes nothing out of the log: it names entries, and each reader is shown of them what is theirs to see.
 */
import type { Signature } from './stop.ts'

/** Entries of one case at most. */
export const maxCaseEntries = 500
export const maxCaseNotes = 200
/** Cases of an organisation that are not closed. */
export const maxOpenCases = 200

export interface Case {
  readonly id: string
  readonly organisation: string
  readonly title: string
  /** Of the digest of the title in the log: 16 random bytes, base64url. */
  readonly salt: string
  readonly state: 'open' | 'closed'
  /** How many it holds. */
  readonly entries: number
  readonly notes: number
  readonly openedBy: Signature
  readonly openedAt: number
  readonly closedBy?: Signature
  readonly closedAt?: number
  /** The entry of its last decision. */
  readonly entry: string
}

/** An entry of the log that somebody put into a case: a record of its own, so that a case stays small however much is in it. */
export interface CaseEntry {
  readonly case: string
  readonly eid: string
  readonly note?: string
  /** Of the digest of the note. */
  readonly salt?: string
  readonly by: Signature
  readonly at: number
}

export interface CaseNote {
  readonly case: string
  /** From 1, in the order in which they were written. */
  readonly number: number
  readonly text: string
  readonly salt: string
  readonly by: Signature
  readonly at: number
  /** The entry that records it. */
  readonly entry: string
}

/** The cases of an organisation that are open: how many. */
export interface OpenCases {
  readonly open: number
}
