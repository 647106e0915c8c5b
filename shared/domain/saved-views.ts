/** Searches of the log that somebody keeps under a name, for themselves or for their organisation. */
import { foldText } from './folded-text.ts'
import type { Signature } from './stop.ts'

/** Saved searches of one person at most. */
export const maxSavedViews = 100

export interface SavedView {
  readonly id: string
  readonly organisation: string
  /** Absent, like the query, once it was removed: nothing of it is kept but that it was there. */
  readonly name?: string
  /** As it was written, so that relative times go by when it is used. */
  readonly q?: string
  /** What the organisation's people decided, in place of what is about it. */
  readonly by?: 'us'
  /** Whoever belongs to the organisation may use it. */
  readonly shared: boolean
  /** Of the digest of name and query in the log: 16 random bytes, base64url. */
  readonly salt?: string
  readonly savedBy: Signature
  readonly savedAt: number
  readonly entry: string
}

/** One that was not removed. */
export type StandingView = SavedView & { readonly name: string; readonly q: string; readonly salt: string }

export const isStanding = (view: SavedView): view is StandingView =>
  view.name !== undefined && view.q !== undefined && view.salt !== undefined

/** Which names somebody's views have, by `nameKey` of each, with the id of the view. */
export interface ViewNames {
  readonly saved: Readonly<Record<string, string>>
}

/** The same for names that look the same: nobody takes one for the other. */
export const foldedName = (name: string): string => foldText(name).trim().replace(/\s+/g, ' ').toLowerCase()
