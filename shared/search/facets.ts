/** How often each value occurs among entries that were found: what a reader would narrow a query to next. */
import type { SearchFacts } from './facts.ts'
import { isEntryKind, typeOfKind } from './kinds.ts'

export const facetKeys = ['decision', 'code', 'partner', 'model', 'client', 'type'] as const
export type FacetKey = (typeof facetKeys)[number]

export interface Facet {
  readonly key: FacetKey
  /** The most frequent first. */
  readonly values: readonly { readonly value: string; readonly count: number }[]
}

const maxValues = 20

export const facets = (found: readonly SearchFacts[]): readonly Facet[] =>
  facetKeys.map(key => ({ key, values: counts(found.flatMap(facts => wordsOf(facts, key))) }))

/** An entry of a kind counts for its type alone. */
const wordsOf = ({ kind, words }: SearchFacts, key: FacetKey): readonly string[] =>
  key === 'type' && isEntryKind(kind) ? [typeOfKind[kind]] : words[key]

function counts(words: readonly string[]): Facet['values'] {
  const counted = new Map<string, number>()
  for (const word of words) counted.set(word, (counted.get(word) ?? 0) + 1)
  return [...counted]
    .map(([value, count]) => ({ value, count }))
    .sort((a, b) => b.count - a.count || (a.value < b.value ? -1 : 1))
    .slice(0, maxValues)
}
