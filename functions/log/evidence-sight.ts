import type { Viewer } from '../../shared/domain/who-sees.ts'
import type { Entry } from '../../shared/entries/entry.ts'
import { type Sight, viewOf } from './entry-view.ts'

/** What is withheld from somebody whom a decision only hits: it is not theirs to hand over. */
const ofOthers: readonly string[] = ['comment', 'unmapped.reference', 'unmapped.effects']

/**
 * What evidence has of an entry: nothing, where the developer who decided on it could not see the entry or its words
 * itself; otherwise the whole, since the leaf opens for a whole body alone.
 */
export function evidenceSight(developer: string, entry: Entry): Sight | undefined {
  const viewer: Viewer = { organisation: developer, kind: 'developer', roles: ['developer-admin'] }
  const own = viewOf({ kind: 'person', viewer }, entry)
  if (own === undefined || own.withheld.some(path => ofOthers.includes(path))) return undefined
  return { body: JSON.parse(entry.body) as Sight['body'], withheld: [] }
}
